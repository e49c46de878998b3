// What is in force: the policy, and whether reports arrive; and the contexts in which the ramp is
// asked by them.
//
// Threads: any function from any thread.

#pragma once

#include <atomic>
#include <memory>

#include "rampart/base/mutex.h"
#include "rampart/base/time.h"
#include "rampart/policy/active.h"
#include "rampart/ramp/flow.h"

namespace rampart::ledger {

class InForce {
 public:
  /// Replaces the policy; who has captured the former goes on with it.
  void set_active(std::shared_ptr<const policy::Active> active);
  [[nodiscard]] std::shared_ptr<const policy::Active> active() const;

  [[nodiscard]] ramp::Context context(const policy::Active& active,
                                      const ramp::FlowKey& key,
                                      base::WallTime now) const;
  [[nodiscard]] ramp::Context host_context(const policy::Active& active, base::WallTime now) const;

  std::atomic<bool> feed_healthy{false};

 private:
  mutable base::Mutex active_mutex_;
  std::shared_ptr<const policy::Active> active_ RAMPART_GUARDED_BY(active_mutex_);
};

}  // namespace rampart::ledger
