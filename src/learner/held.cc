// What the log says of mail that is held, and of recipients that were admitted in vain.

#include <algorithm>
#include <variant>

#include "applier.h"

namespace rampart::learner {
namespace {

// A log cuts off what is below a second, and clocks are set.
constexpr base::Micros kStampError = std::chrono::minutes{5};

}  // namespace

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

void Applier::follow_held(const report::LogLine& line, const correlate::Correlator& correlator) {
  if (const auto* delivery = std::get_if<report::Delivery>(&line.event)) {
    // Sendmail can deliver from its quarantine without a word of release.
    if (correlator.leaves_host(line, *delivery)) {
      let_go(line, line.queue_id);
    }
  } else if (std::holds_alternative<report::QueueActive>(line.event)) {
    // Postfix's queue manager takes up nothing that is held. Sendmail, which has no instance, says
    // this of what arrives, and then quarantines it.
    if (!line.instance.empty()) {
      let_go(line, line.queue_id);
    }
  } else if (std::holds_alternative<report::ReleasedFromHold>(line.event)) {
    let_go(line, line.queue_id);
  } else if (const auto* requeued = std::get_if<report::Requeued>(&line.event)) {
    let_go(line, requeued->old_id);
  } else if (std::holds_alternative<report::Removed>(line.event) ||
             std::holds_alternative<report::Deleted>(line.event)) {
    forget_held(line);
  }
}

void Applier::refund(const correlate::Recipient& recipient) {
  ledger_.flows.change(recipient.flow, [&](const ledger::FlowTable::View& view) {
    // At the machine's time: an old line must not look like a clock set back.
    const base::WallTime now = ledger_.clock.wall_now();
    ramp::refund(view.flow.state, ledger_.context(*active_, recipient.flow, now),
                 recipient.admitted_at);
    ramp::refund(view.host.state.flow, ledger_.host_context(*active_, now), recipient.admitted_at);
  });
}

// Another milter took a recipient off after we had admitted it. One that we dropped ourselves never
// came into the book.
void Applier::on_recipient_removed(const report::LogLine& line,
                                   const mail::Address& recipient,
                                   correlate::Correlator& correlator) {
  correlate::Message* message = correlator.find(line);
  if (message == nullptr || !message->admitted_here) {
    return;
  }
  const std::string name = correlate::book_key(recipient);
  const auto found = std::find_if(message->recipients.begin(), message->recipients.end(),
                                  [&](const correlate::Recipient& r) { return r.address == name; });
  if (found != message->recipients.end()) {
    refund(*found);
    correlator.erase(*message, *found);
  }
}

// A later milter refused the message at its end, after we had admitted it: nothing was sent. Our
// own refusals never had a unit.
void Applier::on_milter_reject(const report::LogLine& line,
                               const report::MilterReject& reject,
                               correlate::Correlator& correlator) {
  if (reject.stage != "END-OF-MESSAGE" || line.queue_id.empty()) {
    return;
  }
  forget_held(line);
  const correlate::Message* message = correlator.find(line);
  if (message == nullptr || !message->admitted_here) {
    return;
  }
  for (const correlate::Recipient& recipient : message->recipients) {
    refund(recipient);
  }
  erase(*message);
  ledger_.book.erase(*message);
}

}  // namespace rampart::learner
