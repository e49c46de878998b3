// What the correlator makes of the lines: its effect on flows, senders and suppressions.

#include "applier.h"

#include "rampart/base/text.h"
#include "rampart/provider/sender.h"
#include "rampart/telemetry/counter.h"
#include "rampart/telemetry/log.h"

#include "recipient.h"

namespace rampart::learner {

using correlate::Outcome;
using ledger::FlowTable;
using reply::ReplyClass;

Applier::Applier(ledger::Ledger& ledger,
                 std::shared_ptr<const policy::Active> active,
                 std::string_view source)
    : ledger_(ledger),
      active_(std::move(active)),
      source_(source),
      other_sources_(ledger.sources.others(source)),
      may_repeat_(source.starts_with("feed:")) {}

void Applier::apply(const report::LogLine& line) {
  if (std::holds_alternative<report::Foreign>(line.event) ||
      std::holds_alternative<report::Ignored>(line.event)) {
    return;  // most lines: not worth a lock
  }
  told_.reset();
  {
    const base::MutexLock lock(ledger_.book_mutex);
    correlate::Correlator correlator(*active_, ledger_.book, *this, source_);
    follow_held(line, correlator);
    if (const auto* removed = std::get_if<report::RecipientRemoved>(&line.event)) {
      on_recipient_removed(line, removed->recipient, correlator);
    } else if (const auto* reject = std::get_if<report::MilterReject>(&line.event)) {
      on_milter_reject(line, *reject, correlator);
    } else {
      correlator.add(line);
    }
  }
  if (told_) {
    note(told_->outcome, told_->flow);
    if (told_->outcome.trusted) {
      suppress(told_->outcome, told_->flow);
    }
  }
}

void Applier::take(Outcome& outcome) {
  const ramp::FlowKey& flow = *outcome.flow;
  switch (outcome.kind) {
    case Outcome::Kind::Forgotten:
      ledger_.flows.change(flow, [&](const FlowTable::View& view) {
        ramp::forget(view.flow.state, view.host.state, outcome.reported.standing);
      });
      return;
    case Outcome::Kind::RefusedToTalk:
      settle(outcome);
      return;
    case Outcome::Kind::Expired:
      settle(outcome);
      ledger_.replies.count(ReplyClass::Expired);
      ledger_.trail.add({outcome.time,
                         std::string(outcome.queue_id),
                         "expired",
                         std::string(outcome.recipient),
                         flow.sender,
                         flow.provider,
                         {},
                         {}});
      return;
    case Outcome::Kind::Reply:
      break;
  }
  // What a provider says of everybody is not the sender's fault.
  if (reply::blames_address(outcome.found.reply_class) &&
      ledger_.guards.doubts(flow.provider, outcome.time) &&
      ramp::is_sound(ledger_.senders.health(flow.sender),
                     ledger_.host_context(*active_, outcome.time),
                     suppression::FailureGuard::kSuspectRun)) {
    outcome.reported.reply_class = ReplyClass::Policy;
  }
  settle(outcome);
  told_.emplace(Told{outcome, flow});
  told_->outcome.flow = nullptr;
  told_->outcome.recipient = {};
}

// The report's effect on flow, host flow and sender.
void Applier::settle(Outcome& outcome) {
  const ramp::FlowKey& key = *outcome.flow;
  ledger_.flows.change(key, [&](const FlowTable::View& view) {
    const ramp::Context context = ledger_.context(*active_, key, outcome.time);
    const ramp::Context host_context = ledger_.host_context(*active_, outcome.time);
    // A clock set back by a day: the event would be too old for windows that are still ahead.
    ramp::Context machine = context;
    machine.now = ledger_.clock.wall_now();
    ramp::bring_back(view.flow.state, machine);
    ramp::bring_back(view.host.state.flow, machine);
    if (outcome.charges()) {
      ramp::charge(view.flow.state, context);
      ramp::charge(view.host.state.flow, host_context);
    }
    const ramp::Effects effects = ledger_.senders.change(key.sender, [&](ramp::Health& health) {
      return ramp::on_report({view.flow.state, view.host.state, health, key.sender},
                             outcome.reported, context, host_context);
    });
    outcome.standing = effects.standing;
    const ramp::Reported& reported = outcome.reported;
    if (reported.reply_class == ReplyClass::Delivered) {
      ++view.flow.delivered;
    } else if (reply::slows_flow(reported.reply_class, reported.scope)) {
      ++view.flow.deferrals;
      view.flow.last_reply = base::printable(outcome.text, kReplyBytesMax);
      view.flow.last_rule = active_->policy().replies.rule(outcome.found.rule).name;
    } else if (reported.permanent) {
      ++view.flow.refused;
    }
    log_effects(outcome, effects, view.flow.state.pause_until);
  });
}

void Applier::log_effects(const Outcome& outcome,
                          const ramp::Effects& effects,
                          base::WallTime paused_until) const {
  if (!effects.flow_paused && !effects.host_paused && !effects.sender_stopped &&
      !effects.limit_learned) {
    return;
  }
  const ramp::FlowKey& key = *outcome.flow;
  const char* state = effects.sender_stopped  ? "stopped"
                      : effects.limit_learned ? "limited"
                                              : "paused";
  telemetry::Line entry("flow");
  entry.add("state", state)
      .add("sender", key.sender)
      .add("provider", effects.host_paused ? key.provider + " (all senders)" : key.provider)
      .add("until",
           base::format_utc(effects.sender_stopped ? ledger_.senders.health(key.sender).stop_until
                                                   : paused_until))
      .add("rule", active_->policy().replies.rule(outcome.found.rule).name)
      .add("cause", base::printable(outcome.text, kReplyBytesMax))
      .add("queue_id", outcome.queue_id);
  telemetry::write(telemetry::Level::Info, entry);
}

// What people are shown later: the message's trail, and the replies by kind.
void Applier::note(const Outcome& outcome, const ramp::FlowKey& flow) {
  const report::Delivery& delivery = *outcome.delivery;
  const bool delivered = outcome.found.reply_class == ReplyClass::Delivered;
  const std::string& rule = active_->policy().replies.rule(outcome.found.rule).name;
  ledger_.replies.count(outcome.found.reply_class);
  if (!delivered) {
    ledger_.replies.note(flow.provider, delivery.reply, outcome.found, rule, outcome.time);
  }
  ledger_.trail.add({outcome.time, std::string(outcome.queue_id),
                     std::string(mail::to_string(delivery.status)), to_string(delivery.recipient),
                     flow.sender, flow.provider, base::printable(delivery.text, kReplyBytesMax),
                     delivered ? std::string{} : rule});
}

void Applier::suppress(const Outcome& outcome, const ramp::FlowKey& flow) {
  // A next hop's 250 says nothing of the recipient.
  const bool hop_took_it =
      active_->options().smarthost && outcome.found.reply_class == ReplyClass::Delivered;
  if (outcome.delivery->recipient.domain.empty() || hop_took_it) {
    return;
  }
  Lesson lesson;
  lesson.recipient = outcome.delivery->recipient;
  lesson.flow = flow;
  lesson.found = outcome.found;
  lesson.final = outcome.reported.final;
  lesson.transaction_recipients = outcome.transaction_recipients;
  lesson.text = outcome.text;
  lesson.queue_id = outcome.queue_id;
  lesson.time = outcome.time;
  learn_recipient(ledger_, *active_, lesson, operations_);
}

// --- the book's keeper ---

std::string Applier::sender_of(const std::string& envelope_sender, base::WallTime now) {
  const std::string name = correlate::sender_of(*active_, envelope_sender);
  return ledger_.senders.enter(name,
                               active_->is_named_sender(name) || name == provider::kNullSender,
                               active_->options().new_senders_per_day, now);
}

std::string Applier::provider_of(const mail::Domain& domain) {
  return ledger_.domains.provider_of(active_->policy().providers, domain);
}

void Applier::teach(const mail::Domain& domain, std::string_view provider, base::WallTime now) {
  if (ledger_.domains.learn(domain.text(), provider)) {
    operations_.emplace_back(
        store::DomainProviderRecord{domain.text(), std::string(provider), now});
  }
}

reply::Classification Applier::classify(const reply::Question& question) {
  return ledger_.classifier.classify(active_, question);
}

// Two sources stamp one event up to a second apart: a log file cuts off what is below a second.
bool Applier::is_news(const report::LogLine& line) {
  std::string what = line.instance + '\n' + line.queue_id.text();
  const auto add = [&](std::string_view part) {
    what += '\n';
    what += part;
  };
  if (const auto* refused = std::get_if<report::RefusedToTalk>(&line.event)) {
    add(refused->relay.address);
    add(refused->reply.text);
  } else if (const auto* delivery = std::get_if<report::Delivery>(&line.event)) {
    add(to_string(delivery->recipient));
    add(delivery->original_recipient ? to_string(*delivery->original_recipient) : std::string{});
    add(mail::to_string(delivery->status));
  }
  if (ledger_.seen.add_report(what, line.time, source_, other_sources_, may_repeat_)) {
    return true;
  }
  static telemetry::Counter& repeated = telemetry::counter("reports_repeated_total");
  repeated.add();
  return false;
}

// Anybody may write a line: this one is about no message of this host.
void Applier::on_unknown() {
  static telemetry::Counter& unknown = telemetry::counter("reports_unknown_message_total");
  unknown.add();
}

void Applier::on_full() {
  static telemetry::Counter& full = telemetry::counter("queue_book_full_total");
  full.add();
}

void Applier::store(const correlate::Message& message) {
  operations_.emplace_back(ledger::to_record(message));
}

void Applier::store(const correlate::Message& message, const correlate::Recipient& recipient) {
  operations_.emplace_back(ledger::to_record(message, recipient));
}

void Applier::erase(const correlate::Message& message) {
  operations_.emplace_back(store::EraseMessage{message.instance, message.queue_id});
}

void Applier::erase(const correlate::Message& message, const correlate::Recipient& recipient) {
  operations_.emplace_back(
      store::EraseQueued{message.instance, message.queue_id, recipient.address});
}

}  // namespace rampart::learner
