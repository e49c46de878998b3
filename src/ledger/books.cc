#include "rampart/ledger/books.h"

#include <algorithm>

#include "rampart/base/text.h"
#include "rampart/ledger/flow_table.h"
#include "rampart/ledger/in_force.h"
#include "rampart/telemetry/counter.h"

namespace rampart::ledger {

using store::HeldRecord;

void Books::forget_recipients(BookMessage& message) {
  for (const BookRecipient& recipient : message.recipients) {
    flows_.change(recipient.flow, [&](const FlowTable::View& view) {
      ramp::forget(view.flow.state, view.host.state, recipient.standing);
    });
  }
  message.recipients.clear();
}

bool Books::start_release(const std::string& queue_id,
                          base::WallTime now,
                          std::vector<store::Operation>& operations) {
  const HeldMessage* message = held.find(queue_id);
  if (message == nullptr || message->record.state == HeldRecord::State::Releasing) {
    return message != nullptr;
  }
  const std::shared_ptr<const policy::Active> in_force = in_force_.active();
  HeldRecord record = message->record;
  for (const HeldPart& part : parts_of(record)) {
    if (part.is_charged()) {
      continue;
    }
    flows_.change(part.flow, [&](const FlowTable::View& view) {
      ramp::take(view.flow.state, in_force_.context(*in_force, part.flow, now), part.units);
      ramp::take(view.host.state.flow, in_force_.host_context(*in_force, now), part.units);
    });
    set_charged(record, part.flow, now);
  }
  mark_releasing(std::move(record), operations);
  return true;
}

void Books::mark_releasing(HeldRecord record, std::vector<store::Operation>& operations) {
  record.state = HeldRecord::State::Releasing;
  operations.emplace_back(record);
  const bool known = book.find({}, record.queue_id) != nullptr;
  BookMessage unnamed;
  BookMessage* const tracked = book.enter({}, record.queue_id, record.held_at);
  BookMessage& message = tracked != nullptr ? *tracked : unnamed;
  // The MTA uses the queue ID again and we missed the end of the first.
  if (known) {
    forget_recipients(message);
    operations.emplace_back(store::EraseMessage{message.instance, message.queue_id});
  }
  message.admitted.clear();
  message.sender = record.sender;
  message.admitted_here = true;
  message.activated = true;
  message.transaction_recipients = static_cast<std::uint32_t>(record.recipients.size());
  for (std::size_t i = 0; i < record.charged_at.size(); ++i) {
    const base::WallTime at = record.charged_at[i];
    message.seen_at = std::max(message.seen_at, at);  // from here on it may grow old in the queue
    message.recipients.push_back({base::to_lower(record.recipients[i]),
                                  {record.sender, record.providers[i]},
                                  ramp::Standing::InFlight,
                                  at});
    admit(message, message.recipients.back().address);
    if (tracked != nullptr) {
      operations.emplace_back(to_record(message, message.recipients.back()));
    }
  }
  if (tracked != nullptr) {
    operations.emplace_back(to_record(message));
  } else {  // nothing will ever tell the fate of these
    forget_recipients(message);
  }
  const std::string id = record.queue_id;
  held.update(id, [&](HeldMessage& one) {
    one.record = std::move(record);
    one.absent_since = base::WallTime{};
    one.just_begun = true;
    one.aside_until = base::SteadyTime{};
  });
}

void Books::refund(HeldRecord& record, const HeldPart& part, base::WallTime now, bool in_flight) {
  const std::shared_ptr<const policy::Active> in_force = in_force_.active();
  flows_.change(part.flow, [&](const FlowTable::View& view) {
    const auto give_back = [&](ramp::Flow& flow, const ramp::Context& its_context) {
      const auto before = flow.in_flight;
      ramp::refund(flow, its_context, part.charged_at, part.units);
      if (!in_flight) {
        flow.in_flight = before;
      }
    };
    give_back(view.flow.state, in_force_.context(*in_force, part.flow, now));
    give_back(view.host.state.flow, in_force_.host_context(*in_force, now));
  });
  set_charged(record, part.flow, base::WallTime{});
}

bool Books::take_back(const std::string& queue_id,
                      base::WallTime now,
                      std::vector<store::Operation>& operations) {
  const HeldMessage* message = held.find(queue_id);
  if (message == nullptr || message->record.state != HeldRecord::State::Releasing) {
    return false;
  }
  HeldRecord record = message->record;
  const BookMessage* queued = book.find({}, queue_id);
  const bool tracked = queued != nullptr;  // else the book was full, and none counts in flight
  if (tracked) {
    const auto waits = [&](const std::string& recipient) {
      const std::string name = base::to_lower(recipient);
      return std::any_of(
          queued->recipients.begin(), queued->recipients.end(), [&](const BookRecipient& known) {
            return known.address == name && known.standing == ramp::Standing::InFlight;
          });
    };
    if (!std::all_of(record.recipients.begin(), record.recipients.end(), waits)) {
      return false;
    }
    operations.emplace_back(store::EraseMessage{queued->instance, queued->queue_id});
    book.erase(*queued);
  }
  for (const HeldPart& part : parts_of(record)) {
    if (part.is_charged()) {
      refund(record, part, now, tracked);
    }
  }
  record.charged_at.clear();
  record.state = HeldRecord::State::Waiting;
  operations.emplace_back(record);
  held.update(queue_id, [&](HeldMessage& one) { one.record = std::move(record); });
  return true;
}

bool Books::let_go(const std::string& queue_id,
                   base::WallTime now,
                   std::vector<store::Operation>& operations) {
  if (!start_release(queue_id, now, operations)) {
    return false;
  }
  operations.emplace_back(store::EraseHeld{queue_id});
  held.erase(queue_id);
  static telemetry::Counter& released = telemetry::counter("released_messages_total");
  released.add();
  return true;
}

bool Books::forget_held(const std::string& queue_id,
                        base::WallTime now,
                        std::vector<store::Operation>& operations) {
  auto record = held.erase(queue_id);
  if (!record) {
    return false;
  }
  operations.emplace_back(store::EraseHeld{queue_id});
  if (record->state == HeldRecord::State::Waiting) {
    for (const HeldPart& part : parts_of(*record)) {
      if (part.is_charged()) {
        refund(*record, part, now);
      }
    }
  }
  return true;
}

}  // namespace rampart::ledger
