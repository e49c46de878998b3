// Live senders: their health, and who is new today.
//
// Threads: any function from any thread. Lock order: after a provider shard; takes no other lock.

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "rampart/base/mutex.h"
#include "rampart/ramp/flow.h"
#include "rampart/store/records.h"

namespace rampart::ledger {

class Senders {
 public:
  /// Unseen senders beyond the day's number share this name.
  static constexpr std::string_view kShared = "new";

  void restore(const store::SenderRecord& record);

  /// The name under which mail of `sender` counts: itself if seen before, named by the
  /// configuration, or among the day's first `new_per_day`; otherwise kShared.
  std::string enter(std::string_view sender,
                    bool named,
                    std::uint32_t new_per_day,
                    base::WallTime now);

  [[nodiscard]] ramp::Health health(const std::string& sender) const;

  /// Calls `action(ramp::Health&)` under the lock; the change is written behind.
  template <class Action>
  auto change(const std::string& sender, Action&& action) {
    const base::MutexLock lock(mutex_);
    Live& live = senders_[sender];
    mark(sender, live);
    return action(live.health);
  }

  /// Adds the records that changed; the names are kept until settle().
  void collect(std::vector<store::Operation>& operations);
  void settle(bool stored);

 private:
  struct Live {
    ramp::Health health;
    base::WallTime first_seen{};
    bool dirty = false;
  };
  void mark(const std::string& name, Live& live) RAMPART_REQUIRES(mutex_);

  mutable base::Mutex mutex_;
  std::unordered_map<std::string, Live> senders_ RAMPART_GUARDED_BY(mutex_);
  std::vector<std::string> dirty_ RAMPART_GUARDED_BY(mutex_);
  std::vector<std::string> writing_ RAMPART_GUARDED_BY(mutex_);
  long long today_ RAMPART_GUARDED_BY(mutex_) = 0;
  std::uint32_t new_today_ RAMPART_GUARDED_BY(mutex_) = 0;
};

}  // namespace rampart::ledger
