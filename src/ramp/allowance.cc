#include "allowance.h"

#include <algorithm>
#include <cmath>

namespace rampart::ramp {
namespace {

using base::Micros;
using base::WallTime;

// Allowances are rounded down; the small addend keeps 1.4 x 5 from being 6.999.
std::uint32_t whole(double value) noexcept {
  if (!(value > 0)) {
    return 0;
  }
  return value >= kCountMax ? kCountMax : static_cast<std::uint32_t>(value + 1e-9);
}

// The rung after the highest rung that was reached to four fifths; the last one at the end.
std::uint32_t rung_of(const Plan& plan, std::uint32_t best) noexcept {
  std::uint32_t rung = plan.schedule.front();
  for (std::size_t i = 0; i + 1 < plan.schedule.size(); ++i) {
    if (best >= 0.8 * plan.schedule[i]) {
      rung = plan.schedule[i + 1];
    }
  }
  return rung;
}

void compute_day(Numbers& numbers, const Flow& flow, const Health& health, const Context& context) {
  const Plan& plan = context.plan;
  const Constants& constants = context.constants;
  const double best = numbers.level;
  const double start = start_of(plan);
  const double growth = growth_of(plan, health, constants);
  const bool scheduled = !plan.schedule.empty();
  double top = std::max(constants.ceiling * best, constants.new_ceiling * start);
  double day = std::max(start, growth * best) + flow.extra;
  if (scheduled) {
    top = day = rung_of(plan, numbers.level);
  }
  if (plan.day_max > 0) {
    top = std::min<double>(top, plan.day_max);
  }
  if (numbers.limited) {
    day = std::min(growth, constants.growth_limited) * std::max<double>(flow.limit, best);
  }
  numbers.top = whole(top);
  numbers.day = std::min(numbers.top, whole(day));
  if (numbers.limited) {
    numbers.day = std::max<std::uint32_t>(1, numbers.day);
  }
}

void compute_pace(Numbers& numbers, const Flow& flow, const Context& context) {
  const Constants& constants = context.constants;
  const std::uint32_t taken =
      std::min(best_within_memory(flow, flow.best_hour, constants), numbers.top);
  const std::uint32_t five =
      std::min(best_within_memory(flow, flow.best_five, constants), numbers.top);
  const double hour = std::max(
      {constants.hour_min, numbers.day * constants.hourly_share, static_cast<double>(taken)});
  numbers.hour = std::max<std::uint32_t>(1, whole(hour));
  const double width = static_cast<double>(constants.hour.count());
  const double even = width / std::max(hour, 1e-3);
  const double burst = std::max(0.0, std::max(constants.burst_min, static_cast<double>(five)) - 1);
  double interval = even;
  if (numbers.used_hour < taken && five > 0) {
    // As far as an hour did no harm before, its own pace did none: who repeats it notices nothing.
    interval = std::min(even, width / (static_cast<double>(kFives) * five));
  }
  numbers.interval = Micros{static_cast<std::int64_t>(std::ceil(interval))};
  numbers.slack =
      std::max(constants.burst, Micros{static_cast<std::int64_t>(std::ceil(burst * even))});
  const std::uint32_t flight =
      numbers.new_ground && !context.transactional
          ? constants.flight_new
          : std::max(constants.flight_min, whole(hour * constants.flight_share));
  numbers.flight = std::max(1U, flight);
}

}  // namespace

std::uint32_t start_of(const Plan& plan) noexcept {
  return std::max<std::uint32_t>(1, plan.schedule.empty() ? plan.start : plan.schedule.front());
}

double growth_of(const Plan& plan, const Health& health, const Constants& constants) noexcept {
  const bool sick =
      health.bad > constants.bounce_share * health.n && health.n >= constants.bounce_min_n;
  return sick ? std::min(plan.growth, constants.bounce_growth) : plan.growth;
}

WallTime stopped_until(const Health& health, const Context& context) noexcept {
  const Micros longest = health.stop_len > Micros{0} ? health.stop_len : context.constants.stop_max;
  return std::min(health.stop_until, context.now + longest);
}

Numbers compute(const Flow& flow, const Health& health, const Context& context) {
  Numbers numbers;
  const std::uint32_t start = start_of(context.plan);
  numbers.used_day = sum_used_day(flow);
  numbers.used_hour = sum_used_hour(flow);
  numbers.got_day = sum_got_day(flow);
  numbers.level = level(flow, context.constants, start);
  numbers.limited =
      flow.limit_at != WallTime{} && context.now < flow.limit_at + context.constants.limited_for;
  const bool stopped = context.now < stopped_until(health, context);
  if (context.plan.unlimited) {
    numbers.limited = false;
    numbers.top = numbers.hour = numbers.flight = kUnlimited;
    numbers.day = stopped ? 0 : kUnlimited;
    return numbers;
  }
  numbers.new_ground = numbers.used_day >= std::max(numbers.level, start);
  compute_day(numbers, flow, health, context);
  compute_pace(numbers, flow, context);
  if (stopped) {
    numbers.day = 0;
  }
  if (!context.feed_healthy) {
    numbers.flight = kUnlimited;
  }
  return numbers;
}

Probing probing(const Flow& flow,
                const Numbers& numbers,
                const Context& context,
                std::uint32_t units) noexcept {
  using Obstacle = ProbingFacts::Obstacle;
  if (context.plan.unlimited) {
    return {Obstacle::Unlimited, {}};
  }
  if (numbers.day == 0) {
    return {Obstacle::Stopped, {}};
  }
  if (numbers.limited) {
    return {Obstacle::Limit, {}};
  }
  if (!context.plan.schedule.empty()) {
    return {Obstacle::Schedule, {}};
  }
  // Beyond the bound no step would ever make room.
  if (numbers.day >= numbers.top || units > numbers.top || numbers.used_day > numbers.top - units) {
    return {Obstacle::Bound, {}};
  }
  if (!context.feed_healthy) {
    return {Obstacle::Feed, {}};
  }
  const Constants& constants = context.constants;
  WallTime due = flow.extra_at + constants.probe_every;
  Obstacle obstacle = Obstacle::None;
  const auto waits = [&](WallTime since, Micros length, Obstacle why) {
    if (since != WallTime{} && since + length > std::max(due, context.now)) {
      obstacle = why;
    }
    if (since != WallTime{}) {
      due = std::max(due, since + length);
    }
  };
  waits(flow.last_deferral, constants.quiet, Obstacle::Deferral);
  waits(flow.last_block, constants.block_caution, Obstacle::Block);
  return {obstacle, due};
}

std::uint32_t probing_step(const Numbers& numbers, const Constants& constants) noexcept {
  const double step = constants.probe_step * numbers.day;
  return step >= 1 ? static_cast<std::uint32_t>(std::min<double>(step, kCountMax)) : 1;
}

Allowance allowance(const Flow& flow, const Health& health, const Context& context) {
  Flow rolled = flow;
  roll(rolled, context);
  const Numbers numbers = compute(rolled, health, context);
  Allowance out;
  out.day = numbers.day;
  out.hour = numbers.hour;
  out.flight = numbers.flight;
  out.used_day = numbers.used_day;
  out.used_hour = numbers.used_hour;
  out.got_day = numbers.got_day;
  out.level = numbers.level;
  out.limited = numbers.limited;
  out.new_ground = numbers.new_ground;
  return out;
}

}  // namespace rampart::ramp
