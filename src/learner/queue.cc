// What the queue manager, the local transports and postsuper say of a message as a whole.

#include <algorithm>

#include "rampart/telemetry/counter.h"

#include "applier.h"

namespace rampart::learner {

using ledger::QueueBook;

namespace {

// A log cuts off what is below a second, and clocks are set.
constexpr base::Micros kStampError = std::chrono::minutes{5};

// The same mail under another queue ID, but for its recipients.
void inherit(BookMessage& next, const BookMessage& from) {
  next.sender = from.sender;
  next.envelope_sender = from.envelope_sender;
  next.activated = from.activated;
  next.admitted_here = from.admitted_here;
  next.source = from.source;
  next.transaction_recipients = from.transaction_recipients;
  next.admitted = from.admitted;
}

}  // namespace

// A delivery that did not leave the host. Handed on to a content filter or an alias, the message
// goes on under another queue ID, and the unit with it; otherwise the recipient's way ends here.
void Applier::stay(BookMessage& message,
                   const report::LogLine& line,
                   const report::Delivery& delivery) {
  if (delivery.status == mail::DeliveryStatus::Deferred) {
    return;  // waits in the queue for a cause that is no provider's
  }
  const BookRecipient* known = look_up(message, delivery);
  if (known == nullptr) {
    return;
  }
  BookRecipient recipient = *known;
  operations_.emplace_back(
      store::EraseQueued{message.instance, message.queue_id, recipient.address});
  std::erase_if(message.recipients, [&](const BookRecipient& r) { return &r == known; });
  if (!delivery.forwarded_as) {
    ledger_.flows.change(recipient.flow, [&](const FlowTable::View& view) {
      ramp::forget(view.flow.state, view.host.state, recipient.standing);
    });
    return;
  }
  const BookMessage from = message;  // entering another may move it
  BookMessage& next = ledger_.book.enter(from.instance, delivery.forwarded_as->text(), line.time);
  inherit(next, from);
  next.activated = true;
  next.recipients.push_back(std::move(recipient));
  operations_.emplace_back(to_record(next));
  operations_.emplace_back(to_record(next, next.recipients.back()));
}

// Named at the first delivery that leaves the host: the queue manager takes up incoming mail as
// well, whose senders are none of ours.
const std::string& Applier::sender_of(BookMessage& message, base::WallTime now) {
  if (message.sender.empty()) {
    const mail::Address sender =
        mail::parse_address(message.envelope_sender).value_or(mail::Address{});
    const std::string name = active_->policy().senders.sender_of(sender, {}, {});
    message.sender = ledger_.senders.enter(name, active_->is_named_sender(name) || sender.is_null(),
                                           active_->options().new_senders_per_day, now);
    operations_.emplace_back(to_record(message));
  }
  return message.sender;
}

bool Applier::is_held(const report::LogLine& line, const mail::QueueId& queue_id) const {
  const ledger::HeldMessage* message = ledger_.held.find(queue_id.text());
  return message != nullptr && line.time + kStampError >= message->record.held_at;
}

// Whoever told the MTA to: if it was us, the message is charged already.
void Applier::let_go(const report::LogLine& line, const mail::QueueId& queue_id) {
  if (is_held(line, queue_id)) {
    ledger_.let_go(queue_id.text(), ledger_.clock.wall_now(), operations_);
  }
}

void Applier::forget_held(const report::LogLine& line) {
  if (is_held(line, line.queue_id)) {
    ledger_.forget_held(line.queue_id.text(), ledger_.clock.wall_now(), operations_);
  }
}

void Applier::on_active(const report::LogLine& line, const mail::Address& sender) {
  const base::MutexLock lock(ledger_.book_mutex);
  if (ledger_.book.size() >= QueueBook::kMessagesMax && find(line) == nullptr) {
    static telemetry::Counter& full = telemetry::counter("queue_book_full_total");
    full.add();
    return;
  }
  // Postfix's queue manager takes up nothing that is held. Sendmail, which has no instance, says
  // this of what arrives, and then quarantines it.
  if (!line.instance.empty()) {
    let_go(line, line.queue_id);
  }
  BookMessage& message =
      ledger_.book.enter(book_instance(line.instance), line.queue_id.text(), line.time);
  if (message.source.empty()) {
    message.source = source_;
  }
  if (message.activated) {
    return;
  }
  message.activated = true;
  message.envelope_sender = to_string(sender);
  message.seen_at = line.time;
  operations_.emplace_back(to_record(message));
}

// The queue manager names no recipients: those still in the book are the ones returned to the
// sender.
void Applier::on_expired(const report::LogLine& line) {
  const base::MutexLock lock(ledger_.book_mutex);
  BookMessage* message = find(line);
  if (message == nullptr) {
    return;
  }
  for (BookRecipient& recipient : message->recipients) {
    ramp::Reported reported;
    reported.reply_class = reply::ReplyClass::Expired;
    reported.standing = recipient.standing;
    reported.final = true;
    ledger_.flows.change(recipient.flow, [&](const FlowTable::View& view) {
      ledger_.senders.change(recipient.flow.sender, [&](ramp::Health& health) {
        return ramp::on_report({view.flow.state, view.host.state, health, recipient.flow.sender},
                               reported, ledger_.context(*active_, recipient.flow, line.time),
                               ledger_.host_context(*active_, line.time));
      });
    });
    operations_.emplace_back(
        store::EraseQueued{message->instance, message->queue_id, recipient.address});
    ledger_.replies.count(reply::ReplyClass::Expired);
    ledger_.trail.add({line.time,
                       line.queue_id.text(),
                       "expired",
                       recipient.address,
                       recipient.flow.sender,
                       recipient.flow.provider,
                       {},
                       {}});
  }
  message->recipients.clear();
}

void Applier::on_removed(const report::LogLine& line) {
  const base::MutexLock lock(ledger_.book_mutex);
  forget_held(line);
  if (BookMessage* message = find(line)) {
    ledger_.forget_recipients(*message);
    operations_.emplace_back(store::EraseMessage{message->instance, message->queue_id});
    ledger_.book.erase(BookMessage(*message));
  }
}

void Applier::on_released(const report::LogLine& line) {
  const base::MutexLock lock(ledger_.book_mutex);
  let_go(line, line.queue_id);
}

// postsuper -r: the same message goes on under a new queue ID, also out of the hold queue.
void Applier::on_requeued(const report::LogLine& line, const mail::QueueId& old_id) {
  const base::MutexLock lock(ledger_.book_mutex);
  let_go(line, old_id);
  const BookMessage* old = ledger_.book.find(book_instance(line.instance), old_id.text());
  if (old == nullptr) {
    return;
  }
  const BookMessage copy = *old;
  operations_.emplace_back(store::EraseMessage{copy.instance, copy.queue_id});
  ledger_.book.erase(copy);
  BookMessage& message = ledger_.book.enter(copy.instance, line.queue_id.text(), line.time);
  const std::string new_id = message.queue_id;
  message = copy;
  message.queue_id = new_id;
  operations_.emplace_back(to_record(message));
  for (const BookRecipient& recipient : message.recipients) {
    operations_.emplace_back(to_record(message, recipient));
  }
}

void Applier::refund(const BookRecipient& recipient) {
  ledger_.flows.change(recipient.flow, [&](const FlowTable::View& view) {
    // At the machine's time: an old line must not look like a clock set back.
    const base::WallTime now = ledger_.clock.wall_now();
    ramp::refund(view.flow.state, ledger_.context(*active_, recipient.flow, now),
                 recipient.admitted_at);
    ramp::refund(view.host.state.flow, ledger_.host_context(*active_, now), recipient.admitted_at);
  });
}

// Sendmail split the message: some of its recipients go on under this line's queue ID. Which ones,
// their deliveries tell.
void Applier::on_cloned(const report::LogLine& line, const mail::QueueId& old_id) {
  const base::MutexLock lock(ledger_.book_mutex);
  const BookMessage* old = ledger_.book.find(book_instance(line.instance), old_id.text());
  if (old == nullptr || ledger_.book.size() >= QueueBook::kMessagesMax) {
    return;
  }
  const BookMessage from = *old;
  BookMessage& message = ledger_.book.enter(from.instance, line.queue_id.text(), line.time);
  inherit(message, from);
  message.parent = from.queue_id;
  operations_.emplace_back(to_record(message));
}

// The recipient of a split message, which stands in the book under the ID that was split.
void Applier::take_from_parent(BookMessage& message,
                               const report::LogLine& line,
                               const report::Delivery& delivery) {
  if (message.parent.empty() || look_up(message, delivery) != nullptr) {
    return;
  }
  BookMessage* parent = ledger_.book.find(book_instance(line.instance), message.parent);
  BookRecipient* known = parent == nullptr ? nullptr : look_up(*parent, delivery);
  if (known == nullptr) {
    return;
  }
  operations_.emplace_back(store::EraseQueued{parent->instance, parent->queue_id, known->address});
  message.recipients.push_back(std::move(*known));
  std::erase_if(parent->recipients, [&](const BookRecipient& r) { return &r == known; });
  operations_.emplace_back(to_record(message, message.recipients.back()));
}

// Another milter took a recipient off after we had admitted it. One that we dropped ourselves never
// came into the book.
void Applier::on_recipient_removed(const report::LogLine& line, const mail::Address& recipient) {
  const base::MutexLock lock(ledger_.book_mutex);
  BookMessage* message = find(line);
  if (message == nullptr || !message->admitted_here) {
    return;
  }
  const std::string name = ledger::book_key(recipient);
  const auto found = std::find_if(message->recipients.begin(), message->recipients.end(),
                                  [&](const BookRecipient& r) { return r.address == name; });
  if (found == message->recipients.end()) {
    return;
  }
  refund(*found);
  operations_.emplace_back(store::EraseQueued{message->instance, message->queue_id, name});
  message->recipients.erase(found);
}

// A later milter refused the message at its end, after we had admitted it: nothing was sent. Our
// own refusals never had a unit.
void Applier::on_milter_reject(const report::LogLine& line, const report::MilterReject& reject) {
  if (reject.stage != "END-OF-MESSAGE" || line.queue_id.empty()) {
    return;
  }
  const base::MutexLock lock(ledger_.book_mutex);
  forget_held(line);
  BookMessage* message = find(line);
  if (message == nullptr || !message->admitted_here) {
    return;
  }
  for (const BookRecipient& recipient : message->recipients) {
    refund(recipient);
  }
  message->recipients.clear();
  operations_.emplace_back(store::EraseMessage{message->instance, message->queue_id});
  ledger_.book.erase(BookMessage(*message));
}

}  // namespace rampart::learner
