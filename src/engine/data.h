// The engine's parts, private to its source files.
//
// Lock order: writer's gate, book, provider shard (FlowTable), Senders, learned providers;
// Suppressor and Writer take only their own locks.

#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "rampart/engine/engine.h"

#include "flow_table.h"
#include "queue_book.h"
#include "rules.h"
#include "senders.h"
#include "suppressor.h"
#include "writer.h"

namespace rampart::engine {

/// One recipient of an open transaction.
struct TransactionRecipient {
  Recipient recipient;
  ramp::FlowKey flow;
  Action action = Action::Accept;  ///< Accept, Hold, Tag or Drop: refused ones are not kept
  bool reserved = false;           ///< a unit is charged
  bool leased = false;             ///< that unit came from a lease
  base::WallTime taken_at{};
  std::string reason;  ///< of hold, tag and drop
};

/// A flow that this transaction found empty: its recipients may go together, into debt.
struct Debt {
  ramp::FlowKey flow;
  bool day_empty = false;
};

struct Transaction::Data {
  std::shared_ptr<const Active> active;
  Client client;
  mail::Address envelope_sender;
  std::string sender;  ///< "" until the first outbound recipient asks
  std::vector<TransactionRecipient> recipients;
  std::vector<Debt> debts;
};

/// How the book spells a recipient: the local part's case is folded, as the MTA may fold it as
/// well.
std::string book_key(const mail::Address& address);

struct Engine::Data {
  Data(std::shared_ptr<const Policy> policy,
       store::StateStore& state_store,
       const base::Clock& time_source);

  // Deciding (decide.cc).
  std::shared_ptr<const Active> current() const;
  std::string provider_of(const Active& policy, const mail::Domain& domain);
  std::string registrable(const mail::Domain& domain);
  const std::string& sender_of(Transaction::Data& transaction, base::WallTime now);
  std::optional<suppression::Entry> find_suppression(const Active& policy,
                                                     const mail::Address& address,
                                                     std::string_view sender,
                                                     base::WallTime now) const;
  std::optional<Verdict> apply_suppression(Transaction::Data& transaction,
                                           TransactionRecipient& recipient,
                                           base::WallTime now);
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
  void take(const Active& policy, TransactionRecipient& recipient, base::WallTime now);
  void give_back(const Active& policy, TransactionRecipient& recipient, base::WallTime now);
  void hold(Transaction::Data& open,
            const mail::QueueId& queue_id,
            base::WallTime now,
            Ending& ending);
  void enter(Transaction::Data& open, const mail::QueueId& queue_id, base::WallTime now);
  void forget_recipients(BookMessage& message) RAMPART_REQUIRES(book_mutex);
  ramp::Context context(const Active& policy, const ramp::FlowKey& key, base::WallTime now) const;
  ramp::Context host_context(const Active& policy, base::WallTime now) const;
  std::string find_feed_problem() const;
  void restore(store::Snapshot snapshot);
  void start_writer();
  void expire_suppressions(base::WallTime now);
  void forget_old_messages(base::WallTime now);
  void forget_idle_flows(base::WallTime now);

  // Held mail (people.cc).
  bool charge_held(const std::string& queue_id,
                   base::WallTime now,
                   std::vector<store::Operation>& operations);
  std::optional<FlowStatus> status_of(const Active& policy,
                                      const LiveFlow& flow,
                                      const LiveHost& host,
                                      base::WallTime now) const;

  store::StateStore& store;
  const base::Clock& clock;
  base::WallTime started;

  mutable base::Mutex active_mutex;
  std::shared_ptr<const Active> active RAMPART_GUARDED_BY(active_mutex);

  FlowTable flows;
  Senders senders;
  Suppressor suppressor;

  mutable base::Mutex book_mutex;
  QueueBook book RAMPART_GUARDED_BY(book_mutex);
  std::map<std::string, store::HeldRecord> held RAMPART_GUARDED_BY(book_mutex);

  mutable base::Mutex providers_mutex;
  std::unordered_map<std::string, std::string> learned RAMPART_GUARDED_BY(providers_mutex);
  std::unordered_map<std::string, std::string> registrable_cache
      RAMPART_GUARDED_BY(providers_mutex);

  mutable base::Mutex sources_mutex;
  struct LiveSource {
    SourceStatus status;
    base::SteadyTime told_at{};
  };
  std::map<std::string, LiveSource> sources RAMPART_GUARDED_BY(sources_mutex);
  std::map<std::string, store::CursorRecord> cursors RAMPART_GUARDED_BY(sources_mutex);
  std::map<std::string, std::uint64_t> replies RAMPART_GUARDED_BY(sources_mutex);
  struct NullHour {
    long long hour = 0;
    std::uint32_t count = 0;
  };
  std::unordered_map<std::string, NullHour> null_senders RAMPART_GUARDED_BY(sources_mutex);

  std::atomic<bool> feed_healthy{false};
  std::atomic<int> lease_waiters{0};
  /// Wall micros of the oldest admission since a log line last came; 0: none.
  std::atomic<long long> unanswered{0};

  std::atomic<bool> expire_all_leases{false};  ///< at a clean stop
  base::WallTime swept_at{};
  base::WallTime pruned_at{};      ///< tick's
  std::string expiry_place;        ///< tick's: key up to which entries were looked at
  FlowTable::Round round;          ///< the writer's
  std::unique_ptr<Writer> writer;  ///< last: its thread uses all of the above
};

}  // namespace rampart::engine
