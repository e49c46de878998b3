// The mass-failure guards of this process, for many threads, and their way into the store.
//
// Threads: any function from any thread; collect() and settle() are the writer's.

#pragma once

#include <string>
#include <vector>

#include "rampart/base/mutex.h"
#include "rampart/base/time.h"
#include "rampart/store/records.h"
#include "rampart/suppression/guards.h"

namespace rampart::ledger {

class Guards {
 public:
  using Turned = suppression::Guards::Turned;
  using Leapt = suppression::Guards::Leapt;

  void set_options(const suppression::GuardOptions& options);
  void restore(const store::GuardRecord& record);
  std::vector<Turned> observe(const std::string& provider,
                              const std::string& sender,
                              const suppression::FailureGuard::Outcome& outcome);
  std::vector<Turned> tick(base::WallTime now);
  void accept(const std::string& provider, base::WallTime now);

  [[nodiscard]] std::string pending_for(const std::string& provider, base::WallTime now) const;
  [[nodiscard]] bool doubts(const std::string& provider, base::WallTime now) const;
  [[nodiscard]] bool leaping(const std::string& provider, base::WallTime now) const;
  [[nodiscard]] std::vector<Leapt> leapt(base::WallTime now) const;

  void collect(base::WallTime now, std::vector<store::Operation>& operations);
  void settle(bool stored);

 private:
  mutable base::Mutex mutex_;
  suppression::Guards guards_ RAMPART_GUARDED_BY(mutex_);
  std::vector<std::string> writing_ RAMPART_GUARDED_BY(mutex_);  // in the round under way
};

}  // namespace rampart::ledger
