#include "flow_facts.h"

#include <cmath>

#include <fmt/format.h>

#include "rampart/control/answers.h"

#include "table.h"
#include "words.h"

namespace rampart::cli {

using base::WallTime;
using control::known;
using ramp::Basis;
using ramp::FlowFacts;

std::string moment(WallTime time, WallTime now) {
  if (!known(time)) {
    return "a time not known";
  }
  return time > now
             ? fmt::format(
                   "{} (in {})", local_clock(time, now),
                   base::format_duration(std::chrono::ceil<std::chrono::seconds>(time - now)))
             : local_clock(time, now);
}

std::string interval(base::Micros length) {
  const double seconds = std::chrono::duration<double>(length).count();
  return seconds >= 10 ? fmt::format("{:.0f} s", seconds) : fmt::format("{:.2g} s", seconds);
}

std::string share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? "0%" : percent(static_cast<double>(part) / static_cast<double>(whole));
}

std::uint64_t rounded(double count) {
  return static_cast<std::uint64_t>(std::llround(count));
}

std::string either(const std::string& first, const std::string& second) {
  return first.empty() || second.empty() ? first + second : first + "; " + second;
}

std::uint32_t left_of(const ramp::Allowance& allowance) {
  return allowance.day > allowance.used_day ? allowance.day - allowance.used_day : 0;
}

namespace {

std::string times(double factor) {
  return fmt::format("{:.4g} x", factor);
}

std::string schedule_in_words(const FlowFacts& facts) {
  return facts.rung_next == 0
             ? "the schedule's last rung"
             : fmt::format("a rung of the schedule; the next is {}, after a day with {} delivered",
                           grouped(facts.rung_next), grouped(facts.rung_needed));
}

std::string limit_in_words(const FlowFacts& facts) {
  const std::string factor = times(facts.growth_limited);
  return facts.allowance.level > facts.limit
             ? fmt::format("{} the level of {}, under a learned limit", factor,
                           grouped(facts.allowance.level))
             : fmt::format("{} the learned limit of {}", factor, grouped(facts.limit));
}

// What the day's allowance is made of.
std::string basis_in_words(const FlowFacts& facts) {
  if (facts.basis == Basis::Stopped) {
    return "nothing while the sender is stopped";
  }
  if (facts.basis == Basis::Schedule) {
    return schedule_in_words(facts);
  }
  if (facts.basis == Basis::Limit) {
    return limit_in_words(facts);
  }
  std::string text =
      facts.basis == Basis::Growth
          ? fmt::format("{} the level of {}", times(facts.growth), grouped(facts.allowance.level))
          : std::string("the plan's start");
  if (facts.extra > 0) {
    text += fmt::format(" and {} by probing", grouped(facts.extra));
  }
  return text + fmt::format("; never above {}{}", grouped(facts.probing.bound),
                            facts.at_day_max ? ", the plan's max" : "");
}

std::string day_row(const FlowFacts& facts) {
  const std::string used = grouped(facts.allowance.used_day);
  if (facts.plan.unlimited) {
    return used + " in 24 hours; no limit";
  }
  return fmt::format("{} of {} in 24 hours: {}", used, grouped(facts.allowance.day),
                     basis_in_words(facts));
}

std::string limit_row(const FlowFacts& facts, WallTime now) {
  if (!known(facts.limit_at) || facts.limit == 0) {
    return {};
  }
  const std::string learned = local_clock(facts.limit_at, now);
  return fmt::format("{} in 24 hours, {}; in force until {}, without probing", grouped(facts.limit),
                     facts.limit_by_block
                         ? "part of what had been delivered when the provider blocked at " + learned
                         : "delivered before deferrals that lasted, learned at " + learned,
                     moment(facts.limit_until, now));
}

std::string hour_row(const FlowFacts& facts, bool transactional) {
  if (facts.plan.unlimited) {
    return {};
  }
  return fmt::format("{} of {} in this hour, one every {}{}", grouped(facts.allowance.used_hour),
                     grouped(facts.allowance.hour), interval(facts.interval),
                     transactional ? "; transactional: paced apart from other mail" : "");
}

std::string under_way_row(const FlowFacts& facts, bool hears) {
  const bool bound = hears && facts.allowance.flight != ramp::kUnlimited;
  std::string text = grouped(facts.in_flight);
  if (bound) {
    text += " of " + grouped(facts.allowance.flight);
  }
  text += fmt::format(" in flight, {} deferred in the MTA's queue", grouped(facts.deferred));
  if (bound && facts.allowance.new_ground) {
    text += "; new ground: more in 24 hours than was ever delivered";
  }
  return text;
}

std::string level_row(const FlowFacts& facts, bool smarthost, WallTime now) {
  const std::uint32_t level = facts.allowance.level;
  const std::string day = base::format_utc(facts.level_day).substr(0, 10);
  std::string text = "none yet: no day with deliveries is over";
  if (level > 0) {
    text = level == facts.level_delivered
               ? fmt::format("{} delivered in 24 hours, up to {} UTC", grouped(level), day)
               : fmt::format("{}, of {} delivered in 24 hours up to {} UTC: long ago, it fades",
                             grouped(level), grouped(facts.level_delivered), day);
  }
  if (smarthost) {
    return text + "; mail leaves through a smarthost, whose 250 teaches no level";
  }
  const std::uint32_t today = facts.allowance.got_day;
  if (today == 0 || !known(facts.next_day_at) || facts.plan.unlimited) {
    return text;
  }
  return text + fmt::format("; with the {} of these 24 hours the day is {} from {} on",
                            grouped(today), grouped(facts.next_day),
                            local_clock(facts.next_day_at, now));
}

std::string plan_row(const engine::FlowStatus& flow, const ramp::Plan& plan) {
  std::string text = flow.plan + ": ";
  if (plan.unlimited) {
    return text + "no limits, only pauses";
  }
  if (plan.schedule.empty()) {
    text += fmt::format("start {}, growth {:.4g}", grouped(plan.start), plan.growth);
  } else {
    std::vector<std::string> rungs;
    for (const std::uint32_t rung : plan.schedule) {
      rungs.push_back(grouped(rung));
    }
    text += joined(rungs);
  }
  return plan.day_max > 0 ? text + ", max " + grouped(plan.day_max) : text;
}

std::string sender_row(const FlowFacts& facts, const ramp::Explanation& explanation) {
  const std::uint64_t n = rounded(explanation.recipients);
  if (n == 0) {
    return {};
  }
  const std::uint64_t dead = rounded(explanation.dead);
  std::string text = fmt::format("{} of its last {} do not exist ({})", grouped(dead),
                                 count_of(n, "recipient"), share(dead, n));
  if (!facts.plan.unlimited && facts.growth < facts.plan.growth) {
    text += fmt::format("; more than {}, so it grows by {:.4g} only",
                        percent(explanation.bounce_share), facts.growth);
  }
  return text;
}

std::string reports_row(const engine::FlowStatus& flow) {
  return fmt::format(
      "{} delivered in 24 hours; since start {} delivered, {} deferred or blocked, {} refused",
      grouped(flow.summary.allowance.got_day), grouped(flow.delivered), grouped(flow.deferrals),
      grouped(flow.refused));
}

std::string over_row(const engine::FlowStatus& flow) {
  return flow.exempt    ? "exempt: counted, never limited"
         : flow.observe ? flow.action + ", but observed only"
                        : flow.action;
}

}  // namespace

std::vector<FlowRow> fact_rows(const engine::FlowStatus& flow,
                               const ramp::Explanation& explanation,
                               WallTime now) {
  const FlowFacts& facts = explanation.flow;
  std::vector<FlowRow> rows{{"day", day_row(facts)},
                            {"limit", limit_row(facts, now)},
                            {"hour", hour_row(facts, explanation.transactional)},
                            {"under way", under_way_row(facts, explanation.feed_healthy)},
                            {"level", level_row(facts, flow.smarthost, now)},
                            {"plan", plan_row(flow, facts.plan)},
                            {"sender", sender_row(facts, explanation)},
                            {"reports", reports_row(flow)},
                            {"over", over_row(flow)}};
  if (!explanation.feed_healthy) {
    rows.push_back({"log",
                    "not read or late: what is in flight or deferred limits nothing, nothing "
                    "is probed, levels freeze"});
  }
  return rows;
}

}  // namespace rampart::cli
