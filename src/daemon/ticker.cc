#include "ticker.h"

#include "notify.h"

namespace rampart::daemon {
namespace {

constexpr base::Micros kEvery = std::chrono::seconds{1};

}  // namespace

Ticker::Ticker(engine::Engine& engine) : engine_(engine), thread_([this] { run(); }) {}

Ticker::~Ticker() {
  {
    const base::MutexLock lock(mutex_);
    stopping_ = true;
  }
  condition_.notify_all();
}

void Ticker::run() {
  for (;;) {
    engine_.tick();
    notify_alive();
    const base::MutexLock lock(mutex_);
    if (condition_.wait_for(mutex_, kEvery, [this] { return stopping_; })) {
      return;
    }
  }
}

}  // namespace rampart::daemon
