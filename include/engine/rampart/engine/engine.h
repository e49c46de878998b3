// The engine: live state of every flow, sender and suppression; decides on recipients, learns from
// reports, and writes behind.
//
// Threads: every public function from any thread. decide() never waits for the disk, but for the
// first unit of a flow without a lease, and for the entry of a recipient that memory knows to be
// suppressed: each at most Options::store_deadline, at most eight callers of a kind at once. What
// then becomes of the mail is policy::OnLoss. learn() is called by one feed thread per source and
// may block when the store is behind, or cannot be read.
//
// Leases: a unit is admitted only after the store durably counts it. A block of units is counted
// ahead (the lease) and spent from memory; what a crash leaves unspent stays counted.
//
// Errors: store failures never stop decisions; they are counted, shown and logged once per change.
// People get them as errors: what cannot be read is never told as "none".

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rampart/base/result.h"
#include "rampart/base/time.h"

namespace rampart::mail {
struct Address;
struct Client;
class QueueId;
struct NoticeOutcome;
struct Recipient;
struct SourceStatus;
struct TrailEvent;
}  // namespace rampart::mail
namespace rampart::policy {
struct Policy;
}  // namespace rampart::policy
namespace rampart::ramp {
struct FlowKey;
}  // namespace rampart::ramp
namespace rampart::report {
struct LogLine;
}  // namespace rampart::report
namespace rampart::store {
struct CursorRecord;
struct ReplyRecord;
class StateStore;
struct SuppressionFilter;
}  // namespace rampart::store
namespace rampart::suppression {
struct Entry;
}  // namespace rampart::suppression

namespace rampart::engine {

struct Ending;
enum class Fate : std::uint8_t;
struct FlowStatus;
struct HeldMessage;
struct ListChange;
struct MergedFlow;
struct Past;
struct PausedHost;
struct PendingOrder;
struct ReleaserStatus;
struct Status;
struct SuppressionAnswer;
struct SuppressionRequest;
class Transaction;
struct Verdict;

class Engine {
 public:
  /// Loads the store's state. `clock` and `store` must outlive the engine.
  static base::Result<std::unique_ptr<Engine>> create(std::shared_ptr<const policy::Policy> policy,
                                                      store::StateStore& store,
                                                      const base::Clock& clock);
  /// Gives back unspent leases and writes everything that is pending.
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// Replaces the policy; transactions that have begun keep theirs.
  void reload(std::shared_ptr<const policy::Policy> policy);
  [[nodiscard]] std::shared_ptr<const policy::Policy> policy() const;

  // --- milter ---
  Transaction begin(mail::Client client, mail::Address envelope_sender);
  Verdict decide(Transaction& transaction, const mail::Recipient& recipient);
  /// @param queue_id  empty if the MTA gave none
  Ending commit(Transaction& transaction, const mail::QueueId& queue_id);
  /// Gives every reservation back. Harmless on an ended transaction.
  void abort(Transaction& transaction);

  /// The MTA did not hold a message that commit() wanted held: it goes out now. Never waits.
  void not_held(const mail::QueueId& queue_id);
  /// A suppressed recipient could not be taken off a message that commit() wants held: it waits for
  /// a person, and never goes by itself. Never waits.
  void hold_for_person(const mail::QueueId& queue_id);

  // --- feed ---
  /// Where the source was read up to, or nullopt for a source never read.
  [[nodiscard]] std::optional<store::CursorRecord> cursor(std::string_view source) const;
  /// Lets learn() return at once from now on, without an effect. Call before the feed is stopped:
  /// its thread may wait for a store that does not answer.
  void stop_learning();
  /// Applies a batch of lines; their effects and the cursor become durable together.
  void learn(std::span<const report::LogLine> lines, const store::CursorRecord& cursor);
  /// Learns from one mail about other mails: a bounce, a delay notice, an abuse report. Only what
  /// carries a token of this host's counts, once for each recipient.
  /// @param bytes   the whole mail
  /// @param origin  where it came from, for people: "milter", "maildir:/var/..."
  /// @return  what became of it, when that is durable; Unavailable: bring it again
  base::Result<mail::NoticeOutcome> learn_message(std::string_view bytes,
                                                  base::WallTime received,
                                                  std::string_view origin);
  /// The same for the milter: returns at once, the mail is learned from at the next tick(). Beyond
  /// kNoticesMax waiting ones or kNoticeBytesMax it is dropped and counted.
  void offer_message(std::string bytes);
  static constexpr std::size_t kNoticesMax = 1000;
  static constexpr std::size_t kNoticeBytesMax = 64UL << 20;

  /// No source was ever read: the store is new.
  [[nodiscard]] bool is_new() const;
  /// Remembers where sources are to be read from, before anything was learned from them.
  base::Result<> begin_sources(const std::vector<store::CursorRecord>& cursors);
  /// Raises levels and bests to what old logs showed; see ramp::merge_history. Senders of the past
  /// are not new. Durable when it returns; the same again changes nothing. After an error a part
  /// may have been merged.
  base::Result<std::vector<MergedFlow>> merge_past(const Past& past, std::string_view who);

  /// Called by the feed at least every second for each source, also when nothing came.
  void set_source_status(const mail::SourceStatus& status);

  // --- upkeep ---
  /// Expires suppressions, forgotten queue entries, idle flows. Call about once a second.
  void tick();
  /// Waits until everything done before the call is durable. @return Unavailable after `timeout`.
  base::Result<> sync(base::Micros timeout);

  // --- people ---
  [[nodiscard]] Status status() const;
  /// By provider; none in observe mode.
  [[nodiscard]] std::vector<PausedHost> paused_hosts() const;
  /// A sentence among the warnings of status(), one for each topic.
  /// @param sentence  "": all is well
  void set_warning(std::string_view topic, std::string_view sentence);
  [[nodiscard]] std::optional<FlowStatus> find_flow(const ramp::FlowKey& key) const;
  /// @param duration  nullopt: until resumed by a person
  base::Result<> pause_flow(const ramp::FlowKey& key,
                            std::optional<base::Micros> duration,
                            std::string_view who);
  base::Result<> resume_flow(const ramp::FlowKey& key, std::string_view who);
  /// Forgets everything about the flow.
  base::Result<> reset_flow(const ramp::FlowKey& key, std::string_view who);

  /// Durable when it returns. @return the canonical entry
  base::Result<suppression::Entry> add_suppression(const SuppressionRequest& request,
                                                   std::string_view who);
  /// Durable when it returns. Nothing is changed if one of them is no address; a stop in the middle
  /// leaves a part, and doing it again completes it. @return how many were new
  base::Result<std::uint64_t> import_suppressions(const std::vector<SuppressionRequest>& requests,
                                                  std::string_view who);
  base::Result<> remove_suppression(std::string_view key,
                                    std::string_view sender,
                                    std::string_view who);
  base::Result<SuppressionAnswer> why_suppressed(std::string_view key) const;
  base::Result<std::vector<suppression::Entry>> list_suppressions(
      const store::SuppressionFilter& filter) const;

  /// A person says that the addresses are dead: they are suppressed from now on, and the provider's
  /// present share of such answers is taken for usual. @return how many; NotFound if none
  base::Result<std::uint64_t> confirm_pending(const PendingOrder& order, std::string_view who);
  /// A person says that they are not: the entries go. @return how many; NotFound if none
  base::Result<std::uint64_t> clear_pending(const PendingOrder& order, std::string_view who);

  /// The different replies that were learned from, most frequent first.
  [[nodiscard]] std::vector<store::ReplyRecord> replies() const;
  /// What happened to a message, oldest first, as long as Options::keep says.
  [[nodiscard]] base::Result<std::vector<mail::TrailEvent>> events_of(
      const mail::QueueId& queue_id) const;

  /// Makes the entries of a list file those of `keys`: canonical, all its lines.
  base::Result<ListChange> apply_list(const std::string& file,
                                      const std::vector<std::string>& keys);

  // --- held mail ---
  // A released message is charged when its release begins, durably, and only then may the MTA be
  // asked to let it go: whatever is killed in between, nothing goes uncharged and nothing is
  // charged twice.

  /// All that is held by rampart, oldest first. The estimates cost one pass over each flow's queue.
  [[nodiscard]] std::vector<HeldMessage> held() const;
  /// Picks what may go now: the oldest due messages of each flow, transactional ones first,
  /// smoothed like new mail. Charges them and marks them `Releasing`; both are durable when it
  /// returns. Call about once a second: it costs next to nothing while nothing has changed.
  /// @return empty: nothing may go now. Unavailable: the store does not answer, nothing has begun
  base::Result<std::vector<mail::QueueId>> begin_release(std::size_t limit);
  /// A person's order: the same regardless of allowances, pauses, and whom the message waits for.
  /// @return those that are held here and are now `Releasing`
  base::Result<std::vector<mail::QueueId>> order_release(const std::vector<mail::QueueId>& ids,
                                                         std::string_view who);
  /// Ends what begin_release() or order_release() began. Released and Gone: it stays charged and is
  /// no longer held here. StillHeld (and Gone as the first answer, while the MTA may not have put
  /// it into its hold queue yet): it is given back, waits again at its old place, and is left alone
  /// for a while.
  /// NotOurs: it is given back, and waits for a person. Unknown: it stays begun and charged, and is
  /// left alone for a while.
  /// Harmless if its release was not begun, or if the log has told its end.
  void end_release(const mail::QueueId& id, Fate fate, std::string_view who);
  /// Begun and not ended, oldest first, to be taken up: after a restart, and when it is not known
  /// what the MTA did. One that is Gone from then on may have been let go before. Without those
  /// that are left alone for a while.
  [[nodiscard]] std::vector<mail::QueueId> releasing();
  /// What the MTA's hold queue had in it at `listed_at`. Messages of ours that were held well
  /// before and are not in it wait no more: a person released, deleted or requeued them, and the
  /// log tells which and charges. One that a later list has in it again waits again.
  void reconcile(const std::set<std::string>& in_hold_queue, base::WallTime listed_at);
  /// They were deleted from the MTA's hold queue: forgotten, not charged. Durable when it returns.
  base::Result<> drop_held(const std::vector<mail::QueueId>& ids, std::string_view who);
  /// The releaser calls it after every exchange, at least every 30 seconds.
  void set_releaser(const ReleaserStatus& status);
  /// It has answered within the last 5 minutes.
  [[nodiscard]] bool releaser_alive() const;

 private:
  struct Data;
  explicit Engine(std::unique_ptr<Data> data);
  std::unique_ptr<Data> data_;
};

}  // namespace rampart::engine
