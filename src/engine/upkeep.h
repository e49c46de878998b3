// What has to be done from time to time: things expire and are forgotten, and what waited for a
// better moment is learned.
//
// Threads: run() from one thread; offer() from any, and it never waits.

#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "rampart/base/mutex.h"
#include "rampart/base/time.h"

namespace rampart::ledger {
class Ledger;
}  // namespace rampart::ledger

namespace rampart::engine {

class Upkeep {
 public:
  explicit Upkeep(ledger::Ledger& ledger) : ledger_(ledger) {}

  void run();
  /// A mail about other mails, to be learned from by the next run().
  void offer(std::string bytes);

 private:
  void watch_feed();
  void expire_suppressions(base::WallTime now);
  void forget_old_messages(base::WallTime now);
  void forget_idle_flows(base::WallTime now);
  void learn_offered(base::WallTime now);
  void prune(base::WallTime now);

  ledger::Ledger& ledger_;
  base::WallTime swept_at_{};
  base::WallTime pruned_at_{};
  std::string expiry_place_;  ///< key up to which entries were looked at

  base::Mutex notices_mutex_;
  std::vector<std::string> notices_ RAMPART_GUARDED_BY(notices_mutex_);
  std::size_t notice_bytes_ RAMPART_GUARDED_BY(notices_mutex_) = 0;
};

}  // namespace rampart::engine
