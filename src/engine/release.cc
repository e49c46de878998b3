// The order in which held mail goes, and what is charged when.

#include <algorithm>

#include "rampart/base/text.h"
#include "rampart/ledger/flow_table.h"
#include "rampart/ledger/in_force.h"
#include "rampart/ledger/senders.h"
#include "rampart/ledger/sources.h"
#include "rampart/ledger/trail.h"
#include "rampart/ledger/writer.h"
#include "rampart/telemetry/counter.h"
#include "rampart/telemetry/log.h"

#include "held_queue.h"

namespace rampart::engine {

using ledger::FlowTable;
using policy::Active;

namespace {

using ledger::HeldBook;
using ledger::HeldPart;
using store::HeldRecord;

/// The MTA puts a message into its hold queue a moment after we say so; other milters come between.
constexpr base::Micros kSettles = std::chrono::seconds{10};
constexpr base::Micros kSettlesLatest = std::chrono::minutes{5};
/// A reservation that does not come to a release by then is given back.
constexpr base::Micros kReserved = std::chrono::minutes{10};
constexpr base::Micros kAskAgain = std::chrono::minutes{1};
constexpr base::Micros kOverdueEvery = std::chrono::seconds{1};
constexpr base::Micros kAside = std::chrono::minutes{1};
constexpr std::uint32_t kAsideDoublings = 6;
constexpr base::Micros kAbsentKept = std::chrono::hours{24};
constexpr std::size_t kFlowsAtOnce = 2000;
constexpr std::size_t kOverdueAtOnce = 1000;
constexpr std::size_t kMovesAtOnce = 200;
constexpr std::size_t kReservingAtOnce = 200;
constexpr std::string_view kNotOurs = "its mark is missing or of another key";

// Whatever way the clock was set.
base::Micros distance(base::WallTime a, base::WallTime b) noexcept {
  return a < b ? b - a : a - b;
}

telemetry::Line line_of(const HeldRecord& record, base::WallTime now) {
  telemetry::Line line(record.queue_id);
  line.add("sender", record.sender)
      .add("recipients", record.recipients.size())
      .add("reason", record.reason)
      .add("held", base::format_duration(std::max(base::Micros{0}, now - record.held_at)));
  return line;
}

// After a failure a message is left alone for a minute, then for longer.
void set_aside(ledger::HeldMessage& message, base::SteadyTime now) {
  message.aside_until = now + kAside * (1U << std::min(message.failures, kAsideDoublings));
  ++message.failures;
}

std::string_view fate_words(Fate fate) noexcept {
  switch (fate) {
    case Fate::NotOurs:
      return "not released: its mark is missing or of another key; it waits for a person";
    case Fate::Unknown:
      return "the MTA's queue could not be looked at, so nobody knows; it is asked about later";
    default:
      return "the MTA did not release it; it is tried again later";
  }
}

}  // namespace

class HeldQueue::Turn {
 public:
  Turn(HeldQueue& queue, std::size_t limit)
      : queue_(queue),
        active_(queue_.with_.in_force.active()),
        now_(queue_.with_.clock.wall_now()),
        steady_(queue_.with_.clock.steady_now()),
        limit_(limit) {}

  void run() {
    const base::MutexLock gate(queue_.with_.writer.gate());
    const base::MutexLock lock(queue_.books_.book_mutex);
    queue_.books_.held.wake(steady_);
    lapse();
    find_overdue();
    const auto flows = queue_.books_.held.due(
        steady_, kFlowsAtOnce,
        [&](const std::string& provider) { return queue_.with_.flows.changes(provider); });
    for (const ramp::FlowKey& flow : flows) {
      serve(flow);
    }
    if (!operations_.empty()) {
      queue_.with_.writer.add(std::move(operations_));
    }
  }

  Begun begun;
  std::vector<telemetry::Line> warnings;

 private:
  struct Answer {
    bool admitted = false;
    bool forced = false;  ///< overdue: into debt
    base::WallTime until{};
  };

  // Mail that is overdue goes into debt, but not against a pause or a stop.
  Answer judge(const ramp::Admission& admission, bool overdue) const noexcept {
    const bool forced = !admission.admitted && overdue && is_volume(admission.reason);
    return {admission.admitted || forced, forced, admission.until};
  }

  Answer look(const HeldPart& part, bool overdue) const {
    if (active_->rule_for(part.flow).exempt) {
      return {true, false, now_};
    }
    return judge(queue_.look(*active_, part.flow, part.units, now_).admission, overdue);
  }

  Answer take(const HeldPart& part, bool overdue) {
    const bool exempt = active_->rule_for(part.flow).exempt;
    return queue_.with_.flows.change(part.flow, [&](const FlowTable::View& view) {
      ramp::Health health = queue_.with_.senders.health(part.flow.sender);
      const ramp::Context context = queue_.with_.in_force.context(*active_, part.flow, now_);
      const ramp::Context host_context = queue_.with_.in_force.host_context(*active_, now_);
      Answer answer{true, false, now_};
      if (!exempt) {
        answer = judge(ramp::admit({view.flow.state, view.host.state, health, part.flow.sender},
                                   context, host_context, part.units),
                       overdue);
      }
      if (answer.admitted) {
        ramp::take(view.flow.state, context, part.units);
        ramp::take(view.host.state.flow, host_context, part.units);
      }
      return answer;
    });
  }

  // What was reserved and not used in time is given back. Some at a time, round and round.
  void lapse() RAMPART_REQUIRES(queue_.books_.book_mutex) {
    const std::set<std::string>& reserving = queue_.books_.held.reserving();
    std::vector<std::string> some;
    auto at = reserving.upper_bound(queue_.lapse_place_);
    for (; at != reserving.end() && some.size() < kReservingAtOnce; ++at) {
      some.push_back(*at);
    }
    queue_.lapse_place_ = at == reserving.end() ? std::string() : some.back();
    for (const std::string& id : some) {
      HeldRecord record = queue_.books_.held.find(id)->record;
      bool lapsed = false;
      for (const HeldPart& part : ledger::parts_of(record)) {
        if (part.is_charged() && distance(part.charged_at, now_) >= kReserved) {
          queue_.books_.refund(record, part, now_);
          lapsed = true;
        }
      }
      if (lapsed) {
        store(std::move(record), std::nullopt);
      }
    }
  }

  void find_overdue() RAMPART_REQUIRES(queue_.books_.book_mutex) {
    const base::Micros max_age = active_->options().hold_max_age;
    const auto ids = queue_.books_.held.find_overdue(now_ - max_age, kOverdueAtOnce);
    for (const std::string& id : ids) {
      queue_.books_.held.update(id, [](ledger::HeldMessage& message) { message.overdue = true; });
    }
    if (!ids.empty()) {
      warnings.push_back(line_of(queue_.books_.held.find(ids.front())->record, now_));
      warnings.back()
          .add("messages", ids.size())
          .text("held for hold.max_age: goes before newer mail, over its allowance if need be");
    }
  }

  void store(HeldRecord record, const std::optional<ramp::FlowKey>& waits_in)
      RAMPART_REQUIRES(queue_.books_.book_mutex) {
    operations_.emplace_back(record);
    const std::string id = record.queue_id;
    queue_.books_.held.update(id, [&](ledger::HeldMessage& message) {
      message.record = std::move(record);
      message.waits_in = waits_in.value_or(message.waits_in);
    });
  }

  void ask_again(const ramp::FlowKey& flow, base::WallTime until)
      RAMPART_REQUIRES(queue_.books_.book_mutex) {
    queue_.books_.held.ask_again(flow,
                                 steady_ + std::clamp(until - now_, base::Micros{1}, kAskAgain));
  }

  // Releases a flow's messages in their order, up to the first that it does not take. Milters wait
  // meanwhile: what moves to other queues beyond kMovesAtOnce is for the next turn, but for one of
  // each flow.
  void serve(const ramp::FlowKey& flow) RAMPART_REQUIRES(queue_.books_.book_mutex) {
    while (begun.size() < limit_) {
      const ledger::HeldMessage* head = queue_.books_.held.head(flow);
      if (head == nullptr) {
        return;
      }
      if (distance(head->record.held_at, now_) < kSettles) {
        queue_.books_.held.ask_again(flow, steady_ + kSettles);
        return;
      }
      const std::size_t before = moved_;
      if (!advance(HeldRecord(head->record), flow, head->overdue) ||
          (moved_ > before && moved_ >= kMovesAtOnce)) {
        return;
      }
    }
  }

  // One message as far as it gets: it goes, or it waits for another flow from now on, and keeps
  // what it got for a while. @return whether the next one of `flow` is to be tried
  bool advance(HeldRecord record, const ramp::FlowKey& flow, bool overdue)
      RAMPART_REQUIRES(queue_.books_.book_mutex) {
    std::vector<HeldPart> parts = ledger::parts_of(record);
    std::erase_if(parts, [](const HeldPart& part) { return part.is_charged(); });
    std::optional<ramp::FlowKey> lacks;
    base::WallTime until{};
    const auto note_refusal = [&](const HeldPart& part, const Answer& answer) {
      if (!lacks || part.flow == flow || (*lacks != flow && answer.until > until)) {
        lacks = part.flow;
        until = answer.until;
      }
    };
    for (const HeldPart& part : parts) {
      if (const Answer answer = look(part, overdue); !answer.admitted) {
        note_refusal(part, answer);
      }
    }
    if (lacks == flow) {
      ask_again(flow, until);
      return false;
    }
    if (lacks && until - now_ > kReserved) {  // what it took now would only lapse
      store(std::move(record), lacks);
      ++moved_;
      return true;
    }
    lacks.reset();
    bool forced = false;
    for (const HeldPart& part : parts) {
      const Answer answer = take(part, overdue);
      forced = forced || answer.forced;
      if (answer.admitted) {
        ledger::set_charged(record, part.flow, now_);
      } else {
        note_refusal(part, answer);
      }
    }
    if (lacks) {
      const bool here = lacks == flow;
      store(std::move(record), lacks);
      if (here) {
        ask_again(flow, until);
      } else {
        ++moved_;
      }
      return !here;
    }
    queue_.books_.mark_releasing(record, operations_);
    begun.push_back(std::move(record));
    if (forced) {  // debts are smoothed as well
      queue_.books_.held.rest(flow, steady_ + kOverdueEvery);
    }
    return !forced;
  }

  HeldQueue& queue_;
  std::shared_ptr<const Active> active_;
  base::WallTime now_;
  base::SteadyTime steady_;
  std::size_t limit_;
  std::vector<store::Operation> operations_;
  std::size_t moved_ = 0;  ///< from the queue of one flow to that of another
};

base::Result<std::vector<mail::QueueId>> HeldQueue::begin_release(std::size_t limit) {
  if (books_.held_waiting == 0) {
    return std::vector<mail::QueueId>{};
  }
  if (with_.writer.is_degraded()) {
    return base::Error{base::Error::Kind::Unavailable, with_.writer.problem()};
  }
  Turn turn(*this, limit);
  turn.run();
  for (const telemetry::Line& line : turn.warnings) {
    telemetry::write(telemetry::Level::Warning, line);
  }
  return settle_begun(turn.begun);
}

base::Result<std::vector<mail::QueueId>> HeldQueue::order_release(
    const std::vector<mail::QueueId>& ids, std::string_view who) {
  if (with_.writer.is_degraded()) {
    return base::Error{base::Error::Kind::Unavailable, with_.writer.problem()};
  }
  const base::WallTime now = with_.clock.wall_now();
  std::vector<mail::QueueId> known;
  Begun begun;
  {
    const base::MutexLock gate(with_.writer.gate());
    const base::MutexLock lock(books_.book_mutex);
    std::vector<store::Operation> operations;
    for (const mail::QueueId& id : ids) {
      const ledger::HeldMessage* message = books_.held.find(id.text());
      if (message == nullptr) {
        continue;
      }
      known.push_back(id);
      if (message->record.state == HeldRecord::State::Waiting) {
        books_.start_release(id.text(), now, operations);
        begun.push_back(books_.held.find(id.text())->record);
      } else {
        books_.held.update(id.text(), [](ledger::HeldMessage& one) { one.just_begun = false; });
      }
    }
    with_.writer.add(std::move(operations));
  }
  for (const HeldRecord& record : begun) {
    telemetry::write(telemetry::Level::Info,
                     line_of(record, now).add("action", "order_release").add("by", who));
  }
  if (const auto stored = settle_begun(begun); !stored) {
    return stored.error();
  }
  return known;
}

// Nobody is told to let a message go before the store knows that it is charged. What it does not
// take in time has not begun.
base::Result<std::vector<mail::QueueId>> HeldQueue::settle_begun(const Begun& begun) {
  std::vector<mail::QueueId> ids;
  if (begun.empty()) {
    return ids;
  }
  for (const HeldRecord& record : begun) {
    if (auto id = mail::parse_queue_id(record.queue_id)) {
      ids.push_back(std::move(*id));
    }
  }
  with_.sources.await(with_.clock.wall_now());
  const auto stored = with_.writer.sync(kTimeout);
  if (stored) {
    return ids;
  }
  const base::MutexLock gate(with_.writer.gate());
  const base::MutexLock lock(books_.book_mutex);
  std::vector<store::Operation> operations;
  for (const HeldRecord& record : begun) {
    books_.take_back(record.queue_id, with_.clock.wall_now(), operations);
  }
  with_.writer.add(std::move(operations));
  return stored.error();
}

// @return what the message's release has come to: Released or Gone when it is no longer held here
Fate HeldQueue::conclude(const ledger::HeldMessage& message,
                         Fate fate,
                         base::WallTime now,
                         std::vector<store::Operation>& operations) {
  const std::string id = message.record.queue_id;
  const base::SteadyTime steady = with_.clock.steady_now();
  if (fate == Fate::Unknown) {
    books_.held.update(id, [&](ledger::HeldMessage& one) {
      one.just_begun = false;
      set_aside(one, steady);
    });
    return fate;
  }
  const bool may_come =
      message.just_begun && distance(message.record.held_at, now) < kSettlesLatest;
  const bool stays = fate != Fate::Released && (fate != Fate::Gone || may_come);
  if (!stays || !books_.take_back(id, now, operations)) {
    books_.forget_held(id, now, operations);
    return fate == Fate::Gone ? fate : Fate::Released;
  }
  books_.held.update(id, [&](ledger::HeldMessage& one) {
    if (fate == Fate::NotOurs) {
      one.record.waits_for = HeldRecord::WaitsFor::Person;
      one.record.reason = kNotOurs;
      operations.emplace_back(one.record);
    } else {
      set_aside(one, steady);
    }
  });
  return fate == Fate::Gone ? Fate::StillHeld : fate;
}

void HeldQueue::end_release(const mail::QueueId& id, Fate fate, std::string_view who) {
  const base::WallTime now = with_.clock.wall_now();
  std::optional<HeldRecord> record;
  {
    const base::MutexLock gate(with_.writer.gate());
    const base::MutexLock lock(books_.book_mutex);
    if (const ledger::HeldMessage* message = books_.held.find(id.text())) {
      if (message->record.state != HeldRecord::State::Releasing) {
        return;
      }
      record = message->record;
      std::vector<store::Operation> operations;
      fate = conclude(*message, fate, now, operations);
      with_.writer.add(std::move(operations));
    } else if (fate != Fate::Released) {
      return;
    }
  }
  // The log may have told already that it goes; who let it go it does not tell.
  telemetry::Line line = record ? line_of(*record, now) : telemetry::Line(id.text());
  line.add("action", "release").add("by", who);
  if (fate != Fate::Released && fate != Fate::Gone) {
    telemetry::write(telemetry::Level::Warning, line.text(fate_words(fate)));
    return;
  }
  if (record) {
    static telemetry::Counter& released = telemetry::counter("released_messages_total");
    released.add();
  }
  if (fate == Fate::Gone) {
    line.text("it was no longer in the hold queue");
  }
  telemetry::write(telemetry::Level::Info, line);
  with_.trail.add({now,
                   id.text(),
                   "released",
                   {},
                   record ? record->sender : std::string(),
                   {},
                   std::string(who),
                   {}});
}

std::vector<mail::QueueId> HeldQueue::releasing() {
  std::vector<mail::QueueId> ids;
  const base::SteadyTime now = with_.clock.steady_now();
  const base::MutexLock lock(books_.book_mutex);
  for (const auto& [held_at, id] : books_.held.releasing()) {
    auto parsed = mail::parse_queue_id(id);
    if (parsed && books_.held.find(id)->aside_until <= now) {
      ids.push_back(std::move(*parsed));
    }
  }
  for (const mail::QueueId& id : ids) {
    books_.held.update(id.text(), [](ledger::HeldMessage& one) { one.just_begun = false; });
  }
  return ids;
}

void HeldQueue::reconcile(const std::set<std::string>& in_hold_queue, base::WallTime listed_at) {
  const base::WallTime now = with_.clock.wall_now();
  HeldBook::Age after{base::WallTime::min(), {}};
  for (bool more = true; more;) {
    const base::MutexLock gate(with_.writer.gate());
    const base::MutexLock lock(books_.book_mutex);
    std::vector<store::Operation> operations;
    const auto page = books_.held.page(after, kPage);
    more = page.size() == kPage;
    std::vector<std::string> differ;
    for (const ledger::HeldMessage* message : page) {
      after = HeldBook::age_of(*message);
      const bool listed = in_hold_queue.contains(message->record.queue_id);
      const bool absent = message->absent_since != base::WallTime{};
      const bool settled = message->record.held_at + kSettlesLatest < listed_at;
      if (message->record.state == HeldRecord::State::Waiting &&
          (listed ? absent : settled || absent)) {
        differ.push_back(message->record.queue_id);
      }
    }
    for (const std::string& id : differ) {
      HeldRecord record = books_.held.find(id)->record;
      const base::WallTime since = books_.held.find(id)->absent_since;
      if (in_hold_queue.contains(id)) {
        books_.held.update(id, [](ledger::HeldMessage& one) { one.absent_since = {}; });
      } else if (since == base::WallTime{}) {
        for (const HeldPart& part : ledger::parts_of(record)) {
          if (part.is_charged()) {
            books_.refund(record, part, now);
          }
        }
        operations.emplace_back(record);
        books_.held.update(id, [&](ledger::HeldMessage& one) {
          one.record = std::move(record);
          one.absent_since = now;
        });
      } else if (distance(since, now) > kAbsentKept) {
        books_.forget_held(id, now, operations);
      }
    }
    with_.writer.add(std::move(operations));
  }
}

base::Result<> HeldQueue::drop(const std::vector<mail::QueueId>& ids, std::string_view who) {
  const base::WallTime now = with_.clock.wall_now();
  Begun dropped;
  {
    const base::MutexLock gate(with_.writer.gate());
    const base::MutexLock lock(books_.book_mutex);
    std::vector<store::Operation> operations;
    for (const mail::QueueId& id : ids) {
      books_.take_back(id.text(), now, operations);
      if (const ledger::HeldMessage* message = books_.held.find(id.text())) {
        dropped.push_back(message->record);
        books_.forget_held(id.text(), now, operations);
      }
    }
    with_.writer.add(std::move(operations));
  }
  for (const HeldRecord& record : dropped) {
    telemetry::write(telemetry::Level::Info,
                     line_of(record, now).add("action", "drop").add("by", who));
    with_.trail.add({now, record.queue_id, "dropped", {}, record.sender, {}, std::string(who), {}});
  }
  return with_.writer.sync(kTimeout);
}

}  // namespace rampart::engine
