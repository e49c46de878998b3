// The ledger: everything that is alive in one process, and its way into the store. Deciding spends
// from it, learning changes it, people look at it.
//
// Threads: each part says its own. Lock order: the writer's gate, book_mutex, a provider shard
// (FlowTable), Senders; all others take only their own lock. No lock is held across a call to the
// store.

#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "rampart/base/mutex.h"
#include "rampart/base/result.h"
#include "rampart/base/time.h"
#include "rampart/ledger/classifier.h"
#include "rampart/ledger/domains.h"
#include "rampart/ledger/flow_table.h"
#include "rampart/ledger/guards.h"
#include "rampart/ledger/held_book.h"
#include "rampart/ledger/queue_book.h"
#include "rampart/ledger/replies.h"
#include "rampart/ledger/seen.h"
#include "rampart/ledger/senders.h"
#include "rampart/ledger/sources.h"
#include "rampart/ledger/suppressor.h"
#include "rampart/ledger/trail.h"
#include "rampart/ledger/witnesses.h"
#include "rampart/ledger/writer.h"
#include "rampart/policy/active.h"
#include "rampart/store/state_store.h"

namespace rampart::ledger {

class Ledger {
 public:
  Ledger(store::StateStore& state_store, const base::Clock& time_source);
  /// Gives back unspent leases and writes everything that is pending.
  ~Ledger();
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  /// Reads the store, counts what a crash left of leases, and starts writing. Call first, once.
  base::Result<> open(std::shared_ptr<const policy::Active> active);

  /// Replaces what is in force; who has captured the former goes on with it.
  void set_active(std::shared_ptr<const policy::Active> active);
  [[nodiscard]] std::shared_ptr<const policy::Active> active() const;

  [[nodiscard]] ramp::Context context(const policy::Active& active,
                                      const ramp::FlowKey& key,
                                      base::WallTime now) const;
  [[nodiscard]] ramp::Context host_context(const policy::Active& active, base::WallTime now) const;

  /// No report will settle these any more.
  void forget_recipients(BookMessage& message) RAMPART_REQUIRES(book_mutex);

  // Held mail (held_mail.cc). What these change of flows and what they add to `operations` belongs
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

  store::StateStore& store;
  const base::Clock& clock;

  FlowTable flows;
  Senders senders;
  Suppressor suppressor;
  Domains domains;
  Sources sources;
  Replies replies;
  Classifier classifier;  ///< under the writer's gate
  Guards guards;
  Seen seen;
  Witnesses witnesses;  ///< under the writer's gate
  Trail trail;

  mutable base::Mutex book_mutex;
  QueueBook book RAMPART_GUARDED_BY(book_mutex);
  std::atomic<std::size_t> held_waiting{0};  ///< messages held that wait for volume
  HeldBook held RAMPART_GUARDED_BY(book_mutex){held_waiting};

  std::atomic<bool> feed_healthy{false};

  std::unique_ptr<Writer> writer;  ///< from open() on

 private:
  void restore(store::Snapshot snapshot);
  void start_writer();

  mutable base::Mutex active_mutex_;
  std::shared_ptr<const policy::Active> active_ RAMPART_GUARDED_BY(active_mutex_);
  std::atomic<bool> expire_all_leases_{false};  // at a clean stop
  FlowTable::Round round_;                      // the writer's
};

}  // namespace rampart::ledger
