#include "rampart/release/releaser.h"

#include <thread>
#include <utility>

#include "rampart/base/mutex.h"
#include "rampart/engine/held.h"

#include "rounds.h"

namespace rampart::release {
namespace {

constexpr base::Micros kEvery = std::chrono::seconds{1};

}  // namespace

struct Releaser::Data {
  Data(engine::Engine& engine,
       std::unique_ptr<Exchange> given,
       const base::Clock& clock,
       std::string why)
      : exchange(std::move(given)), problem(std::move(why)) {
    if (exchange != nullptr) {
      rounds.emplace(engine, *exchange, clock);
      thread = std::jthread([this] { run(); });
    } else {
      engine.set_releaser({!problem.empty(), false, {}, problem});
    }
  }
  ~Data() { stop(); }
  Data(const Data&) = delete;
  Data& operator=(const Data&) = delete;

  void stop() {
    {
      const base::MutexLock lock(mutex);
      stopping = true;
    }
    condition.notify_all();
    if (exchange != nullptr) {
      exchange->cancel();
    }
  }
  void run() {
    for (;;) {
      rounds->run();
      const base::MutexLock lock(mutex);
      if (condition.wait_for(mutex, kEvery,
                             [this]() RAMPART_REQUIRES(mutex) { return stopping; })) {
        return;
      }
    }
  }
  [[nodiscard]] base::Error nobody() const {
    return {base::Error::Kind::Unavailable,
            problem.empty() ? "no releaser is configured (hold.releaser)" : problem};
  }

  const std::unique_ptr<Exchange> exchange;
  const std::string problem;
  std::optional<Rounds> rounds;
  base::Mutex mutex;
  base::Condition condition;
  bool stopping RAMPART_GUARDED_BY(mutex) = false;
  std::jthread thread;  // last: it uses the rest
};

Releaser::Releaser(engine::Engine& engine,
                   std::unique_ptr<Exchange> exchange,
                   const base::Clock& clock,
                   std::string problem)
    : data_(std::make_unique<Data>(engine, std::move(exchange), clock, std::move(problem))) {}

Releaser::~Releaser() = default;

void Releaser::stop() {
  data_->stop();
}

base::Result<std::vector<Told>> Releaser::release(const std::vector<mail::QueueId>& ids,
                                                  std::string_view who) {
  return data_->rounds ? data_->rounds->release(ids, who)
                       : base::Result<std::vector<Told>>(data_->nobody());
}

base::Result<std::vector<Told>> Releaser::drop(const std::vector<mail::QueueId>& ids,
                                               std::string_view who) {
  return data_->rounds ? data_->rounds->drop(ids, who)
                       : base::Result<std::vector<Told>>(data_->nobody());
}

}  // namespace rampart::release
