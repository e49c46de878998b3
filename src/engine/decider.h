// Decides on the recipients of open transactions, and enters what was accepted into the books.
//
// Threads: every public function from any thread; a Transaction belongs to one of them at a time.
// decide() waits at most Options::store_deadline: for the first unit of a flow without a lease, and
// for the record of a recipient that memory knows to be suppressed; at most eight callers of either
// kind at once. commit() waits as long when the message is held.

#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "rampart/base/mutex.h"
#include "rampart/base/result.h"
#include "rampart/base/time.h"
#include "rampart/engine/transaction.h"
#include "rampart/mail/queue_id.h"
#include "rampart/policy/active.h"
#include "rampart/ramp/flow.h"
#include "rampart/suppression/entry.h"

namespace rampart::ledger {
class Books;
class Domains;
class FlowTable;
class InForce;
class Senders;
class Sources;
class Suppressor;
class Trail;
class Writer;
}  // namespace rampart::ledger

namespace rampart::engine {

class HeldQueue;

/// One recipient of an open transaction.
struct TransactionRecipient {
  Recipient recipient;
  ramp::FlowKey flow;
  /// Accept, Hold, Tag or Drop: refused ones are not kept.
  policy::Action action = policy::Action::Accept;
  bool reserved = false;  ///< a unit is charged
  bool leased = false;    ///< that unit came from a lease
  base::WallTime taken_at{};
  std::string reason;         ///< of hold, tag and drop
  bool lacks_volume = false;  ///< held because its flow took nothing
};

/// A flow that this transaction found empty: its recipients may go together, into debt.
struct Debt {
  ramp::FlowKey flow;
  bool day_empty = false;
};

struct Transaction::Data {
  std::shared_ptr<const policy::Active> active;
  Client client;
  mail::Address envelope_sender;
  std::string sender;  ///< "" until the first outbound recipient asks
  std::vector<TransactionRecipient> recipients;
  std::vector<Debt> debts;
};

class Decider {
 public:
  struct Parts {
    const ledger::InForce& in_force;
    ledger::FlowTable& flows;
    ledger::Senders& senders;
    ledger::Domains& domains;
    ledger::Suppressor& suppressor;
    ledger::Sources& sources;
    ledger::Trail& trail;
    ledger::Books& books;
    ledger::Writer& writer;
    HeldQueue& held;
    const base::Clock& clock;
  };
  explicit Decider(const Parts& parts) : with_(parts) {}

  Transaction begin(Client client, mail::Address envelope_sender) const;
  Verdict decide(Transaction& transaction, const Recipient& recipient);
  Ending commit(Transaction& transaction, const mail::QueueId& queue_id);
  void abort(Transaction& transaction);

 private:
  // decide.cc
  const std::string& sender_of(Transaction::Data& transaction, base::WallTime now);
  base::Result<std::optional<suppression::Entry>> find_suppression(const policy::Active& active,
                                                                   const mail::Address& address,
                                                                   std::string_view sender,
                                                                   base::WallTime now) const;
  std::optional<Verdict> apply_suppression(Transaction::Data& transaction,
                                           TransactionRecipient& recipient,
                                           base::WallTime now);
  static bool observes_suppression(const policy::Active& active, const ramp::FlowKey& flow);
  std::optional<Verdict> apply_unreadable(Transaction::Data& transaction,
                                          TransactionRecipient& recipient,
                                          const base::Error& error);
  Verdict apply_ramp(Transaction::Data& transaction,
                     TransactionRecipient recipient,
                     base::WallTime now);
  Verdict over(Transaction::Data& transaction,
               TransactionRecipient recipient,
               const ramp::Admission& admission,
               base::WallTime now);
  void accept_null_sender(Transaction::Data& transaction,
                          TransactionRecipient recipient,
                          base::WallTime now);
  void take(const policy::Active& active, TransactionRecipient& recipient, base::WallTime now);
  void give_back(const policy::Active& active, TransactionRecipient& recipient, base::WallTime now);
  [[nodiscard]] std::size_t count_ahead(const Transaction::Data& open,
                                        const ramp::FlowKey& flow) const;

  // commit.cc
  std::string make_token(const Transaction::Data& open,
                         const mail::QueueId& queue_id,
                         base::WallTime now);
  void note(const TransactionRecipient& recipient,
            const mail::QueueId& queue_id,
            std::string_view what,
            std::string_view text,
            base::WallTime now);
  void hold(Transaction::Data& open,
            const mail::QueueId& queue_id,
            base::WallTime now,
            Ending& ending);
  void accept_unheld(Transaction::Data& open, const mail::QueueId& queue_id, base::WallTime now);
  void enter(Transaction::Data& open, const mail::QueueId& queue_id, base::WallTime now);

  const Parts with_;
  std::atomic<int> lease_waiters_{0};

  struct NullHour {
    long long hour = 0;
    std::uint32_t count = 0;
  };
  base::Mutex null_senders_mutex_;
  std::unordered_map<std::string, NullHour> null_senders_ RAMPART_GUARDED_BY(null_senders_mutex_);
};

}  // namespace rampart::engine
