// The two books under one lock: mail in the MTA's queue, and mail that rampart holds; and the way
// of held mail from the one into the other: what it charges, and when.
//
// Threads: the books under book_mutex; held_waiting by anybody.
// Lock order: book_mutex before a provider shard (FlowTable).

#pragma once

#include <atomic>
#include <cstddef>
#include <string>
#include <vector>

#include "rampart/base/mutex.h"
#include "rampart/base/time.h"
#include "rampart/ledger/held_book.h"
#include "rampart/ledger/queue_book.h"
#include "rampart/store/records.h"

namespace rampart::ledger {

class FlowTable;
class InForce;

class Books {
 public:
  Books(FlowTable& flows, const InForce& in_force) : flows_(flows), in_force_(in_force) {}

  /// No report will settle these any more.
  void forget_recipients(BookMessage& message) RAMPART_REQUIRES(book_mutex);

  // Held mail. What these change of flows and what they add to `operations` belongs
  // into one round of the writer: call them with its gate held.

  /// Charges what is not charged of a message that waits, enters it into the queue book, and marks
  /// it `Releasing`. @return false if no such message is held; true also if it was marked before
  bool start_release(const std::string& queue_id,
                     base::WallTime now,
                     std::vector<store::Operation>& operations) RAMPART_REQUIRES(book_mutex);
  /// The same for a record whose units are all charged.
  void mark_releasing(store::HeldRecord record, std::vector<store::Operation>& operations)
      RAMPART_REQUIRES(book_mutex);
  /// The MTA did not let it go after all: it is given back and waits again at its old place.
  /// @return false if it is not being released, or if a report tells that it went
  bool take_back(const std::string& queue_id,
                 base::WallTime now,
                 std::vector<store::Operation>& operations) RAMPART_REQUIRES(book_mutex);
  /// The MTA has let it go, whoever told it to: it is charged unless it is already, and no longer
  /// held. @return false if no such message is held
  bool let_go(const std::string& queue_id,
              base::WallTime now,
              std::vector<store::Operation>& operations) RAMPART_REQUIRES(book_mutex);
  /// It will not go, or is charged already: no longer held. What it reserves is given back.
  /// @return false if no such message is held
  bool forget_held(const std::string& queue_id,
                   base::WallTime now,
                   std::vector<store::Operation>& operations) RAMPART_REQUIRES(book_mutex);
  /// Gives back the units of one flow that a message has charged.
  /// @param in_flight  they are counted in flight, as all are that the queue book has room for
  void refund(store::HeldRecord& record,
              const HeldPart& part,
              base::WallTime now,
              bool in_flight = true);

  mutable base::Mutex book_mutex;
  QueueBook book RAMPART_GUARDED_BY(book_mutex);
  std::atomic<std::size_t> held_waiting{0};  ///< messages held that wait for volume
  HeldBook held RAMPART_GUARDED_BY(book_mutex){held_waiting};

 private:
  FlowTable& flows_;
  const InForce& in_force_;
};

}  // namespace rampart::ledger
