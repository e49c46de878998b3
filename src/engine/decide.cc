#include <algorithm>

#include "rampart/base/text.h"
#include "rampart/telemetry/counter.h"
#include "rampart/telemetry/log.h"

#include "data.h"
#include "text.h"

namespace rampart::engine {
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

const std::string& Engine::Data::sender_of(Transaction::Data& transaction, base::WallTime now) {
  if (transaction.sender.empty()) {
    const Active& policy = *transaction.active;
    const std::string name = policy.policy().senders.sender_of(
        transaction.envelope_sender, transaction.client.auth, transaction.client.address);
    const bool named = policy.is_named_sender(name) || transaction.envelope_sender.is_null();
    transaction.sender = senders.enter(name, named, policy.options().new_senders_per_day, now);
  }
  return transaction.sender;
}

void Engine::Data::take(const Active& policy, TransactionRecipient& recipient, base::WallTime now) {
  flows.change(recipient.flow, [&](const FlowTable::View& view) {
    ramp::take(view.flow.state, context(policy, recipient.flow, now));
    ramp::take(view.host.state.flow, host_context(policy, now));
  });
  recipient.reserved = true;
  recipient.leased = false;
  recipient.taken_at = now;
  writer->poke();
}

void Engine::Data::give_back(const Active& policy,
                             TransactionRecipient& recipient,
                             base::WallTime now) {
  if (!recipient.reserved) {
    return;
  }
  recipient.reserved = false;
  flows.change(recipient.flow, [&](const FlowTable::View& view) {
    ramp::refund(view.flow.state, context(policy, recipient.flow, now), recipient.taken_at);
    ramp::refund(view.host.state.flow, host_context(policy, now), recipient.taken_at);
    if (recipient.leased) {
      ++view.flow.lease.left;
    }
  });
  writer->poke();
}

std::optional<suppression::Entry> Engine::Data::find_suppression(const Active& policy,
                                                                 const mail::Address& address,
                                                                 std::string_view sender,
                                                                 base::WallTime now) const {
  const std::string key = suppression::canonical_key(address, policy.options().suppression);
  if (auto entry = suppressor.find(key, sender, now)) {
    return entry;
  }
  return suppressor.find(suppression::domain_key(address.domain), sender, now);
}

// The configured action for a suppressed recipient. No verdict: go on with the ramp.
std::optional<Verdict> Engine::Data::apply_suppression(Transaction::Data& transaction,
                                                       TransactionRecipient& recipient,
                                                       base::WallTime now) {
  const Active& policy = *transaction.active;
  const Options& options = policy.options();
  const auto entry =
      find_suppression(policy, recipient.recipient.address, recipient.flow.sender, now);
  if (!entry) {
    return std::nullopt;
  }
  const bool pending = !entry->pending.empty();
  const Action action = effective_suppressed(options, transaction.client, pending);
  const bool observe = options.suppression_mode == Mode::Observe ||
                       policy.rule_for(recipient.flow).mode == Mode::Observe;
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
Verdict Engine::Data::over(Transaction::Data& transaction,
                           TransactionRecipient recipient,
                           const ramp::Admission& admission,
                           base::WallTime now) {
  const Active& policy = *transaction.active;
  const FlowRule& rule = policy.rule_for(recipient.flow);
  const bool observe = rule.mode == Mode::Observe;
  const Chosen chosen = choose(rule.over, transaction.client, is_releaser_alive());
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
    missed_releaser = true;
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

Verdict Engine::Data::apply_ramp(Transaction::Data& transaction,
                                 TransactionRecipient recipient,
                                 base::WallTime now) {
  const Active& policy = *transaction.active;
  const FlowRule& rule = policy.rule_for(recipient.flow);
  if (rule.exempt) {
    take(policy, recipient, now);
    transaction.recipients.push_back(std::move(recipient));
    return {};
  }
  const Action action = choose(rule.over, transaction.client, is_releaser_alive()).action;
  const bool limits =
      rule.mode == Mode::Enforce && action != Action::Accept && action != Action::Tag;
  const bool bound = limits && policy.options().lease_time > base::Micros{0};
  const std::size_t ahead = limits ? count_ahead(transaction, recipient.flow) : 0;
  enum class Step : std::uint8_t { Taken, Refused, Waits };
  ramp::Admission admission;
  bool asked = false;
  const auto attempt = [&](bool leased) {
    return flows.change(recipient.flow, [&](const FlowTable::View& view) {
      ramp::Health health = senders.health(recipient.flow.sender);
      const ramp::Context flow_context = context(policy, recipient.flow, now);
      const ramp::Context host = host_context(policy, now);
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
    const bool may_wait = lease_waiters.fetch_add(1) < kLeaseWaitersMax;
    const base::SteadyTime deadline = clock.steady_now() + policy.options().store_deadline;
    for (base::Micros left = policy.options().store_deadline;
         may_wait && step == Step::Waits && left > base::Micros{0};
         left = deadline - clock.steady_now()) {
      if (!writer->wait_round(left)) {
        break;
      }
      step = attempt(bound);
    }
    --lease_waiters;
  } else if (asked) {
    writer->poke();
  }
  if (step == Step::Waits) {
    static telemetry::Counter& lost = telemetry::counter("lease_timeouts_total");
    lost.add();
    if (policy.options().on_loss == OnLoss::Defer) {
      Verdict verdict = make_defer("rampart: temporary problem; try again later");
      verdict.enhanced = "4.3.0";
      return verdict;
    }
    step = attempt(false);
  }
  if (step == Step::Refused) {
    return over(transaction, std::move(recipient), admission, now);
  }
  recipient.reserved = true;
  recipient.taken_at = now;
  transaction.recipients.push_back(std::move(recipient));
  writer->poke();
  return {};
}

void Engine::Data::accept_null_sender(Transaction::Data& transaction,
                                      TransactionRecipient recipient,
                                      base::WallTime now) {
  take(*transaction.active, recipient, now);
  transaction.recipients.push_back(std::move(recipient));
  const std::uint32_t per_hour_max = transaction.active->options().null_per_hour;
  const base::MutexLock lock(null_senders_mutex);
  if (null_senders.size() >= kNullClientsMax) {
    null_senders.clear();
  }
  NullHour& hour = null_senders[transaction.client.address];
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

Transaction Engine::begin(Client client, mail::Address envelope_sender) {
  Transaction transaction;
  transaction.data_ = std::make_unique<Transaction::Data>();
  transaction.data_->active = data_->active();
  transaction.data_->client = std::move(client);
  transaction.data_->envelope_sender = std::move(envelope_sender);
  return transaction;
}

Verdict Engine::decide(Transaction& transaction, const Recipient& recipient) {
  Transaction::Data& open = *transaction.data_;
  const base::WallTime now = data_->clock.wall_now();
  TransactionRecipient entry;
  entry.recipient = recipient;
  if (!open.active->is_outbound(open.client, recipient)) {
    open.recipients.push_back(std::move(entry));
    return {};
  }
  static telemetry::Counter& counted = telemetry::counter("recipients_total");
  counted.add();
  entry.flow = {
      data_->sender_of(open, now),
      data_->domains.provider_of(open.active->policy().providers, recipient.address.domain)};
  if (open.envelope_sender.is_null()) {
    data_->accept_null_sender(open, std::move(entry), now);
    return {};
  }
  if (auto verdict = data_->apply_suppression(open, entry, now)) {
    return *verdict;
  }
  return data_->apply_ramp(open, std::move(entry), now);
}

Ending Engine::commit(Transaction& transaction, const mail::QueueId& queue_id) {
  if (!transaction.is_open()) {
    return {};
  }
  const std::unique_ptr<Transaction::Data> open = std::move(transaction.data_);
  const base::WallTime now = data_->clock.wall_now();
  std::vector<TransactionRecipient>& all = open->recipients;
  const auto count = [&](Action action) {
    return std::count_if(all.begin(), all.end(),
                         [&](const TransactionRecipient& r) { return r.action == action; });
  };
  const auto dropped = count(Action::Drop);
  // A message without recipients would vanish without a trace, so it is held instead.
  const bool nobody_left = dropped > 0 && dropped == static_cast<std::ptrdiff_t>(all.size());
  Ending ending;
  ending.token = data_->make_token(*open, queue_id, now);
  for (const TransactionRecipient& recipient : all) {
    if (recipient.action == Action::Drop) {
      ending.drop.push_back(recipient.recipient.spelling);
    } else if (recipient.action == Action::Tag && ending.tag.empty()) {
      ending.tag = "sender=" + recipient.flow.sender + ", provider=" + recipient.flow.provider +
                   ", reason=" + recipient.reason;
    }
  }
  if (count(Action::Hold) > 0 || nobody_left) {
    // Dropped recipients go before the message is held, or its release would mail them.
    if (nobody_left) {
      ending.drop.clear();
    } else {
      std::erase_if(all, [](const TransactionRecipient& r) { return r.action == Action::Drop; });
    }
    data_->hold(*open, queue_id, now, ending);
  } else {
    data_->enter(*open, queue_id, now);
  }
  return ending;
}

void Engine::abort(Transaction& transaction) {
  if (!transaction.is_open()) {
    return;
  }
  const std::unique_ptr<Transaction::Data> open = std::move(transaction.data_);
  const base::WallTime now = data_->clock.wall_now();
  for (TransactionRecipient& recipient : open->recipients) {
    data_->give_back(*open->active, recipient, now);
  }
}

// By this token a notice from outside is believed later: nobody else knows it.
std::string Engine::Data::make_token(const Transaction::Data& open,
                                     const mail::QueueId& queue_id,
                                     base::WallTime now) {
  if (!open.active->options().token || open.envelope_sender.is_null() || queue_id.empty()) {
    return {};
  }
  store::TokenRecord record;
  for (const TransactionRecipient& recipient : open.recipients) {
    if (!recipient.flow.provider.empty() && recipient.action != Action::Drop) {
      record.recipients.push_back(to_string(recipient.recipient.address));
    }
  }
  if (record.recipients.empty()) {
    return {};
  }
  record.token = ledger::random_token();
  record.queue_id = queue_id.text();
  record.sender = open.sender;
  record.time = now;
  std::string token = record.token;
  return writer->try_add({std::move(record)}) ? token : std::string{};
}

void Engine::Data::note(const TransactionRecipient& recipient,
                        const mail::QueueId& queue_id,
                        std::string_view what,
                        std::string_view text,
                        base::WallTime now) {
  if (!queue_id.empty()) {
    trail.add({now,
               queue_id.text(),
               std::string(what),
               to_string(recipient.recipient.address),
               recipient.flow.sender,
               recipient.flow.provider,
               std::string(text),
               {}});
  }
}

// From now on the units stand for mail in the MTA's queue, until the log tells their fate.
void Engine::Data::enter(Transaction::Data& open,
                         const mail::QueueId& queue_id,
                         base::WallTime now) {
  const bool any = std::any_of(open.recipients.begin(), open.recipients.end(),
                               [](const TransactionRecipient& r) { return r.reserved; });
  if (!any) {
    return;
  }
  sources.await(now);
  std::vector<store::Operation> operations;
  const base::MutexLock lock(book_mutex);
  BookMessage unnamed;
  BookMessage* const tracked = queue_id.empty() ? nullptr : book.enter({}, queue_id.text(), now);
  if (tracked == nullptr && !queue_id.empty()) {
    static telemetry::Counter& counted = telemetry::counter("queue_book_full_total");
    counted.add();
  }
  BookMessage& message = tracked != nullptr ? *tracked : unnamed;
  // The MTA uses the queue ID again and we missed the end of the first.
  if (!message.recipients.empty()) {
    forget_recipients(message);
    operations.emplace_back(store::EraseMessage{message.instance, message.queue_id});
  }
  message.admitted.clear();
  message.sender = open.sender;
  message.envelope_sender = to_string(open.envelope_sender);
  message.admitted_here = true;
  message.activated = true;
  message.transaction_recipients = static_cast<std::uint32_t>(open.recipients.size());
  message.seen_at = now;
  for (const TransactionRecipient& recipient : open.recipients) {
    if (recipient.reserved) {
      message.recipients.push_back({ledger::book_key(recipient.recipient.address), recipient.flow,
                                    ramp::Standing::InFlight, recipient.taken_at});
      ledger::admit(message, message.recipients.back().address);
      operations.emplace_back(ledger::to_record(message, message.recipients.back()));
      note(recipient, queue_id, "accepted", recipient.reason, now);
    }
  }
  if (tracked == nullptr) {  // nothing will ever tell the fate of these
    forget_recipients(message);
    return;
  }
  operations.emplace_back(ledger::to_record(message));
  writer->try_add(std::move(operations));
  if (telemetry::is_enabled(telemetry::Level::Debug)) {
    telemetry::write(telemetry::Level::Debug, telemetry::Line(queue_id.text())
                                                  .address("from", open.envelope_sender)
                                                  .add("sender", open.sender)
                                                  .add("recipients", message.recipients.size())
                                                  .add("action", "accept"));
  }
}

}  // namespace rampart::engine
