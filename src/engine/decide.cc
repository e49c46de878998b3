#include <algorithm>

#include "rampart/base/text.h"
#include "rampart/ledger/domains.h"
#include "rampart/ledger/flow_table.h"
#include "rampart/ledger/in_force.h"
#include "rampart/ledger/senders.h"
#include "rampart/ledger/suppressor.h"
#include "rampart/ledger/writer.h"
#include "rampart/telemetry/counter.h"
#include "rampart/telemetry/log.h"

#include "decider.h"
#include "held_queue.h"
#include "text.h"

namespace rampart::engine {

using ledger::FlowTable;
using ledger::Lease;
using policy::Action;
using policy::Active;
using policy::FlowRule;
using policy::Mode;
using policy::OnLoss;
using policy::Options;

namespace {

constexpr int kLeaseWaitersMax = 8;
constexpr std::size_t kNullClientsMax = 10'000;

bool is_loopback(std::string_view address) noexcept {
  return address == "::1" || address.starts_with("127.");
}

// What `over` comes down to for this client. Those who submit and forget are held for; the others
// have a queue. Nothing may be refused in a non-SMTP session: Postfix would keep the whole message
// in its maildrop directory and try it again for ever.
struct Chosen {
  Action action = Action::Accept;
  bool missed_releaser = false;  ///< it would be held if somebody released it
};

Chosen choose(Action over, const Client& client, bool releaser_alive) noexcept {
  const bool refuses = over == Action::Defer || over == Action::Reject || over == Action::Drop;
  const bool forgets = client.non_smtp || !client.auth.empty() || is_loopback(client.address);
  if ((over == Action::Auto && forgets) || (client.non_smtp && refuses)) {
    if (releaser_alive) {
      return {Action::Hold, false};
    }
    return {client.non_smtp ? Action::Accept : Action::Defer, true};
  }
  return {over == Action::Auto ? Action::Defer : over, false};
}

// A pending entry may be a provider's error: its mail waits, and is neither refused for good nor
// dropped.
Action effective_suppressed(const Options& options, const Client& client, bool pending) noexcept {
  const bool refuses = options.suppressed == Action::Defer || options.suppressed == Action::Reject;
  if (pending && (refuses || options.suppressed == Action::Drop)) {
    return client.non_smtp ? Action::Hold : Action::Defer;
  }
  return client.non_smtp && refuses ? options.non_smtp_suppressed : options.suppressed;
}

// For a recipient with an entry that cannot be read in time.
Action effective_unreadable(const Options& options, const Client& client) noexcept {
  if (options.on_loss == OnLoss::Accept) {
    return Action::Accept;
  }
  const bool refuses = options.suppressed == Action::Defer ||
                       options.suppressed == Action::Reject || options.suppressed == Action::Drop;
  if (refuses) {
    return client.non_smtp ? Action::Accept : Action::Defer;
  }
  return options.suppressed;
}

// Asks for the next lease when the present one runs out: about a second's worth or a few per cent
// of what is left, never more than what is left; but one unit where there is none at all and one is
// to be admitted all the same (into debt). @return whether anything was asked for
bool renew(Lease& lease, const ramp::Allowance& allowance) noexcept {
  const std::uint32_t leased = lease.left + lease.asked;
  if (leased > 1) {
    return false;
  }
  const std::uint32_t used = allowance.used_day + leased;
  const std::uint32_t left = allowance.day > used ? allowance.day - used : 0;
  const std::uint32_t second = allowance.hour / 3600 + 1;
  lease.want = std::max(std::min(std::max(second, left / 32), left), leased == 0 ? 1U : 0U);
  return lease.want > 0;
}

// A transaction that found its flow empty goes on together: a list manager's fifty recipients must
// not be split for ever. It takes the flow into debt.
bool goes_into_debt(const std::vector<Debt>& debts,
                    const ramp::FlowKey& flow,
                    ramp::Reason reason) noexcept {
  const auto debt = std::find_if(debts.begin(), debts.end(),
                                 [&](const Debt& candidate) { return candidate.flow == flow; });
  if (debt == debts.end()) {
    return false;
  }
  return is_volume(reason) && (reason != ramp::Reason::Day || debt->day_empty);
}

// When mail that comes behind so many held messages may expect to go: an estimate by the hour's
// pace.
base::WallTime turn_after(std::size_t ahead,
                          const ramp::Allowance& allowance,
                          const ramp::Context& context) noexcept {
  constexpr std::int64_t kHoursMax = 24 * 365;
  const auto hours = static_cast<std::int64_t>(ahead / std::max(1U, allowance.hour));
  return context.now + context.constants.hour * std::min(hours, kHoursMax) +
         context.constants.hour / 60;
}

telemetry::Line decision_line(const Transaction::Data& transaction,
                              const TransactionRecipient& recipient) {
  const std::string& queue_id = recipient.recipient.queue_id;
  telemetry::Line line(queue_id.empty() ? "NOQUEUE" : queue_id);
  line.address("from", transaction.envelope_sender)
      .recipient("to", recipient.recipient.address)
      .add("sender", recipient.flow.sender)
      .add("provider", recipient.flow.provider);
  return line;
}

}  // namespace

const std::string& Decider::sender_of(Transaction::Data& transaction, base::WallTime now) {
  if (transaction.sender.empty()) {
    const Active& policy = *transaction.active;
    const std::string name = policy.policy().senders.sender_of(
        transaction.envelope_sender, transaction.client.auth, transaction.client.address);
    const bool named = policy.is_named_sender(name) || transaction.envelope_sender.is_null();
    transaction.sender =
        with_.senders.enter(name, named, policy.options().new_senders_per_day, now);
  }
  return transaction.sender;
}

void Decider::take(const Active& policy, TransactionRecipient& recipient, base::WallTime now) {
  with_.flows.change(recipient.flow, [&](const FlowTable::View& view) {
    ramp::take(view.flow.state, with_.in_force.context(policy, recipient.flow, now));
    ramp::take(view.host.state.flow, with_.in_force.host_context(policy, now));
  });
  recipient.reserved = true;
  recipient.leased = false;
  recipient.taken_at = now;
  with_.writer.poke();
}

void Decider::give_back(const Active& policy, TransactionRecipient& recipient, base::WallTime now) {
  if (!recipient.reserved) {
    return;
  }
  recipient.reserved = false;
  with_.flows.change(recipient.flow, [&](const FlowTable::View& view) {
    ramp::refund(view.flow.state, with_.in_force.context(policy, recipient.flow, now),
                 recipient.taken_at);
    ramp::refund(view.host.state.flow, with_.in_force.host_context(policy, now),
                 recipient.taken_at);
    if (recipient.leased) {
      ++view.flow.lease.left;
    }
  });
  with_.writer.poke();
}

base::Result<std::optional<suppression::Entry>> Decider::find_suppression(
    const Active& policy,
    const mail::Address& address,
    std::string_view sender,
    base::WallTime now) const {
  const Options& options = policy.options();
  const bool waits = options.lease_time > base::Micros{0};
  const base::SteadyTime until = with_.clock.steady_now() + options.store_deadline;
  const std::string key = suppression::canonical_key(address, options.suppression);
  auto entry = with_.suppressor.find_within(waits ? options.store_deadline : base::Micros{0}, key,
                                            sender, now);
  if (!entry || *entry) {
    return entry;
  }
  const base::Micros left = std::max(base::Micros{1}, until - with_.clock.steady_now());
  return with_.suppressor.find_within(waits ? left : base::Micros{0},
                                      suppression::domain_key(address.domain), sender, now);
}

bool Decider::observes_suppression(const Active& policy, const ramp::FlowKey& flow) {
  return policy.options().suppression_mode == Mode::Observe ||
         policy.rule_for(flow).mode == Mode::Observe;
}

// There is an entry for the address or its domain, but the store does not tell in time which: it
// may be pending, another sender's, or over. Whoever has a queue comes back; nothing is refused for
// good or dropped, and where nothing can wait it goes on.
std::optional<Verdict> Decider::apply_unreadable(Transaction::Data& transaction,
                                                 TransactionRecipient& recipient,
                                                 const base::Error& error) {
  const Active& policy = *transaction.active;
  static telemetry::Counter& failed = telemetry::counter("suppression_lookups_failed_total");
  failed.add();
  const Action action = effective_unreadable(policy.options(), transaction.client);
  const bool observe = observes_suppression(policy, recipient.flow);
  telemetry::write(telemetry::Level::Info, decision_line(transaction, recipient)
                                               .add(observe ? "would" : "action", to_string(action))
                                               .add("reason", "unreadable")
                                               .text(error.what));
  if (observe) {
    return std::nullopt;
  }
  recipient.action = action;
  recipient.reason = "unreadable";
  switch (action) {
    case Action::Defer:
      return make_unavailable();
    case Action::Hold:
      transaction.recipients.push_back(std::move(recipient));
      return Verdict{};
    default:  // accept and tag go on to the ramp
      return std::nullopt;
  }
}

// The configured action for a suppressed recipient. No verdict: go on with the ramp.
std::optional<Verdict> Decider::apply_suppression(Transaction::Data& transaction,
                                                  TransactionRecipient& recipient,
                                                  base::WallTime now) {
  const Active& policy = *transaction.active;
  const Options& options = policy.options();
  const auto found =
      find_suppression(policy, recipient.recipient.address, recipient.flow.sender, now);
  if (!found) {
    return apply_unreadable(transaction, recipient, found.error());
  }
  const std::optional<suppression::Entry>& entry = *found;
  if (!entry) {
    return std::nullopt;
  }
  const bool pending = !entry->pending.empty();
  const Action action = effective_suppressed(options, transaction.client, pending);
  const bool observe = observes_suppression(policy, recipient.flow);
  static telemetry::Counter& hits = telemetry::counter("suppressed_recipients_total");
  hits.add();
  telemetry::write(telemetry::Level::Info, decision_line(transaction, recipient)
                                               .add(observe ? "would" : "action", to_string(action))
                                               .add("reason", pending ? "pending" : "suppressed")
                                               .add("since", base::format_utc(entry->since))
                                               .text(entry->evidence));
  if (observe) {
    return std::nullopt;
  }
  recipient.action = action;
  recipient.reason = pending ? "pending" : "suppressed";
  const std::string address = to_string(recipient.recipient.address);
  switch (action) {
    case Action::Defer:
      return make_defer(text_of_suppressed(address, *entry));
    case Action::Reject: {
      const bool dead = codes_of(entry->evidence).ends_with("5.1.1");
      return make_reject(text_of_suppressed(address, *entry), dead ? "5.1.1" : "5.7.1");
    }
    case Action::Hold:
    case Action::Drop:
      transaction.recipients.push_back(std::move(recipient));
      return Verdict{};
    default:  // accept and tag go on to the ramp
      return std::nullopt;
  }
}

// Over the allowance: the configured action.
Verdict Decider::over(Transaction::Data& transaction,
                      TransactionRecipient recipient,
                      const ramp::Admission& admission,
                      base::WallTime now) {
  const Active& policy = *transaction.active;
  const FlowRule& rule = policy.rule_for(recipient.flow);
  const bool observe = rule.mode == Mode::Observe;
  const Chosen chosen = choose(rule.over, transaction.client, with_.held.is_releaser_alive());
  const Action action = chosen.action;
  telemetry::Line line = decision_line(transaction, recipient);
  line.add(observe ? "would" : "action", to_string(action))
      .add("reason", ramp::to_string(admission.reason))
      .add("until", base::format_utc(admission.until));
  if (admission.until - now > policy.options().warn_wait) {
    line.text("the expected wait exceeds warn_wait; queued mail may expire");
  } else if (chosen.missed_releaser && transaction.client.non_smtp) {
    line.text("sendmail(1) mail cannot be refused, and nobody releases held mail");
  } else if (chosen.missed_releaser) {
    line.text("not held, as nobody releases held mail");
  }
  telemetry::write(telemetry::Level::Info, line);
  static telemetry::Counter& counted = telemetry::counter("over_recipients_total");
  counted.add();
  if (chosen.missed_releaser && !observe) {
    with_.held.miss_releaser();
  }
  if (observe || action == Action::Accept || action == Action::Tag) {
    take(policy, recipient, now);
    if (!observe) {
      recipient.action = action;
      recipient.reason = ramp::to_string(admission.reason);
    }
    transaction.recipients.push_back(std::move(recipient));
    return {};
  }
  if (action == Action::Hold) {
    recipient.action = Action::Hold;
    recipient.reason = ramp::to_string(admission.reason);
    recipient.lacks_volume = true;
    transaction.recipients.push_back(std::move(recipient));
    return {};
  }
  std::string text = text_of_over(recipient.flow, admission.reason, admission.until, now,
                                  policy.options().warn_wait);
  return action == Action::Reject ? make_reject(std::move(text), "5.7.1")
                                  : make_defer(std::move(text));
}

Verdict Decider::apply_ramp(Transaction::Data& transaction,
                            TransactionRecipient recipient,
                            base::WallTime now) {
  const Active& policy = *transaction.active;
  const FlowRule& rule = policy.rule_for(recipient.flow);
  if (rule.exempt) {
    take(policy, recipient, now);
    transaction.recipients.push_back(std::move(recipient));
    return {};
  }
  const Action action =
      choose(rule.over, transaction.client, with_.held.is_releaser_alive()).action;
  const bool limits =
      rule.mode == Mode::Enforce && action != Action::Accept && action != Action::Tag;
  const bool bound = limits && policy.options().lease_time > base::Micros{0};
  const std::size_t ahead = limits ? count_ahead(transaction, recipient.flow) : 0;
  enum class Step : std::uint8_t { Taken, Refused, Waits };
  ramp::Admission admission;
  bool asked = false;
  const auto attempt = [&](bool leased) {
    return with_.flows.change(recipient.flow, [&](const FlowTable::View& view) {
      ramp::Health health = with_.senders.health(recipient.flow.sender);
      const ramp::Context flow_context = with_.in_force.context(policy, recipient.flow, now);
      const ramp::Context host = with_.in_force.host_context(policy, now);
      const ramp::Allowance before = ramp::allowance(view.flow.state, health, flow_context);
      admission = ramp::admit({view.flow.state, view.host.state, health, recipient.flow.sender},
                              flow_context, host);
      if (admission.admitted && ahead > 0) {
        admission = {false, ramp::Reason::BehindHeld, turn_after(ahead, before, flow_context),
                     false};
      }
      if (!admission.admitted &&
          (admission.host ||
           !goes_into_debt(transaction.debts, recipient.flow, admission.reason))) {
        return Step::Refused;
      }
      Lease& lease = view.flow.lease;
      const bool flow_needs = leased && !rule.plan.unlimited;
      const bool host_needs = leased && !policy.host_plan().unlimited;
      if (flow_needs) {
        asked = renew(lease, before) || asked;
      }
      if (host_needs) {
        asked =
            renew(view.host.lease, ramp::allowance(view.host.state.flow, ramp::Health{}, host)) ||
            asked;
      }
      if ((flow_needs && lease.left == 0) || (host_needs && view.host.lease.left == 0)) {
        return Step::Waits;
      }
      if (before.used_hour == 0 && view.flow.state.in_flight == 0) {
        transaction.debts.push_back({recipient.flow, before.used_day == 0});
      }
      lease.left -= flow_needs ? 1 : 0;
      view.host.lease.left -= host_needs ? 1 : 0;
      ramp::take(view.flow.state, flow_context);
      ramp::take(view.host.state.flow, host);
      recipient.leased = flow_needs;
      return Step::Taken;
    });
  };
  Step step = attempt(bound);
  if (step == Step::Waits) {
    // The first unit of a flow waits for the store, a bounded time and few at once.
    const bool may_wait = lease_waiters_.fetch_add(1) < kLeaseWaitersMax;
    const base::SteadyTime deadline = with_.clock.steady_now() + policy.options().store_deadline;
    for (base::Micros left = policy.options().store_deadline;
         may_wait && step == Step::Waits && left > base::Micros{0};
         left = deadline - with_.clock.steady_now()) {
      if (!with_.writer.wait_round(left)) {
        break;
      }
      step = attempt(bound);
    }
    --lease_waiters_;
  } else if (asked) {
    with_.writer.poke();
  }
  if (step == Step::Waits) {
    static telemetry::Counter& lost = telemetry::counter("lease_timeouts_total");
    lost.add();
    if (policy.options().on_loss == OnLoss::Defer) {
      return make_unavailable();
    }
    step = attempt(false);
  }
  if (step == Step::Refused) {
    return over(transaction, std::move(recipient), admission, now);
  }
  recipient.reserved = true;
  recipient.taken_at = now;
  transaction.recipients.push_back(std::move(recipient));
  with_.writer.poke();
  return {};
}

// How many held messages go before new mail of a flow. What a transaction has begun goes on
// together.
std::size_t Decider::count_ahead(const Transaction::Data& open, const ramp::FlowKey& flow) const {
  if (open.active->rule_for(flow).transactional ||
      std::any_of(open.recipients.begin(), open.recipients.end(),
                  [&](const TransactionRecipient& r) { return r.reserved && r.flow == flow; })) {
    return 0;
  }
  return with_.held.count_ahead(flow);
}

void Decider::accept_null_sender(Transaction::Data& transaction,
                                 TransactionRecipient recipient,
                                 base::WallTime now) {
  take(*transaction.active, recipient, now);
  transaction.recipients.push_back(std::move(recipient));
  const std::uint32_t per_hour_max = transaction.active->options().null_per_hour;
  const base::MutexLock lock(null_senders_mutex_);
  if (null_senders_.size() >= kNullClientsMax) {
    null_senders_.clear();
  }
  NullHour& hour = null_senders_[transaction.client.address];
  if (hour.hour != base::hour_number(now)) {
    hour = NullHour{base::hour_number(now), 0};
  }
  if (++hour.count == per_hour_max + 1) {
    telemetry::write(telemetry::Level::Warning,
                     telemetry::Line("client")
                         .add("client", transaction.client.address)
                         .text("sends many messages with a null sender"));
  }
}

Transaction Decider::begin(Client client, mail::Address envelope_sender) const {
  Transaction transaction;
  transaction.data_ = std::make_unique<Transaction::Data>();
  transaction.data_->active = with_.in_force.active();
  transaction.data_->client = std::move(client);
  transaction.data_->envelope_sender = std::move(envelope_sender);
  return transaction;
}

Verdict Decider::decide(Transaction& transaction, const Recipient& recipient) {
  Transaction::Data& open = *transaction.data_;
  const base::WallTime now = with_.clock.wall_now();
  TransactionRecipient entry;
  entry.recipient = recipient;
  if (!open.active->is_outbound(open.client, recipient)) {
    open.recipients.push_back(std::move(entry));
    return {};
  }
  static telemetry::Counter& counted = telemetry::counter("recipients_total");
  counted.add();
  entry.flow = {sender_of(open, now), with_.domains.provider_of(open.active->policy().providers,
                                                                recipient.address.domain)};
  if (open.envelope_sender.is_null()) {
    accept_null_sender(open, std::move(entry), now);
    return {};
  }
  if (auto verdict = apply_suppression(open, entry, now)) {
    return *verdict;
  }
  return apply_ramp(open, std::move(entry), now);
}

void Decider::abort(Transaction& transaction) {
  if (!transaction.is_open()) {
    return;
  }
  const std::unique_ptr<Transaction::Data> open = std::move(transaction.data_);
  const base::WallTime now = with_.clock.wall_now();
  for (TransactionRecipient& recipient : open->recipients) {
    give_back(*open->active, recipient, now);
  }
}

}  // namespace rampart::engine
