// Reports of single recipients: deliveries, and hosts that refused to talk.

#include <algorithm>

#include "rampart/base/text.h"
#include "rampart/telemetry/counter.h"
#include "rampart/telemetry/log.h"

#include "applier.h"

namespace rampart::learner {
namespace {

constexpr std::size_t kReplyBytesMax = 300;

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
  if (!active_->policy().providers.is_named(flow.provider)) {
    return true;
  }
  return owner == flow.provider || !host_reached;
}

BookRecipient* Applier::look_up(BookMessage& message, const report::Delivery& delivery) {
  const std::string seen_by_milter =
      ledger::book_key(delivery.original_recipient.value_or(delivery.recipient));
  for (const std::string& name : {seen_by_milter, ledger::book_key(delivery.recipient)}) {
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
    BookMessage* message = find(line);
    if (message == nullptr || !message->activated) {
      // Neither admitted here nor taken up by the queue manager: not a message of this host.
      static telemetry::Counter& unknown = telemetry::counter("reports_unknown_message_total");
      unknown.add();
      return;
    }
    if (!outside) {
      stay(*message, line, delivery);
      return;
    }
    const std::string owner = relay_owner(delivery, line.time);
    BookRecipient& recipient = find_recipient(*message, line, delivery);
    subject.flow = recipient.flow;
    subject.standing = recipient.standing;
    subject.transaction_recipients = message->transaction_recipients;
    const bool named = active_->policy().providers.is_named(subject.flow.provider);
    const std::string_view provider =
        !owner.empty() || named ? std::string_view(owner) : subject.flow.provider;
    found =
        active_->policy().replies.classify({delivery.reply.text, provider, delivery.relay.host,
                                            delivery.reply.stage, delivery.dsn, delivery.status});
    ramp::Reported reported;
    reported.reply_class = found.reply_class;
    reported.scope = found.scope;
    reported.permanent = found.permanence == reply::Permanence::Permanent;
    reported.stage = found.stage;
    reported.standing = subject.standing;
    reported.final = final;
    reported.volume_counts = !active_->options().smarthost;
    if (!concerns(subject.flow, owner, !delivery.relay.address.empty())) {
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
  ledger_.replies.count(found.reply_class);
  suppress(delivery, line, found, subject);
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
    if (recipient != nullptr && reported.standing == ramp::Standing::Unadmitted) {
      // Left without our admission: alias targets, bcc, mail that passed while rampart was down.
      ramp::charge(view.flow.state, context);
      ramp::charge(view.host.state.flow, host_context);
    }
    const ramp::Effects effects = ledger_.senders.change(key.sender, [&](ramp::Health& health) {
      return ramp::on_report({view.flow.state, view.host.state, health, key.sender}, reported,
                             context, host_context);
    });
    switch (reported.reply_class) {
      case reply::ReplyClass::Delivered:
        ++view.flow.delivered;
        break;
      case reply::ReplyClass::RateLimited:
      case reply::ReplyClass::ReputationBlock:
        ++view.flow.deferrals;
        view.flow.last_reply = base::printable(text, kReplyBytesMax);
        view.flow.last_rule = active_->policy().replies.rule(found.rule).name;
        break;
      default:
        view.flow.refused += reported.permanent ? 1 : 0;
        break;
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
      .add("until", base::format_utc(flow.state.pause_until))
      .add("rule", active_->policy().replies.rule(found.rule).name)
      .add("cause", base::printable(text, kReplyBytesMax))
      .add("queue_id", line.queue_id.text());
  telemetry::write(telemetry::Level::Info, entry);
}

void Applier::suppress(const report::Delivery& delivery,
                       const report::LogLine& line,
                       const reply::Classification& found,
                       const Subject& subject) {
  if (delivery.recipient.domain.empty()) {
    return;
  }
  const suppression::Options& options = active_->options().suppression;
  const std::string key = suppression::canonical_key(delivery.recipient, options);
  const auto queue = [this](std::vector<store::Operation> operations) {
    std::move(operations.begin(), operations.end(), std::back_inserter(operations_));
  };
  if (found.reply_class == reply::ReplyClass::Delivered) {
    queue(ledger_.suppressor.delivered(key, subject.flow.sender, options, line.time));
    return;
  }
  suppression::Bounce bounce;
  bounce.reply_class = found.reply_class;
  bounce.permanent = found.permanence == reply::Permanence::Permanent;
  bounce.stage = found.stage;
  bounce.rule_suppresses = found.suppress;
  bounce.names_mailbox = found.blames_address;
  bounce.transaction_recipients = subject.transaction_recipients;
  bounce.null_mx = found.null_mx;
  suppression::Entry entry;
  entry.key = key;
  entry.sender = subject.flow.sender;
  entry.evidence = base::printable(delivery.reply.text, kReplyBytesMax);
  entry.queue_id = line.queue_id.text();
  entry.rule = active_->policy().replies.rule(found.rule).name;
  auto operations = ledger_.suppressor.learn(suppression::judge(bounce), entry, options, line.time);
  for (const store::Operation& operation : operations) {
    if (const auto* added = std::get_if<suppression::Entry>(&operation)) {
      telemetry::write(telemetry::Level::Info,
                       telemetry::Line("suppression")
                           .add("change", "added")
                           .recipient("to", delivery.recipient)
                           .add("reason", suppression::to_string(added->reason))
                           .add("rule", added->rule)
                           .add("until", added->until ? base::format_utc(*added->until) : "never")
                           .add("queue_id", added->queue_id)
                           .text(added->evidence));
    }
  }
  queue(std::move(operations));
}

// "host X refused to talk to me: 421 ..." hides in front of a later success; it concerns no
// recipient but every flow of the message at that provider.
void Applier::on_refused_to_talk(const report::LogLine& line,
                                 const report::RefusedToTalk& refused) {
  if (line.queue_id.empty() || active_->is_own_address(refused.relay.address)) {
    return;
  }
  const base::MutexLock lock(ledger_.book_mutex);
  const BookMessage* message = find(line);
  if (message == nullptr || !message->activated) {
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
    const reply::Classification found = active_->policy().replies.classify(
        {refused.reply.text, owner, refused.relay.host, refused.reply.stage, {}, {}});
    if (found.reply_class != reply::ReplyClass::RateLimited &&
        found.reply_class != reply::ReplyClass::ReputationBlock) {
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
