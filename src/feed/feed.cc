#include "rampart/feed/feed.h"

#include <memory>
#include <stop_token>
#include <thread>
#include <vector>

#include "journal_source.h"
#include "source.h"
#include "watch.h"

namespace rampart::feed {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only

constexpr base::Micros kLookEvery = 1s;

void follow(const std::stop_token& stop,
            const LogSource& options,
            engine::Engine& engine,
            const base::Clock& clock) {
  Watch watch(options.path);
  const std::stop_callback wake(stop, [&] { watch.wake(); });
  if (options.journal) {
    JournalSource journal(options, engine, clock);
    while (!stop.stop_requested()) {
      if (!journal.step()) {
        watch.wait(kLookEvery, journal.descriptor());
      }
    }
    return;
  }
  Source source(options, engine, clock);
  while (!stop.stop_requested()) {
    watch.arm();
    if (!source.step()) {
      watch.wait(kLookEvery);
    }
  }
}

}  // namespace

struct Feed::Data {
  std::vector<std::jthread> threads;
};

Feed::Feed(const Options& options, engine::Engine& engine, const base::Clock& clock)
    : data_(std::make_unique<Data>()) {
  for (const LogSource& log : options.logs) {
    data_->threads.emplace_back(
        [log, &engine, &clock](const std::stop_token& stop) { follow(stop, log, engine, clock); });
  }
}

Feed::~Feed() {
  // All are told before the first is waited for.
  for (std::jthread& thread : data_->threads) {
    thread.request_stop();
  }
}

}  // namespace rampart::feed
