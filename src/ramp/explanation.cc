#include "rampart/ramp/explanation.h"

#include <algorithm>
#include <cmath>

#include "allowance.h"

namespace rampart::ramp {

using base::Micros;
using base::WallTime;

std::string_view to_string(PauseFacts::Cause cause) noexcept {
  switch (cause) {
    case PauseFacts::Cause::None:
      return "none";
    case PauseFacts::Cause::TooFast:
      return "too_fast";
    case PauseFacts::Cause::Block:
      return "block";
    case PauseFacts::Cause::Person:
      return "person";
  }
  return "none";
}

std::string_view to_string(ProbingFacts::Obstacle obstacle) noexcept {
  switch (obstacle) {
    case ProbingFacts::Obstacle::None:
      return "none";
    case ProbingFacts::Obstacle::Deferral:
      return "deferral";
    case ProbingFacts::Obstacle::Block:
      return "block";
    case ProbingFacts::Obstacle::Schedule:
      return "schedule";
    case ProbingFacts::Obstacle::Limit:
      return "limit";
    case ProbingFacts::Obstacle::Bound:
      return "bound";
    case ProbingFacts::Obstacle::Feed:
      return "feed";
    case ProbingFacts::Obstacle::Stopped:
      return "stopped";
    case ProbingFacts::Obstacle::Unlimited:
      return "unlimited";
  }
  return "none";
}

std::string_view to_string(Basis basis) noexcept {
  switch (basis) {
    case Basis::Unlimited:
      return "unlimited";
    case Basis::Stopped:
      return "stopped";
    case Basis::Start:
      return "start";
    case Basis::Growth:
      return "growth";
    case Basis::Schedule:
      return "schedule";
    case Basis::Limit:
      return "limit";
  }
  return "start";
}

namespace {

// The next length of a pause or block, as report.cc doubles it.
Micros next_length(Micros present, Micros first, Micros most) noexcept {
  return std::min(most, present == Micros{0} ? first : 2 * present);
}

PauseFacts pause_of(const Flow& flow, const Context& context) {
  const Constants& constants = context.constants;
  PauseFacts facts;
  facts.last_deferral = flow.last_deferral;
  facts.last_block = flow.last_block;
  facts.next_too_fast = next_length(flow.pause_len, constants.pause, constants.max_pause);
  facts.next_block = next_length(flow.block_len, constants.block_pause, constants.block_max);
  if (flow.manual_pause_until > std::max(context.now, flow.pause_until)) {
    facts.cause = PauseFacts::Cause::Person;
    facts.until = flow.manual_pause_until;
    return facts;
  }
  const Micros length = flow.paused_by_block ? flow.block_len : flow.pause_len;
  if (flow.pause_until != WallTime{}) {
    facts.cause = flow.paused_by_block ? PauseFacts::Cause::Block : PauseFacts::Cause::TooFast;
    facts.until = flow.pause_until;
    // A delivery after the pause has set the length to nothing.
    facts.since = length > Micros{0} ? flow.pause_until - length : WallTime{};
  }
  return facts;
}

Basis basis_of(const Numbers& numbers, const Plan& plan, double growth) noexcept {
  if (numbers.day == 0) {
    return Basis::Stopped;
  }
  if (plan.unlimited) {
    return Basis::Unlimited;
  }
  if (numbers.limited) {
    return Basis::Limit;
  }
  if (!plan.schedule.empty()) {
    return Basis::Schedule;
  }
  return growth * numbers.level > start_of(plan) ? Basis::Growth : Basis::Start;
}

void explain_schedule(FlowFacts& facts, const Numbers& numbers) {
  const std::vector<std::uint32_t>& rungs = facts.plan.schedule;
  const auto next = std::upper_bound(rungs.begin(), rungs.end(), numbers.top);
  if (next == rungs.end() || facts.at_day_max) {
    return;
  }
  facts.rung_next = *next;
  facts.rung_needed = static_cast<std::uint32_t>(std::ceil(0.8 * numbers.top));
}

void explain_probing(FlowFacts& facts,
                     const Flow& flow,
                     const Numbers& numbers,
                     const Health& health,
                     const Context& context) {
  // What one more unit would meet once the day's allowance is used.
  Numbers used_up = numbers;
  used_up.used_day = std::max(numbers.used_day, numbers.day);
  const Probing found = probing(flow, used_up, context, 1);
  ProbingFacts& probing = facts.probing;
  probing.obstacle = found.obstacle;
  probing.bound = numbers.top;
  probing.every = context.constants.probe_every;
  probing.waits_for_report = flow.in_flight >= std::max(1U, context.constants.flight_new);
  if (found.due) {
    probing.due = *found.due;
    Flow stepped = flow;
    add(stepped.extra, probing_step(numbers, context.constants));
    probing.step_to = compute(stepped, health, context).day;
  }
}

void explain_level(FlowFacts& facts,
                   const Flow& flow,
                   const Health& health,
                   const Context& context) {
  const Constants& constants = context.constants;
  const Flow::Peak peak = level_peak(flow, constants, start_of(context.plan));
  if (peak.day != 0) {
    facts.level_delivered = peak.got;
    facts.level_day = WallTime{day_width(constants) * peak.day};
  }
  // What was delivered up to now counts a day after the present hour has ended.
  facts.next_day_at = hour_start(flow.hour_at + 1, constants) + day_width(constants);
  Context then = context;
  then.now = facts.next_day_at;
  facts.next_day = allowance(flow, health, then).day;
}

void explain_day(FlowFacts& facts,
                 const Flow& flow,
                 const Numbers& numbers,
                 const Health& health,
                 const Context& context) {
  const Plan& plan = context.plan;
  facts.growth = growth_of(plan, health, context.constants);
  facts.growth_limited = std::min(facts.growth, context.constants.growth_limited);
  facts.basis = basis_of(numbers, plan, facts.growth);
  facts.extra = flow.extra;
  facts.at_day_max = plan.day_max > 0 && numbers.day == plan.day_max;
  if (numbers.limited) {
    facts.limit = flow.limit;
    facts.limit_at = flow.limit_at;
    facts.limit_until = flow.limit_at + context.constants.limited_for;
    facts.limit_by_block = flow.limit_by_block;
  }
  if (numbers.day > 0 && numbers.used_day >= numbers.day) {
    facts.frees_at = day_frees_at(flow, context.constants, numbers.day - 1);
    Context then = context;
    then.now = facts.frees_at;
    const Allowance freed = allowance(flow, health, then);
    facts.frees = freed.day - std::min(freed.day, freed.used_day);
  }
}

FlowFacts facts_of(const Flow& state, const Health& health, const Context& context) {
  Flow flow = state;
  roll(flow, context);
  const Numbers numbers = compute(flow, health, context);
  FlowFacts facts;
  facts.plan = context.plan;
  facts.allowance = allowance(flow, health, context);
  facts.pause = pause_of(flow, context);
  facts.careful = flow.careful;
  facts.in_flight = flow.in_flight;
  facts.deferred = flow.deferred;
  if (flow.deferred > 0) {
    facts.waits_until = flow.deferred_at + context.constants.wait_deferred;
  }
  facts.interval = numbers.interval;
  if (context.plan.unlimited) {
    facts.basis = basis_of(numbers, context.plan, 0);
    facts.probing.obstacle = ProbingFacts::Obstacle::Unlimited;
    return facts;
  }
  explain_day(facts, flow, numbers, health, context);
  explain_probing(facts, flow, numbers, health, context);
  explain_level(facts, flow, health, context);
  if (!context.plan.schedule.empty()) {
    explain_schedule(facts, numbers);
  }
  return facts;
}

void explain_sender(Explanation& out, const Health& health, const Context& context) {
  const Constants& constants = context.constants;
  out.stop_share = constants.stop_share;
  out.bounce_share = constants.bounce_share;
  out.next_stop = next_length(health.stop_len, constants.stop_pause, constants.stop_max);
  const bool stopped = context.now < stopped_until(health, context);
  out.recipients = stopped ? health.stop_n : health.n;
  out.dead = stopped ? health.stop_bad : health.bad;
  if (stopped) {
    out.stop_until = stopped_until(health, context);
    out.stop_since = out.stop_until - health.stop_len;
  }
}

}  // namespace

Explanation explain(const Flow& flow,
                    const HostFlow& host,
                    const Health& health,
                    const Context& context,
                    const Plan* host_plan) {
  Plan unlimited;
  unlimited.unlimited = true;
  const Context host_context{host_plan != nullptr ? *host_plan : unlimited, context.constants,
                             context.now, context.feed_healthy};
  Explanation out;
  out.summary = summarize(flow, host, health, context, host_plan);
  out.flow = facts_of(flow, health, context);
  out.host = facts_of(host.flow, Health{}, host_context);
  for (const HostFlow::Suffering& entry : host.senders) {
    if (entry.last_bad > entry.last_ok) {
      out.suffering.push_back(entry.sender);
    }
  }
  std::sort(out.suffering.begin(), out.suffering.end());
  out.senders_heard = host.senders.size();
  explain_sender(out, health, context);
  out.feed_healthy = context.feed_healthy;
  out.provider_known = context.provider_known;
  out.transactional = context.transactional;
  out.first_contact = context.constants.first_contact;
  return out;
}

}  // namespace rampart::ramp
