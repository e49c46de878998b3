// The releaser's work without its thread: one round, and people's orders.
//
// Threads: any function from any thread; one after the other.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rampart/base/mutex.h"
#include "rampart/engine/engine.h"
#include "rampart/engine/held.h"
#include "rampart/release/exchange.h"
#include "rampart/release/releaser.h"

namespace rampart::release {

class Rounds {
 public:
  using Ids = std::vector<mail::QueueId>;

  /// A round begins at most so many releases, so that it is short; what may go is the engine's.
  static constexpr std::size_t kRoundMax = 200;
  static constexpr base::Micros kListEvery = std::chrono::seconds{30};
  static constexpr base::Micros kWaitMax = std::chrono::seconds{30};

  Rounds(engine::Engine& engine, Exchange& exchange, const base::Clock& clock)
      : engine_(engine), exchange_(exchange), clock_(clock) {}

  /// To be called about once a second.
  void run() RAMPART_EXCLUDES(mutex_);
  base::Result<std::vector<Told>> release(const Ids& ids, std::string_view who)
      RAMPART_EXCLUDES(mutex_);
  base::Result<std::vector<Told>> drop(const Ids& ids, std::string_view who)
      RAMPART_EXCLUDES(mutex_);

 private:
  base::Result<> list() RAMPART_REQUIRES(mutex_);
  base::Result<> make_sure_it_answers() RAMPART_REQUIRES(mutex_);
  base::Result<std::vector<Answer>> ask(const Request& request) RAMPART_REQUIRES(mutex_);
  base::Result<std::vector<Answer>> settle(const Ids& ids, std::string_view who)
      RAMPART_REQUIRES(mutex_);
  void answered() RAMPART_REQUIRES(mutex_);
  void failed(const base::Error& error) RAMPART_REQUIRES(mutex_);
  void tell_engine() RAMPART_REQUIRES(mutex_);

  engine::Engine& engine_;
  Exchange& exchange_;
  const base::Clock& clock_;
  base::Mutex mutex_;
  engine::ReleaserStatus status_ RAMPART_GUARDED_BY(mutex_);
  bool told_ RAMPART_GUARDED_BY(mutex_) = false;        // the log knows of the present state
  bool cannot_act_ RAMPART_GUARDED_BY(mutex_) = false;  // the last thing it was to do failed
  base::Micros wait_ RAMPART_GUARDED_BY(mutex_){};
  base::SteadyTime next_try_ RAMPART_GUARDED_BY(mutex_){};
  std::optional<base::SteadyTime> listed_ RAMPART_GUARDED_BY(mutex_);
};

}  // namespace rampart::release
