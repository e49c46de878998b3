// Reports of single recipients: deliveries, and hosts that refused to talk.

#include <algorithm>

#include "rampart/base/text.h"
#include "rampart/telemetry/counter.h"
#include "rampart/telemetry/log.h"

#include "applier.h"
#include "recipient.h"

namespace rampart::learner {
namespace {

bool is_smtp_client(std::string_view service) noexcept {
  return service != "local" && service != "virtual" && service != "pipe" && service != "discard" &&
         service != "error" && service != "cleanup";
}

}  // namespace

// A relay at one of this host's own addresses is a content filter; everything else with an address
// left the host, whatever the address.
bool Applier::leaves_host(const report::LogLine& line, const report::Delivery& delivery) const {
  if (delivery.own || !is_smtp_client(line.service)) {
    return false;
  }
  if (delivery.relay.address.empty()) {
    return delivery.leaves_host;
  }
  return !active_->is_own_address(delivery.relay.address);
}

// The provider that owns the relay; it also teaches where the recipient's domain belongs.
std::string Applier::relay_owner(const report::Delivery& delivery, base::WallTime now) {
  const provider::Table& providers = active_->policy().providers;
  if (active_->options().smarthost) {
    return {};
  }
  const std::string owner(providers.find_by_host(delivery.relay.host));
  const mail::Domain& domain = delivery.recipient.domain;
  if (owner.empty() || domain.empty() || !providers.find_by_domain(domain).empty()) {
    return owner;
  }
  if (ledger_.domains.learn(domain, owner)) {
    operations_.emplace_back(store::DomainProviderRecord{domain.text(), owner, now});
  }
  return owner;
}

// Only the provider that owns the relay is concerned: the owner of a recipient domain must not be
// able to pause Gmail for everyone by answering like Gmail.
bool Applier::concerns(const ramp::FlowKey& flow, std::string_view owner, bool host_reached) const {
  if (active_->options().smarthost) {
    return false;  // the next hop's words are not the provider's
  }
  if (!active_->policy().providers.is_named(flow.provider)) {
    return true;
  }
  return owner == flow.provider || !host_reached;
}

// As the milter saw it, where the log tells.
std::string Applier::asked_for(const report::Delivery& delivery) {
  return ledger::book_key(delivery.original_recipient.value_or(delivery.recipient));
}

BookRecipient* Applier::look_up(BookMessage& message, const report::Delivery& delivery) {
  for (const std::string& name : {asked_for(delivery), ledger::book_key(delivery.recipient)}) {
    const auto found = std::find_if(message.recipients.begin(), message.recipients.end(),
                                    [&](const BookRecipient& r) { return r.address == name; });
    if (found != message.recipients.end()) {
      return &*found;
    }
  }
  return nullptr;
}

BookRecipient& Applier::find_recipient(BookMessage& message,
                                       const report::LogLine& line,
                                       const report::Delivery& delivery) {
  if (BookRecipient* known = look_up(message, delivery)) {
    return *known;
  }
  message.recipients.push_back(
      {ledger::book_key(delivery.recipient),
       {sender_of(message, line.time),
        ledger_.domains.provider_of(active_->policy().providers, delivery.recipient.domain)},
       ramp::Standing::Unadmitted,
       line.time});
  return message.recipients.back();
}

void Applier::on_delivery(const report::LogLine& line, const report::Delivery& delivery) {
  if (delivery.own || line.service == "cleanup" || line.queue_id.empty()) {
    return;
  }
  const bool outside = leaves_host(line, delivery) && delivery.attempted;
  const bool final = delivery.status != mail::DeliveryStatus::Deferred;
  Subject subject;
  reply::Classification found;
  {
    const base::MutexLock lock(ledger_.book_mutex);
    // Sendmail can deliver from its quarantine without a word of release.
    if (outside) {
      let_go(line, line.queue_id);
    }
    BookMessage* message = find(line);
    if (message != nullptr) {
      take_from_parent(*message, line, delivery);
    }
    if (message == nullptr || !counts(*message, delivery)) {
      // Anybody may write a line: this one is about no message of this host.
      static telemetry::Counter& unknown = telemetry::counter("reports_unknown_message_total");
      unknown.add();
      return;
    }
    if (!is_news(line, delivery)) {
      return;
    }
    message->reported_at = line.time;
    if (!outside) {
      stay(*message, line, delivery);
      return;
    }
    // Of mail that the milter saw, another recipient is a blind copy or an invention: it is
    // charged, and teaches nothing.
    subject.trusted = !message->admitted_here || ledger::is_admitted(*message, asked_for(delivery));
    const std::string owner = subject.trusted ? relay_owner(delivery, line.time) : std::string{};
    BookRecipient& recipient = find_recipient(*message, line, delivery);
    subject.flow = recipient.flow;
    subject.standing = recipient.standing;
    subject.transaction_recipients = message->transaction_recipients;
    found = classify(delivery, subject.flow, owner);
    ramp::Reported reported;
    reported.reply_class = reply::counts_as(found);
    reported.scope = found.scope;
    reported.permanent = found.permanence == reply::Permanence::Permanent;
    reported.stage = found.stage;
    reported.standing = subject.standing;
    reported.final = final;
    // A next hop's 250 is not the provider's; only where notices would tell of a failure does
    // their silence count.
    reported.volume_counts = !active_->options().smarthost || active_->options().reads_notices;
    const bool by_silence =
        active_->options().smarthost && found.reply_class == reply::ReplyClass::Delivered;
    // What a provider says of everybody is not the sender's fault.
    const bool doubted = reply::blames_address(found.reply_class) &&
                         ledger_.guards.doubts(subject.flow.provider, line.time) &&
                         ramp::is_sound(ledger_.senders.health(subject.flow.sender),
                                        ledger_.host_context(*active_, line.time),
                                        suppression::FailureGuard::kSuspectRun);
    if (!subject.trusted || doubted) {
      reported.reply_class = found.reply_class == reply::ReplyClass::Delivered
                                 ? found.reply_class
                                 : reply::ReplyClass::Policy;
    }
    if (!by_silence && !concerns(subject.flow, owner, !delivery.relay.address.empty())) {
      reported.reply_class = reply::ReplyClass::Policy;  // settles the recipient, teaches nothing
    }
    settle(subject.flow, reported, found, line, delivery.reply.text, &recipient);
    if (final) {
      operations_.emplace_back(
          store::EraseQueued{message->instance, message->queue_id, recipient.address});
      std::erase_if(message->recipients, [&](const BookRecipient& r) { return &r == &recipient; });
    } else {
      operations_.emplace_back(to_record(*message, recipient));
    }
  }
  note(line, delivery, found, subject.flow);
  if (subject.trusted) {
    suppress(delivery, line, found, subject);
  }
}

// What people are shown later: the message's trail, and the replies by kind.
void Applier::note(const report::LogLine& line,
                   const report::Delivery& delivery,
                   const reply::Classification& found,
                   const ramp::FlowKey& flow) {
  const std::string& rule = active_->policy().replies.rule(found.rule).name;
  ledger_.replies.count(found.reply_class);
  if (found.reply_class != reply::ReplyClass::Delivered) {
    ledger_.replies.note(flow.provider, delivery.reply, found, rule, line.time);
  }
  ledger_.trail.add({line.time, line.queue_id.text(), std::string(mail::to_string(delivery.status)),
                     to_string(delivery.recipient), flow.sender, flow.provider,
                     base::printable(delivery.text, kReplyBytesMax),
                     found.reply_class == reply::ReplyClass::Delivered ? std::string{} : rule});
}

// A line counts if the milter admitted this recipient of this message, or if the MTA took the
// message up in the words of the same source: what one log can be made to say does not touch what
// another one tells.
bool Applier::counts(const BookMessage& message, const report::Delivery& delivery) const {
  if (!message.activated) {
    return false;
  }
  if (!message.source.empty() && message.source == source_) {
    return true;
  }
  return message.admitted_here && ledger::is_admitted(message, asked_for(delivery));
}

// Two sources stamp one event up to a second apart: a log file cuts off what is below a second.
bool Applier::is_news(const report::LogLine& line, const report::Delivery& delivery) {
  std::string what = line.instance;
  for (const std::string& part :
       {line.queue_id.text(), to_string(delivery.recipient),
        delivery.original_recipient ? to_string(*delivery.original_recipient) : std::string{},
        std::string(mail::to_string(delivery.status))}) {
    what += '\n';
    what += part;
  }
  if (ledger_.seen.add_report(what, line.time, source_, other_sources_, may_repeat_)) {
    return true;
  }
  static telemetry::Counter& repeated = telemetry::counter("reports_repeated_total");
  repeated.add();
  return false;
}

reply::Classification Applier::classify(const report::Delivery& delivery,
                                        const ramp::FlowKey& flow,
                                        std::string_view owner) {
  const bool named = active_->policy().providers.is_named(flow.provider);
  const std::string_view provider =
      !owner.empty() || named ? owner : std::string_view(flow.provider);
  return ledger_.classifier.classify(
      active_, {delivery.reply.text, provider, delivery.relay.host, delivery.reply.stage,
                delivery.dsn, delivery.status});
}

// The report's effect on flow, host flow and sender. `recipient` takes its new standing; without
// one the reply was given to no recipient in particular.
void Applier::settle(const ramp::FlowKey& key,
                     const ramp::Reported& reported,
                     const reply::Classification& found,
                     const report::LogLine& line,
                     std::string_view text,
                     BookRecipient* recipient) {
  ledger_.flows.change(key, [&](const FlowTable::View& view) {
    const ramp::Context context = ledger_.context(*active_, key, line.time);
    const ramp::Context host_context = ledger_.host_context(*active_, line.time);
    // A clock set back by a day: the event would be too old for windows that are still ahead.
    ramp::Context machine = context;
    machine.now = ledger_.clock.wall_now();
    ramp::bring_back(view.flow.state, machine);
    ramp::bring_back(view.host.state.flow, machine);
    if (recipient != nullptr && reported.standing == ramp::Standing::Unadmitted) {
      // Left without our admission: alias targets, bcc, mail that passed while rampart was down.
      ramp::charge(view.flow.state, context);
      ramp::charge(view.host.state.flow, host_context);
    }
    const ramp::Effects effects = ledger_.senders.change(key.sender, [&](ramp::Health& health) {
      return ramp::on_report({view.flow.state, view.host.state, health, key.sender}, reported,
                             context, host_context);
    });
    if (reported.reply_class == reply::ReplyClass::Delivered) {
      ++view.flow.delivered;
    } else if (reply::slows_flow(reported.reply_class, reported.scope)) {
      ++view.flow.deferrals;
      view.flow.last_reply = base::printable(text, kReplyBytesMax);
      view.flow.last_rule = active_->policy().replies.rule(found.rule).name;
    } else if (reported.permanent) {
      ++view.flow.refused;
    }
    if (recipient != nullptr) {
      recipient->standing = effects.standing;
    }
    log_effects(key, effects, view.flow, found, line, text);
  });
}

void Applier::log_effects(const ramp::FlowKey& key,
                          const ramp::Effects& effects,
                          const LiveFlow& flow,
                          const reply::Classification& found,
                          const report::LogLine& line,
                          std::string_view text) const {
  if (!effects.flow_paused && !effects.host_paused && !effects.sender_stopped &&
      !effects.limit_learned) {
    return;
  }
  const char* state = effects.sender_stopped  ? "stopped"
                      : effects.limit_learned ? "limited"
                                              : "paused";
  telemetry::Line entry("flow");
  entry.add("state", state)
      .add("sender", key.sender)
      .add("provider", effects.host_paused ? key.provider + " (all senders)" : key.provider)
      .add("until",
           base::format_utc(effects.sender_stopped ? ledger_.senders.health(key.sender).stop_until
                                                   : flow.state.pause_until))
      .add("rule", active_->policy().replies.rule(found.rule).name)
      .add("cause", base::printable(text, kReplyBytesMax))
      .add("queue_id", line.queue_id.text());
  telemetry::write(telemetry::Level::Info, entry);
}

void Applier::suppress(const report::Delivery& delivery,
                       const report::LogLine& line,
                       const reply::Classification& found,
                       const Subject& subject) {
  // A next hop's 250 says nothing of the recipient.
  const bool hop_took_it =
      active_->options().smarthost && found.reply_class == reply::ReplyClass::Delivered;
  if (delivery.recipient.domain.empty() || hop_took_it) {
    return;
  }
  Lesson lesson;
  lesson.recipient = delivery.recipient;
  lesson.flow = subject.flow;
  lesson.found = found;
  lesson.final = delivery.status != mail::DeliveryStatus::Deferred;
  lesson.transaction_recipients = subject.transaction_recipients;
  lesson.text = delivery.reply.text;
  lesson.queue_id = line.queue_id.text();
  lesson.time = line.time;
  learn_recipient(ledger_, *active_, lesson, operations_);
}

// "host X refused to talk to me: 421 ..." hides in front of a later success; it concerns no
// recipient but every flow of the message at that provider.
void Applier::on_refused_to_talk(const report::LogLine& line,
                                 const report::RefusedToTalk& refused) {
  if (line.queue_id.empty() || active_->options().smarthost ||
      active_->is_own_address(refused.relay.address)) {
    return;
  }
  const base::MutexLock lock(ledger_.book_mutex);
  const BookMessage* message = find(line);
  if (message == nullptr || !message->activated ||
      (!message->admitted_here && message->source != source_)) {
    return;
  }
  const std::string what = line.instance + '\n' + line.queue_id.text() + '\n' +
                           refused.relay.address + '\n' + refused.reply.text;
  if (!ledger_.seen.add_report(what, line.time, source_, other_sources_, may_repeat_)) {
    return;
  }
  const std::string owner(active_->policy().providers.find_by_host(refused.relay.host));
  std::vector<ramp::FlowKey> keys;
  for (const BookRecipient& recipient : message->recipients) {
    if (std::find(keys.begin(), keys.end(), recipient.flow) == keys.end()) {
      keys.push_back(recipient.flow);
    }
  }
  for (const ramp::FlowKey& key : keys) {
    if (!concerns(key, owner, true)) {
      continue;
    }
    const reply::Classification found = ledger_.classifier.classify(
        active_, {refused.reply.text, owner, refused.relay.host, refused.reply.stage, {}, {}});
    if (!reply::slows_flow(found.reply_class, found.scope)) {
      continue;
    }
    ramp::Reported reported;
    reported.reply_class = found.reply_class;
    reported.scope = found.scope;
    reported.permanent = found.permanence == reply::Permanence::Permanent;
    reported.stage = found.stage;
    reported.final = true;  // no recipient stays deferred because of it
    settle(key, reported, found, line, refused.reply.text, nullptr);
  }
}

}  // namespace rampart::learner
