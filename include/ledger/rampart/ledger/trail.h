// The trail: what happened to each message, for `rampart explain --queue-id`.
//
// Events of one round of writing go into one record of the store, with the hashes of their queue
// IDs to find them by.
//
// Threads: any function from any thread; collect() and settle() are the writer's.
// Limits: kPendingBytesMax wait to be written; what comes beyond is dropped and counted.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rampart/base/mutex.h"
#include "rampart/base/result.h"
#include "rampart/base/time.h"
#include "rampart/mail/trail_event.h"
#include "rampart/store/records.h"

namespace rampart::store {
class StateStore;
}  // namespace rampart::store

namespace rampart::ledger {

class Trail {
 public:
  static constexpr std::size_t kPendingBytesMax = 16UL << 20;

  explicit Trail(store::StateStore& store) : store_(store) {}

  void add(const mail::TrailEvent& event);
  /// Events of a queue ID that are not older than `since`, oldest first.
  [[nodiscard]] base::Result<std::vector<mail::TrailEvent>> find(std::string_view queue_id,
                                                                 base::WallTime since) const;

  void collect(std::vector<store::Operation>& operations);
  void settle(bool stored);

 private:
  struct Segment {
    base::WallTime first{};
    base::WallTime last{};
    std::vector<std::uint32_t> ids;
    std::string data;
  };

  store::StateStore& store_;
  mutable base::Mutex mutex_;
  Segment pending_ RAMPART_GUARDED_BY(mutex_);
  Segment writing_ RAMPART_GUARDED_BY(mutex_);  // in the round under way
};

}  // namespace rampart::ledger
