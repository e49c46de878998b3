#include <algorithm>
#include <optional>

#include "rampart/ramp/flow.h"

#include "allowance.h"

namespace rampart::ramp {
namespace {

using base::Micros;
using base::WallTime;

constexpr std::int64_t kReportsWait = 60;  // parts of an hour: how soon a report is hoped for

Admission refuse(Reason reason, WallTime until, const Context& context) {
  return {false, reason, std::max(until, context.now + Micros{1}), false};
}

WallTime next_report(const Context& context) {
  return context.now + std::max(Micros{1}, context.constants.hour / kReportsWait);
}

// A transaction larger than the whole window goes when the window is empty.
bool fits(std::uint32_t used, std::uint32_t units, std::uint32_t allowed) noexcept {
  return allowed > 0 && (used == 0 || (used < allowed && units <= allowed - used));
}

std::optional<Admission> refused_by_state(const Flow& flow,
                                          const Health& health,
                                          const Context& context,
                                          std::uint32_t units) {
  const WallTime now = context.now;
  const WallTime stopped = stopped_until(health, context);
  if (now < stopped) {
    return refuse(Reason::Stopped, stopped, context);
  }
  const WallTime paused = std::max(flow.pause_until, flow.manual_pause_until);
  if (now < paused) {
    return refuse(Reason::Paused, paused, context);
  }
  if (!context.feed_healthy) {
    return std::nullopt;  // nobody would tell that mail in flight has arrived
  }
  if (flow.careful && flow.in_flight > 0) {
    return refuse(Reason::OneAtATime, next_report(context), context);
  }
  const WallTime waits = flow.deferred_at + context.constants.wait_deferred;
  if (flow.deferred > 0 && now < waits) {
    return refuse(Reason::WaitingForDeferred, waits, context);
  }
  if (!context.plan.unlimited && !context.provider_known && flow.reported_at == WallTime{} &&
      !fits(flow.in_flight, units, std::max(1U, context.constants.first_contact))) {
    return refuse(Reason::FirstContact, next_report(context), context);
  }
  return std::nullopt;
}

std::optional<Admission> refused_by_volume(const Flow& flow,
                                           const Numbers& numbers,
                                           const Context& context,
                                           std::uint32_t units) {
  const Constants& constants = context.constants;
  if (!fits(numbers.used_day, units, numbers.day)) {
    const std::uint32_t room = units > numbers.day ? 0 : numbers.day - units;
    WallTime until = day_frees_at(flow, constants, room);
    if (const auto due = probing(flow, numbers, context, units).due) {
      until = std::min(until, std::max(*due, next_report(context)));
    }
    if (numbers.limited) {
      until = std::min(until, flow.limit_at + constants.limited_for);
    }
    return refuse(Reason::Day, until, context);
  }
  if (!fits(flow.in_flight, units, numbers.flight) && context.feed_healthy) {
    return refuse(Reason::InFlight, next_report(context), context);
  }
  if (!fits(numbers.used_hour, units, numbers.hour)) {
    const std::uint32_t room = units > numbers.hour ? 0 : numbers.hour - units;
    return refuse(Reason::Hour, hour_frees_at(flow, constants, room), context);
  }
  const WallTime next = context.transactional ? flow.next_at_transactional : flow.next_at;
  if (next > context.now + numbers.slack) {
    return refuse(Reason::Pace, next - numbers.slack, context);
  }
  return std::nullopt;
}

// Spends `units` of the even pace, counted from `context.now`.
void spend_pace(Flow& flow, const Context& context, std::uint32_t units) {
  if (context.plan.unlimited) {
    return;
  }
  // The sender's health only slows growth: the pace of a healthy one is near enough, the windows
  // are exact.
  const Numbers numbers = compute(flow, Health{}, context);
  WallTime& next = context.transactional ? flow.next_at_transactional : flow.next_at;
  // A debt of volume is owed to the windows; the pace itself is never more than an hour behind.
  const WallTime latest = context.now + numbers.slack + context.constants.hour;
  const std::int64_t most = context.constants.hour.count() / numbers.interval.count() + 1;
  const Micros cost = numbers.interval * std::min<std::int64_t>(units, most);
  const WallTime spent = std::max(next, context.now) + cost;
  next = std::max(next, std::min(spent, latest));
}

void touch(Flow& flow, const Context& context) {
  flow.touched = std::max(flow.touched, context.now);
}

// No pacing lies further ahead than spend_pace can put it: after a clock step back it is cut to
// that.
void limit_pace(Flow& flow, const Numbers& numbers, const Context& context) {
  const WallTime latest = context.now + numbers.slack + context.constants.hour;
  flow.next_at = std::min(flow.next_at, latest);
  flow.next_at_transactional = std::min(flow.next_at_transactional, latest);
}

}  // namespace

Admission admit(Flow& flow, const Health& health, const Context& context, std::uint32_t units) {
  roll(flow, context);
  units = std::max(1U, units);
  if (const auto refused = refused_by_state(flow, health, context, units)) {
    return *refused;
  }
  if (context.plan.unlimited) {
    return {true, Reason::None, {}, false};
  }
  Numbers numbers = compute(flow, health, context);
  limit_pace(flow, numbers, context);
  if (!fits(numbers.used_day, units, numbers.day) &&
      flow.in_flight < std::max(1U, context.constants.flight_new)) {
    const auto due = probing(flow, numbers, context, units).due;
    if (due && context.now >= *due) {
      flow.extra_at = context.now;
      add(flow.extra, probing_step(numbers, context.constants));
      numbers = compute(flow, health, context);
    }
  }
  if (const auto refused = refused_by_volume(flow, numbers, context, units)) {
    return *refused;
  }
  return {true, Reason::None, {}, false};
}

Admission admit(const Subject& subject,
                const Context& context,
                const Context& host_context,
                std::uint32_t units) {
  roll(subject.health, context);
  Admission host = admit(subject.host.flow, Health{}, host_context, units);
  if (!host.admitted) {
    host.host = true;
    if (host.reason == Reason::Paused) {
      host.reason = Reason::HostPaused;
    }
    return host;
  }
  return admit(subject.flow, subject.health, context, units);
}

void take(Flow& flow, const Context& context, std::uint32_t units) {
  roll(flow, context);
  spend_pace(flow, context, units);
  book_used(flow, context, units);
  add(flow.in_flight, units);
  touch(flow, context);
}

void refund(Flow& flow, const Context& context, WallTime taken_at, std::uint32_t units) {
  roll(flow, context);
  unbook_used(flow, context.constants, taken_at, units);
  subtract(flow.in_flight, units);
  if (!context.plan.unlimited) {
    const Numbers numbers = compute(flow, Health{}, context);
    WallTime& next = context.transactional ? flow.next_at_transactional : flow.next_at;
    const std::int64_t most = context.constants.hour.count() / numbers.interval.count() + 1;
    next = std::max(WallTime{}, next - numbers.interval * std::min<std::int64_t>(units, most));
  }
}

void charge(Flow& flow, const Context& context, std::uint32_t units) {
  advance(flow, context);
  if (book_used(flow, context, units)) {
    spend_pace(flow, context, units);
  }
  touch(flow, context);
}

}  // namespace rampart::ramp
