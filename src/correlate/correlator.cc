#include "rampart/correlate/correlator.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "rampart/base/text.h"
#include "rampart/mail/address.h"
#include "rampart/provider/table.h"

namespace rampart::correlate {
namespace {

using base::WallTime;
using reply::ReplyClass;
using report::Delivery;
using report::LogLine;

template <class... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};
template <class... Handlers>
Overloaded(Handlers...) -> Overloaded<Handlers...>;

bool is_smtp_client(std::string_view service) noexcept {
  return service != "local" && service != "virtual" && service != "pipe" && service != "discard" &&
         service != "error" && service != "cleanup";
}

// The same mail under another queue ID, but for its recipients.
void inherit(Message& next, const Message& from) {
  next.sender = from.sender;
  next.envelope_sender = from.envelope_sender;
  next.activated = from.activated;
  next.admitted_here = from.admitted_here;
  next.source = from.source;
  next.transaction_recipients = from.transaction_recipients;
  next.admitted = from.admitted;
  next.arrived = std::min(next.arrived, from.arrived);
}

}  // namespace

ramp::Reported reported_of(const reply::Classification& found) {
  ramp::Reported reported;
  reported.reply_class = reply::counts_as(found);
  reported.scope = found.scope;
  reported.permanent = found.permanence == reply::Permanence::Permanent;
  reported.stage = found.stage;
  return reported;
}

std::string_view book_instance(std::string_view instance) noexcept {
  return instance == "postfix" ? std::string_view{} : instance;
}

std::string sender_of(const policy::Active& active, const std::string& envelope_sender) {
  return active.policy().senders.sender_of(
      mail::parse_address(envelope_sender).value_or(mail::Address{}), {}, {});
}

// --- finding ---

Message* Correlator::find(const LogLine& line) {
  return book_.find(book_instance(line.instance), line.queue_id.text());
}

// As the milter saw it, where the log tells.
const std::string& Correlator::asked_for(const Delivery& delivery) {
  spelling_ = book_key(delivery.original_recipient.value_or(delivery.recipient));
  return spelling_;
}

Recipient* Correlator::look_up(Message& message, const Delivery& delivery) {
  const auto find = [&](const std::string& name) {
    const auto found = std::find_if(message.recipients.begin(), message.recipients.end(),
                                    [&](const Recipient& r) { return r.address == name; });
    return found == message.recipients.end() ? nullptr : &*found;
  };
  if (message.recipients.empty()) {
    return nullptr;
  }
  Recipient* known = find(asked_for(delivery));
  if (known == nullptr && delivery.original_recipient) {
    known = find(book_key(delivery.recipient));
  }
  return known;
}

// The sender is named at the first delivery that leaves the host: the queue manager takes up
// incoming mail as well, whose senders are none of ours.
Recipient& Correlator::find_recipient(Message& message,
                                      const LogLine& line,
                                      const Delivery& delivery) {
  if (Recipient* known = look_up(message, delivery)) {
    return *known;
  }
  if (message.sender.empty()) {
    message.sender = keeper_.sender_of(message.envelope_sender, line.time);
    keeper_.store(message);
  }
  return message.recipients.emplace_back(
      Recipient{book_key(delivery.recipient),
                {message.sender, keeper_.provider_of(delivery.recipient.domain)},
                ramp::Standing::Unadmitted,
                line.time});
}

void Correlator::erase(Message& message, const Recipient& recipient) {
  keeper_.erase(message, recipient);
  std::erase_if(message.recipients, [&](const Recipient& r) { return &r == &recipient; });
  book_.note_done(message);
}

// --- rules ---

// A relay at one of this host's own addresses is a content filter; everything else with an address
// left the host, whatever the address.
bool Correlator::leaves_host(const LogLine& line, const Delivery& delivery) const {
  if (delivery.own || !is_smtp_client(line.service) || !delivery.attempted) {
    return false;
  }
  return delivery.relay.address.empty() ? delivery.leaves_host
                                        : !active_.is_own_address(delivery.relay.address);
}

// What one log can be made to say does not touch what another one tells.
bool Correlator::counts(const Message& message, const Delivery& delivery) {
  if (!message.activated) {
    return false;
  }
  return (!message.source.empty() && message.source == source_) ||
         (message.admitted_here && is_admitted(message, asked_for(delivery)));
}

// The provider that owns the relay; it also teaches where the recipient's domain belongs.
std::string_view Correlator::relay_owner(const Delivery& delivery, WallTime now) {
  const provider::Table& table = active_.policy().providers;
  if (active_.options().smarthost || delivery.relay.host.empty()) {
    return {};
  }
  const std::string_view owner = table.find_by_host(delivery.relay.host);
  const mail::Domain& domain = delivery.recipient.domain;
  if (!owner.empty() && !domain.empty() && table.find_by_domain(domain).empty()) {
    keeper_.teach(domain, owner, now);
  }
  return owner;
}

// Only the provider that owns the relay is concerned: the owner of a recipient domain must not be
// able to pause Gmail for everyone by answering like Gmail; and a next hop's words are not the
// provider's.
bool Correlator::concerns(const ramp::FlowKey& flow,
                          bool named,
                          std::string_view owner,
                          bool host_reached) const {
  return !active_.options().smarthost && (!named || owner == flow.provider || !host_reached);
}

// --- outcomes ---

Outcome Correlator::outcome_of(const Message& message,
                               const Recipient* recipient,
                               Outcome::Kind kind,
                               WallTime time) {
  Outcome outcome;
  outcome.kind = kind;
  outcome.time = time;
  outcome.queue_id = message.queue_id;
  outcome.message = message.serial;
  outcome.arrived = message.arrived;
  outcome.transaction_recipients = message.transaction_recipients;
  outcome.reported.final = true;
  if (recipient != nullptr) {
    outcome.flow = &recipient->flow;
    outcome.recipient = recipient->address;
    outcome.attempts = recipient->attempts;
    outcome.reported.standing = outcome.standing = recipient->standing;
  }
  return outcome;
}

void Correlator::on_delivery(const LogLine& line, const Delivery& delivery) {
  if (delivery.own || line.service == "cleanup" || line.queue_id.empty()) {
    return;
  }
  Message* const message = find(line);
  if (message != nullptr) {
    take_from_parent(*message, delivery);
  }
  if (message == nullptr || !counts(*message, delivery)) {
    keeper_.on_unknown();
    return;
  }
  if (!keeper_.is_news(line)) {
    return;
  }
  message->reported_at = line.time;
  if (leaves_host(line, delivery)) {
    reply(*message, line, delivery);
  } else {
    stay(*message, line, delivery);
  }
  book_.note_done(*message);
}

void Correlator::reply(Message& message, const LogLine& line, const Delivery& delivery) {
  // Of mail that the milter saw, another recipient is a blind copy or an invention: it is charged,
  // and teaches nothing.
  const bool trusted = !message.admitted_here || is_admitted(message, asked_for(delivery));
  const std::string_view owner = trusted ? relay_owner(delivery, line.time) : std::string_view{};
  Recipient& recipient = find_recipient(message, line, delivery);
  ++recipient.attempts;
  const ramp::FlowKey& flow = recipient.flow;
  const bool named = active_.policy().providers.is_named(flow.provider);
  Outcome outcome = outcome_of(message, &recipient, Outcome::Kind::Reply, line.time);
  outcome.queue_id = line.queue_id.text();  // outlives the message
  outcome.delivery = &delivery;
  outcome.text = delivery.reply.text;
  outcome.trusted = trusted;
  outcome.found = keeper_.classify(
      {delivery.reply.text, !owner.empty() || named ? owner : std::string_view(flow.provider),
       delivery.relay.host, delivery.reply.stage, delivery.dsn, delivery.status});
  ramp::Reported& reported = outcome.reported;
  reported = reported_of(outcome.found);
  reported.standing = recipient.standing;
  reported.final = delivery.status != mail::DeliveryStatus::Deferred;
  // A next hop's 250 is not the provider's; only where notices would tell of a failure does their
  // silence count.
  const bool smarthost = active_.options().smarthost;
  reported.volume_counts = !smarthost || active_.options().reads_notices;
  const bool delivered = outcome.found.reply_class == ReplyClass::Delivered;
  if ((!trusted && !delivered) ||
      (!(smarthost && delivered) &&
       !concerns(flow, named, owner, !delivery.relay.address.empty()))) {
    reported.reply_class = ReplyClass::Policy;  // settles the recipient, teaches nothing
  }
  keeper_.take(outcome);
  recipient.standing = outcome.standing;
  if (reported.final) {
    erase(message, recipient);
  } else {
    keeper_.store(message, recipient);
  }
}

// A delivery that did not leave the host. Handed on to a content filter or an alias, the message
// goes on under another queue ID, and the unit with it; otherwise the recipient's way ends here.
void Correlator::stay(Message& message, const LogLine& line, const Delivery& delivery) {
  if (delivery.status == mail::DeliveryStatus::Deferred) {
    return;  // waits in the queue for a cause that is no provider's
  }
  const Recipient* const known = look_up(message, delivery);
  Message* next = nullptr;
  if (delivery.forwarded_as) {
    const std::string& id = delivery.forwarded_as->text();
    next = known == nullptr ? book_.find(message.instance, id)
                            : book_.enter(message.instance, id, line.time);
  }
  if (next != nullptr) {
    next->arrived = std::min(next->arrived, message.arrived);
  } else if (known != nullptr && delivery.forwarded_as) {
    keeper_.on_full();
  }
  if (known == nullptr) {
    return;
  }
  if (next == nullptr) {
    forget(message, *known, line.time);
    erase(message, *known);
    return;
  }
  Recipient recipient = *known;
  erase(message, *known);
  inherit(*next, message);
  next->activated = true;
  next->recipients.push_back(std::move(recipient));
  keeper_.store(*next);
  keeper_.store(*next, next->recipients.back());
}

// The recipient of a split message, which stands in the book under the ID that was split.
void Correlator::take_from_parent(Message& message, const Delivery& delivery) {
  if (message.parent.empty() || look_up(message, delivery) != nullptr) {
    return;
  }
  Message* const parent = book_.find(message.instance, message.parent);
  const Recipient* const known = parent == nullptr ? nullptr : look_up(*parent, delivery);
  if (known == nullptr) {
    return;
  }
  Recipient recipient = *known;
  erase(*parent, *known);
  message.recipients.push_back(std::move(recipient));
  keeper_.store(message, message.recipients.back());
}

// "host X refused to talk to me: 421 ..." hides in front of a later success; it concerns no
// recipient but every flow of the message at that provider.
void Correlator::on_refused_to_talk(const LogLine& line, const report::RefusedToTalk& refused) {
  if (line.queue_id.empty() || active_.options().smarthost ||
      active_.is_own_address(refused.relay.address)) {
    return;
  }
  const Message* const message = find(line);
  if (message == nullptr || !message->activated ||
      (!message->admitted_here && message->source != source_) || !keeper_.is_news(line)) {
    return;
  }
  const provider::Table& table = active_.policy().providers;
  const std::string_view owner = table.find_by_host(refused.relay.host);
  std::vector<const ramp::FlowKey*> flows;
  for (const Recipient& recipient : message->recipients) {
    if (std::none_of(flows.begin(), flows.end(),
                     [&](const ramp::FlowKey* flow) { return *flow == recipient.flow; }) &&
        concerns(recipient.flow, table.is_named(recipient.flow.provider), owner, true)) {
      flows.push_back(&recipient.flow);
    }
  }
  for (const ramp::FlowKey* flow : flows) {
    Outcome outcome = outcome_of(*message, nullptr, Outcome::Kind::RefusedToTalk, line.time);
    outcome.flow = flow;
    outcome.found = keeper_.classify(
        {refused.reply.text, owner, refused.relay.host, refused.reply.stage, {}, {}});
    outcome.text = refused.reply.text;
    outcome.reported = reported_of(outcome.found);
    outcome.reported.final = true;  // no recipient stays deferred because of it
    if (reply::slows_flow(outcome.reported.reply_class, outcome.reported.scope)) {
      keeper_.take(outcome);
    }
  }
}

// --- the queue ---

void Correlator::on_active(const LogLine& line, const report::QueueActive& event) {
  if (line.queue_id.empty()) {
    return;
  }
  Message* const message =
      book_.enter(book_instance(line.instance), line.queue_id.text(), line.time);
  if (message == nullptr) {
    keeper_.on_full();
    return;
  }
  if (message->source.empty()) {
    message->source = source_;
  }
  if (message->activated) {
    return;
  }
  message->activated = true;
  message->envelope_sender = to_string(event.sender);
  message->transaction_recipients = event.recipients;
  message->seen_at = line.time;
  keeper_.store(*message);
}

// The queue manager names no recipients: those still in the book are the ones returned to the
// sender.
void Correlator::on_expired(const LogLine& line) {
  Message* const message = find(line);
  if (message == nullptr) {
    return;
  }
  while (!message->recipients.empty()) {
    const Recipient& recipient = message->recipients.front();
    Outcome outcome = outcome_of(*message, &recipient, Outcome::Kind::Expired, line.time);
    outcome.found.reply_class = ReplyClass::Expired;
    outcome.reported.reply_class = ReplyClass::Expired;
    keeper_.take(outcome);
    erase(*message, recipient);
  }
}

void Correlator::forget(const Message& message, const Recipient& recipient, WallTime now) {
  Outcome outcome = outcome_of(message, &recipient, Outcome::Kind::Forgotten, now);
  keeper_.take(outcome);
}

void Correlator::forget(Message& message, WallTime now) {
  for (const Recipient& recipient : message.recipients) {
    forget(message, recipient, now);
  }
  keeper_.erase(message);
  book_.erase(message);
}

void Correlator::on_removed(const LogLine& line) {
  if (Message* const message = find(line)) {
    forget(*message, line.time);
  }
}

// postsuper -r: the same message goes on under a new queue ID, also out of the hold queue.
void Correlator::on_requeued(const LogLine& line, const mail::QueueId& old_id) {
  Message* const message = book_.find(book_instance(line.instance), old_id.text());
  if (message == nullptr || line.queue_id.empty() || line.queue_id == old_id) {
    return;
  }
  // It has been taken up there before this line was read.
  if (Message* const other = book_.find(message->instance, line.queue_id.text())) {
    forget(*other, line.time);
  }
  keeper_.erase(*message);
  book_.rename(*message, line.queue_id.text());
  keeper_.store(*message);
  for (const Recipient& recipient : message->recipients) {
    keeper_.store(*message, recipient);
  }
}

// Sendmail split the message: some of its recipients go on under this line's queue ID. Which ones,
// their deliveries tell.
void Correlator::on_cloned(const LogLine& line, const mail::QueueId& old_id) {
  const Message* const from = book_.find(book_instance(line.instance), old_id.text());
  if (from == nullptr || line.queue_id.empty() || line.queue_id == old_id) {
    return;
  }
  Message* const message = book_.enter(from->instance, line.queue_id.text(), line.time);
  if (message == nullptr) {
    keeper_.on_full();
    return;
  }
  inherit(*message, *from);
  message->parent = from->queue_id;
  keeper_.store(*message);
}

std::size_t Correlator::forget_due(WallTime now, std::size_t limit) {
  std::size_t count = 0;
  for (; count < limit; ++count) {
    Message* const message = book_.find_due(now, active_.options().constants.forget_after);
    if (message == nullptr) {
      break;
    }
    forget(*message, now);
  }
  return count;
}

void Correlator::add(const LogLine& line) {
  const auto ignore = [](const auto&) {
  };
  std::visit(
      Overloaded{[&](const Delivery& event) { on_delivery(line, event); },
                 [&](const report::RefusedToTalk& event) { on_refused_to_talk(line, event); },
                 [&](const report::QueueActive& event) { on_active(line, event); },
                 [&](const report::Expired&) { on_expired(line); },
                 [&](const report::Removed&) { on_removed(line); },
                 [&](const report::Deleted&) { on_removed(line); },
                 [&](const report::Requeued& event) { on_requeued(line, event.old_id); },
                 [&](const report::Cloned& event) { on_cloned(line, event.old_id); }, ignore},
      line.event);
}

}  // namespace rampart::correlate
