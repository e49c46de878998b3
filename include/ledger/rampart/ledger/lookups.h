// Looks suppressed keys up in the store for callers that must not wait for a disk.
//
// One thread asks the store; a caller waits for its answer so long and no longer, and few wait at
// once. What nobody waits for any more is not asked.
//
// Threads: any function from any thread.
// Limits: kWaitersMax callers wait at once.

#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "rampart/base/mutex.h"
#include "rampart/base/result.h"
#include "rampart/suppression/entry.h"

namespace rampart::store {
class StateStore;
}  // namespace rampart::store

namespace rampart::ledger {

class Lookups {
 public:
  static constexpr std::size_t kWaitersMax = 8;
  using Entries = std::vector<suppression::Entry>;

  explicit Lookups(store::StateStore& store);
  /// Waits for the call to the store that is under way.
  ~Lookups();
  Lookups(const Lookups&) = delete;
  Lookups& operator=(const Lookups&) = delete;

  /// All entries of a key. @param deadline  of real time
  /// @return Timeout after `deadline`, or at once if kWaitersMax wait; or the store's error
  base::Result<Entries> find(std::string_view key, base::Micros deadline) RAMPART_EXCLUDES(mutex_);

 private:
  struct Question {
    std::string key;
    std::optional<base::Result<Entries>> answer;
    bool abandoned = false;
  };

  void run() RAMPART_EXCLUDES(mutex_);

  store::StateStore& store_;
  base::Mutex mutex_;
  base::Condition asked_;
  base::Condition answered_;
  std::deque<std::shared_ptr<Question>> questions_ RAMPART_GUARDED_BY(mutex_);
  std::size_t waiters_ RAMPART_GUARDED_BY(mutex_) = 0;
  bool stop_ RAMPART_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace rampart::ledger
