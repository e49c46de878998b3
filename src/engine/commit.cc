// The end of a message: what becomes of its recipients, and what the books note of them.

#include <algorithm>
#include <array>

#include "rampart/base/hex.h"
#include "rampart/base/random.h"
#include "rampart/ledger/books.h"
#include "rampart/ledger/sources.h"
#include "rampart/ledger/trail.h"
#include "rampart/ledger/writer.h"
#include "rampart/telemetry/counter.h"
#include "rampart/telemetry/log.h"

#include "decider.h"
#include "held_queue.h"

namespace rampart::engine {

using ledger::BookMessage;
using policy::Action;
using store::HeldRecord;

namespace {

// Of several reasons for a hold the one that no waiting mends is told; above 0 they need a person.
int weight_of(std::string_view reason) noexcept {
  return reason == "suppressed" ? 3 : reason == "pending" ? 2 : reason == "unreadable" ? 1 : 0;
}

// 128 random bits as 32 lower-case hexadecimal digits.
std::string random_token() {
  std::array<char, 16> bytes{};
  base::fill_random(bytes.data(), bytes.size());
  return base::encode_hex({bytes.data(), bytes.size()});
}

}  // namespace

Ending Decider::commit(Transaction& transaction, const mail::QueueId& queue_id) {
  if (!transaction.is_open()) {
    return {};
  }
  const std::unique_ptr<Transaction::Data> open = std::move(transaction.data_);
  const base::WallTime now = with_.clock.wall_now();
  std::vector<TransactionRecipient>& all = open->recipients;
  const auto count = [&](Action action) {
    return std::count_if(all.begin(), all.end(),
                         [&](const TransactionRecipient& r) { return r.action == action; });
  };
  const auto dropped = count(Action::Drop);
  // A message without recipients would vanish without a trace, so it is held instead.
  const bool nobody_left = dropped > 0 && dropped == static_cast<std::ptrdiff_t>(all.size());
  Ending ending;
  ending.token = make_token(*open, queue_id, now);
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
    hold(*open, queue_id, now, ending);
  } else {
    enter(*open, queue_id, now);
  }
  return ending;
}

// By this token a notice from outside is believed later: nobody else knows it.
std::string Decider::make_token(const Transaction::Data& open,
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
  record.token = random_token();
  record.queue_id = queue_id.text();
  record.sender = open.sender;
  record.time = now;
  std::string token = record.token;
  return with_.writer.try_add({std::move(record)}) ? token : std::string{};
}

void Decider::note(const TransactionRecipient& recipient,
                   const mail::QueueId& queue_id,
                   std::string_view what,
                   std::string_view text,
                   base::WallTime now) {
  if (!queue_id.empty()) {
    with_.trail.add({now,
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
void Decider::enter(Transaction::Data& open, const mail::QueueId& queue_id, base::WallTime now) {
  const bool any = std::any_of(open.recipients.begin(), open.recipients.end(),
                               [](const TransactionRecipient& r) { return r.reserved; });
  if (!any) {
    return;
  }
  with_.sources.await(now);
  std::vector<store::Operation> operations;
  const base::MutexLock lock(with_.books.book_mutex);
  BookMessage unnamed;
  BookMessage* const tracked =
      queue_id.empty() ? nullptr : with_.books.book.enter({}, queue_id.text(), now);
  if (tracked == nullptr && !queue_id.empty()) {
    static telemetry::Counter& counted = telemetry::counter("queue_book_full_total");
    counted.add();
  }
  BookMessage& message = tracked != nullptr ? *tracked : unnamed;
  // The MTA uses the queue ID again and we missed the end of the first.
  if (!message.recipients.empty()) {
    with_.books.forget_recipients(message);
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
    with_.books.forget_recipients(message);
    with_.writer.poke();
    return;
  }
  operations.emplace_back(ledger::to_record(message));
  with_.writer.try_add(std::move(operations));
  if (telemetry::is_enabled(telemetry::Level::Debug)) {
    telemetry::write(telemetry::Level::Debug, telemetry::Line(queue_id.text())
                                                  .address("from", open.envelope_sender)
                                                  .add("sender", open.sender)
                                                  .add("recipients", message.recipients.size())
                                                  .add("action", "accept"));
  }
}

void Decider::hold(Transaction::Data& open,
                   const mail::QueueId& queue_id,
                   base::WallTime now,
                   Ending& ending) {
  store::HeldRecord record;
  record.queue_id = queue_id.text();
  record.sender = open.sender;
  record.held_at = now;
  ramp::FlowKey lacks;
  for (const TransactionRecipient& recipient : open.recipients) {
    if (record.reason.empty() || weight_of(recipient.reason) > weight_of(record.reason)) {
      record.reason = recipient.reason;
    }
    if (recipient.flow.provider.empty()) {
      continue;  // stays on this host
    }
    record.recipients.push_back(to_string(recipient.recipient.address));
    record.providers.push_back(recipient.flow.provider);
    record.transactional =
        record.transactional || open.active->rule_for(recipient.flow).transactional;
    if (lacks.provider.empty() || recipient.lacks_volume) {
      lacks = recipient.flow;
    }
  }
  if (weight_of(record.reason) > 0) {
    record.waits_for = HeldRecord::WaitsFor::Person;
  }
  const bool queued = queue_id.empty() || with_.held.enter(record, lacks);
  if (!queued && record.waits_for == HeldRecord::WaitsFor::Volume) {
    return accept_unheld(open, queue_id, now);
  }
  for (TransactionRecipient& recipient : open.recipients) {
    give_back(*open.active, recipient, now);
    if (!recipient.flow.provider.empty()) {
      note(recipient, queue_id, "held", recipient.reason, now);
    }
  }
  telemetry::Line line(queue_id.empty() ? "NOQUEUE" : queue_id.text());
  line.address("from", open.envelope_sender)
      .add("sender", record.sender)
      .add("recipients", record.recipients.size())
      .add("action", "hold")
      .add("reason", record.reason);
  telemetry::write(telemetry::Level::Info, line);
  static telemetry::Counter& counted = telemetry::counter("held_messages_total");
  counted.add();
  ending.hold = true;
  ending.hold_reason = "rampart: " + record.sender + ", " + record.reason;
  // A held message that nobody remembers would lie there for ever, so this is worth a wait.
  if (!queue_id.empty() &&
      (!queued || !with_.writer.wait_round(open.active->options().store_deadline))) {
    telemetry::write(telemetry::Level::Warning,
                     telemetry::Line(record.queue_id)
                         .add("action", "hold")
                         .text("held, but not yet in the store; see postqueue -p"));
  }
}

// The store is so far behind that it takes no record: after a restart nobody would know of the
// message, and it would lie in the hold queue until it is too old.
void Decider::accept_unheld(Transaction::Data& open,
                            const mail::QueueId& queue_id,
                            base::WallTime now) {
  for (TransactionRecipient& recipient : open.recipients) {
    recipient.action = Action::Accept;
    if (!recipient.reserved && !recipient.flow.provider.empty()) {
      take(*open.active, recipient, now);
    }
  }
  enter(open, queue_id, now);
  telemetry::write(telemetry::Level::Warning,
                   telemetry::Line(queue_id.text())
                       .address("from", open.envelope_sender)
                       .add("sender", open.sender)
                       .add("action", "accept")
                       .text("not held: the store takes no record of it; over its allowance"));
}

}  // namespace rampart::engine
