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
#include "rampart/store/state_store.h"

namespace rampart::ledger {

/// One thing that happened to a message or to one of its recipients.
struct Event {
  base::WallTime time{};
  std::string queue_id;
  std::string what;       ///< "accepted", "held", "sent", "deferred", "bounced", "notice", ...
  std::string recipient;  ///< "" of the whole message
  std::string sender;     ///< of the flow; "" if it concerns none
  std::string provider;
  std::string text;  ///< the reply, or words
  std::string rule;  ///< reply rule, or ""
};

class Trail {
 public:
  static constexpr std::size_t kPendingBytesMax = 16UL << 20;

  explicit Trail(store::StateStore& store) : store_(store) {}

  void add(const Event& event);
  /// Events of a queue ID that are not older than `since`, oldest first.
  [[nodiscard]] base::Result<std::vector<Event>> find(std::string_view queue_id,
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
