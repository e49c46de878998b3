// The engine's parts, private to its source files.

#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "rampart/engine/engine.h"
#include "rampart/ledger/ledger.h"
#include "rampart/ledger/token.h"

namespace rampart::engine {

using ledger::BookMessage;
using ledger::BookRecipient;
using ledger::FlowTable;
using ledger::Lease;
using ledger::LiveFlow;
using ledger::LiveHost;
using ledger::QueueBook;
using policy::Action;
using policy::Active;
using policy::FlowRule;
using policy::Mode;
using policy::OnLoss;
using policy::Options;

/// One recipient of an open transaction.
struct TransactionRecipient {
  Recipient recipient;
  ramp::FlowKey flow;
  Action action = Action::Accept;  ///< Accept, Hold, Tag or Drop: refused ones are not kept
  bool reserved = false;           ///< a unit is charged
  bool leased = false;             ///< that unit came from a lease
  base::WallTime taken_at{};
  std::string reason;         ///< of hold, tag and drop
  bool lacks_volume = false;  ///< held because its flow took nothing
};

/// Reasons that end by themselves as windows move on and reports come; the others are the
/// provider's or a person's word.
constexpr bool is_volume(ramp::Reason reason) noexcept {
  return reason == ramp::Reason::Day || reason == ramp::Reason::Hour ||
         reason == ramp::Reason::Pace || reason == ramp::Reason::InFlight ||
         reason == ramp::Reason::FirstContact;
}

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

/// The ledger, and what deciding and upkeep need beside it.
struct Engine::Data : ledger::Ledger {
  Data(store::StateStore& state_store, const base::Clock& time_source)
      : Ledger(state_store, time_source), started(time_source.wall_now()) {}

  // Deciding (decide.cc).
  const std::string& sender_of(Transaction::Data& transaction, base::WallTime now);
  std::optional<suppression::Entry> find_suppression(const Active& active,
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
  void take(const Active& active, TransactionRecipient& recipient, base::WallTime now);
  void give_back(const Active& active, TransactionRecipient& recipient, base::WallTime now);
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
  bool remember(const store::HeldRecord& record, const ramp::FlowKey& lacks);
  void accept_unheld(Transaction::Data& open, const mail::QueueId& queue_id, base::WallTime now);
  void enter(Transaction::Data& open, const mail::QueueId& queue_id, base::WallTime now);
  std::size_t count_ahead(const Transaction::Data& open, const ramp::FlowKey& flow) const;

  // Upkeep (engine.cc).
  void expire_suppressions(base::WallTime now);
  void forget_old_messages(base::WallTime now);
  void forget_idle_flows(base::WallTime now);
  void learn_offered(base::WallTime now);

  // Old logs (past.cc).
  MergedFlow merge(const PastFlow& past, base::WallTime now);

  base::Result<> sync_round(base::Micros timeout);
  /// Queues what `change(i)` makes for every i below `count`, some at a time.
  /// @return false after stop_learning(): not all was done
  bool in_pieces(std::size_t count,
                 const std::function<std::vector<store::Operation>(std::size_t)>& change);

  // Held mail (hold.cc, release.cc).
  [[nodiscard]] bool is_releaser_alive() const;
  /// What a flow says to so many units now, and its numbers. Nothing is changed.
  struct Look {
    ramp::Admission admission;
    ramp::Allowance allowance;
  };
  [[nodiscard]] Look look(const Active& active,
                          const ramp::FlowKey& key,
                          std::uint32_t units,
                          base::WallTime now) const;
  class Turn;  // one call of begin_release()
  using Begun = std::vector<store::HeldRecord>;
  base::Result<std::vector<mail::QueueId>> settle_begun(const Begun& begun);
  Fate conclude(const ledger::HeldMessage& message,
                Fate fate,
                base::WallTime now,
                std::vector<store::Operation>& operations) RAMPART_REQUIRES(book_mutex);
  void describe_held(Status& status) const;

  // Shown to people, and what they order (people.cc).
  base::Result<std::uint64_t> change_pending(const PendingOrder& order,
                                             bool confirm,
                                             std::string_view who);
  std::optional<FlowStatus> status_of(const Active& active,
                                      const LiveFlow& flow,
                                      const LiveHost& host,
                                      base::WallTime now) const;

  base::WallTime started;

  base::Mutex null_senders_mutex;
  struct NullHour {
    long long hour = 0;
    std::uint32_t count = 0;
  };
  std::unordered_map<std::string, NullHour> null_senders RAMPART_GUARDED_BY(null_senders_mutex);

  base::Mutex notices_mutex;
  std::vector<std::string> notices RAMPART_GUARDED_BY(notices_mutex);  ///< of the milter
  std::size_t notice_bytes RAMPART_GUARDED_BY(notices_mutex) = 0;

  mutable base::Mutex releaser_mutex;
  ReleaserStatus releaser RAMPART_GUARDED_BY(releaser_mutex);
  std::atomic<base::SteadyTime> releaser_answered{base::SteadyTime::min()};
  /// Mail could not be held since because nobody releases.
  std::atomic<bool> missed_releaser{false};

  mutable base::Mutex warnings_mutex;
  std::map<std::string, std::string, std::less<>> warnings
      RAMPART_GUARDED_BY(warnings_mutex);  ///< of other rooms, by topic

  /// The last message whose reservation was looked at; "": begin with the first.
  std::string lapse_place RAMPART_GUARDED_BY(book_mutex);

  std::atomic<int> lease_waiters{0};
  base::WallTime swept_at{};   ///< tick's
  base::WallTime pruned_at{};  ///< tick's
  std::string expiry_place;    ///< tick's: key up to which entries were looked at
};

}  // namespace rampart::engine
