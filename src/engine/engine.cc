#include "rampart/engine/engine.h"

#include "rampart/engine/held.h"
#include "rampart/engine/past.h"
#include "rampart/engine/status.h"
#include "rampart/engine/suppressions.h"
#include "rampart/engine/transaction.h"
#include "rampart/learner/learner.h"
#include "rampart/ledger/ledger.h"

#include "decider.h"
#include "held_queue.h"
#include "orders.h"
#include "upkeep.h"

namespace rampart::engine {
namespace {

constexpr base::Micros kNoticeTimeout = std::chrono::seconds{10};

base::Error unavailable() {
  return {base::Error::Kind::Unavailable, "the store does not answer; bring it again"};
}

}  // namespace

Transaction::Transaction() = default;
Transaction::~Transaction() = default;
Transaction::Transaction(Transaction&&) noexcept = default;
Transaction& Transaction::operator=(Transaction&&) noexcept = default;

/// The ledger, and who works on it. Each is given what it needs and no more; learning has it all.
struct Engine::Data {
  explicit Data(std::unique_ptr<ledger::Ledger> opened)
      : ledger(std::move(opened)),
        held({*ledger, ledger->flows, ledger->senders, ledger->sources, ledger->trail, *ledger,
              *ledger->writer, ledger->clock}),
        decider({*ledger, ledger->flows, ledger->senders, ledger->domains, ledger->suppressor,
                 ledger->sources, ledger->trail, *ledger, *ledger->writer, held, ledger->clock}),
        orders({*ledger, ledger->flows, ledger->senders, ledger->domains, ledger->suppressor,
                ledger->guards, ledger->sources, ledger->replies, ledger->trail, *ledger->writer,
                held, ledger->store, ledger->clock}),
        upkeep(*ledger) {}

  std::unique_ptr<ledger::Ledger> ledger;
  HeldQueue held;
  Decider decider;
  Orders orders;
  Upkeep upkeep;
};

Engine::Engine(std::unique_ptr<Data> data) : data_(std::move(data)) {}

base::Result<std::unique_ptr<Engine>> Engine::create(std::shared_ptr<const policy::Policy> policy,
                                                     store::StateStore& store,
                                                     const base::Clock& clock) {
  auto ledger = std::make_unique<ledger::Ledger>(store, clock);
  if (const auto opened = ledger->open(std::make_shared<const policy::Active>(std::move(policy)));
      !opened) {
    return opened.error();
  }
  return std::unique_ptr<Engine>(new Engine(std::make_unique<Data>(std::move(ledger))));
}

Engine::~Engine() = default;

void Engine::reload(std::shared_ptr<const policy::Policy> policy) {
  data_->ledger->adopt(std::make_shared<const policy::Active>(std::move(policy)));
}

std::shared_ptr<const policy::Policy> Engine::policy() const {
  return data_->ledger->active()->shared_policy();
}

// --- milter ---

Transaction Engine::begin(Client client, mail::Address envelope_sender) {
  return data_->decider.begin(std::move(client), std::move(envelope_sender));
}

Verdict Engine::decide(Transaction& transaction, const Recipient& recipient) {
  return data_->decider.decide(transaction, recipient);
}

Ending Engine::commit(Transaction& transaction, const mail::QueueId& queue_id) {
  return data_->decider.commit(transaction, queue_id);
}

void Engine::abort(Transaction& transaction) {
  data_->decider.abort(transaction);
}

void Engine::not_held(const mail::QueueId& queue_id) {
  data_->held.not_held(queue_id);
}

void Engine::hold_for_person(const mail::QueueId& queue_id) {
  data_->held.hold_for_person(queue_id);
}

// --- feed ---

std::optional<store::CursorRecord> Engine::cursor(std::string_view source) const {
  return data_->ledger->sources.cursor(source);
}

void Engine::stop_learning() {
  data_->ledger->writer->release();
}

// What an earlier batch taught of recipients comes first: nothing is learned past a store that does
// not answer.
void Engine::learn(std::span<const report::LogLine> lines, const store::CursorRecord& cursor) {
  while (!data_->ledger->learn_delayed()) {
    if (data_->ledger->writer->wait_released(ledger::Writer::kRetry)) {
      return;
    }
  }
  learner::learn(*data_->ledger, lines, cursor);
}

base::Result<mail::NoticeOutcome> Engine::learn_message(std::string_view bytes,
                                                        base::WallTime received,
                                                        std::string_view origin) {
  ledger::Ledger& ledger = *data_->ledger;
  if (!ledger.learn_delayed()) {
    return unavailable();
  }
  const auto outcome = learner::learn(
      ledger, report::read_message(bytes, ledger.active()->policy().phrases), received, origin);
  // What repeats an earlier one may have been told before that one was durable.
  if (!outcome || (outcome->kind != mail::NoticeOutcome::Kind::Counted &&
                   outcome->kind != mail::NoticeOutcome::Kind::Repeated)) {
    return outcome;
  }
  if (ledger.suppressor.is_behind()) {
    return unavailable();
  }
  if (const auto stored = sync(kNoticeTimeout); !stored) {
    return stored.error();
  }
  return outcome;
}

void Engine::offer_message(std::string bytes) {
  data_->upkeep.offer(std::move(bytes));
}

bool Engine::is_new() const {
  return data_->ledger->sources.is_new();
}

base::Result<> Engine::begin_sources(const std::vector<store::CursorRecord>& cursors) {
  return data_->orders.begin_sources(cursors);
}

base::Result<std::vector<MergedFlow>> Engine::merge_past(const Past& past, std::string_view who) {
  return data_->orders.merge_past(past, who);
}

void Engine::set_source_status(const mail::SourceStatus& status) {
  data_->ledger->sources.set(status);
}

// --- upkeep ---

void Engine::tick() {
  data_->upkeep.run();
}

base::Result<> Engine::sync(base::Micros timeout) {
  return data_->ledger->writer->sync(timeout);
}

// --- people ---

Status Engine::status() const {
  return data_->orders.status();
}

std::vector<PausedHost> Engine::paused_hosts() const {
  return data_->orders.paused_hosts();
}

void Engine::set_warning(std::string_view topic, std::string_view sentence) {
  data_->orders.set_warning(topic, sentence);
}

std::optional<FlowStatus> Engine::find_flow(const ramp::FlowKey& key) const {
  return data_->orders.find_flow(key);
}

base::Result<> Engine::pause_flow(const ramp::FlowKey& key,
                                  std::optional<base::Micros> duration,
                                  std::string_view who) {
  return data_->orders.pause_flow(key, duration, who);
}

base::Result<> Engine::resume_flow(const ramp::FlowKey& key, std::string_view who) {
  return data_->orders.resume_flow(key, who);
}

base::Result<> Engine::reset_flow(const ramp::FlowKey& key, std::string_view who) {
  return data_->orders.reset_flow(key, who);
}

base::Result<suppression::Entry> Engine::add_suppression(const SuppressionRequest& request,
                                                         std::string_view who) {
  return data_->orders.add_suppression(request, who);
}

base::Result<std::uint64_t> Engine::import_suppressions(
    const std::vector<SuppressionRequest>& requests, std::string_view who) {
  return data_->orders.import_suppressions(requests, who);
}

base::Result<> Engine::remove_suppression(std::string_view key,
                                          std::string_view sender,
                                          std::string_view who) {
  return data_->orders.remove_suppression(key, sender, who);
}

base::Result<SuppressionAnswer> Engine::why_suppressed(std::string_view key) const {
  return data_->orders.why_suppressed(key);
}

base::Result<std::vector<suppression::Entry>> Engine::list_suppressions(
    const store::SuppressionFilter& filter) const {
  return data_->orders.list_suppressions(filter);
}

base::Result<std::uint64_t> Engine::confirm_pending(const PendingOrder& order,
                                                    std::string_view who) {
  return data_->orders.change_pending(order, true, who);
}

base::Result<std::uint64_t> Engine::clear_pending(const PendingOrder& order, std::string_view who) {
  return data_->orders.change_pending(order, false, who);
}

std::vector<store::ReplyRecord> Engine::replies() const {
  return data_->ledger->replies.all();
}

base::Result<std::vector<mail::TrailEvent>> Engine::events_of(const mail::QueueId& queue_id) const {
  return data_->orders.events_of(queue_id);
}

base::Result<ListChange> Engine::apply_list(const std::string& file,
                                            const std::vector<std::string>& keys) {
  return data_->orders.apply_list(file, keys);
}

// --- held mail ---

std::vector<HeldMessage> Engine::held() const {
  return data_->held.all();
}

base::Result<std::vector<mail::QueueId>> Engine::begin_release(std::size_t limit) {
  return data_->held.begin_release(limit);
}

base::Result<std::vector<mail::QueueId>> Engine::order_release(
    const std::vector<mail::QueueId>& ids, std::string_view who) {
  return data_->held.order_release(ids, who);
}

void Engine::end_release(const mail::QueueId& id, Fate fate, std::string_view who) {
  data_->held.end_release(id, fate, who);
}

std::vector<mail::QueueId> Engine::releasing() {
  return data_->held.releasing();
}

void Engine::reconcile(const std::set<std::string>& in_hold_queue, base::WallTime listed_at) {
  data_->held.reconcile(in_hold_queue, listed_at);
}

base::Result<> Engine::drop_held(const std::vector<mail::QueueId>& ids, std::string_view who) {
  return data_->held.drop(ids, who);
}

void Engine::set_releaser(const ReleaserStatus& status) {
  data_->held.set_releaser(status);
}

bool Engine::releaser_alive() const {
  return data_->held.is_releaser_alive();
}

}  // namespace rampart::engine
