#include "flow_facts.h"

#include <cmath>

#include <fmt/format.h>

#include "table.h"
#include "words.h"

namespace rampart::cli {

using base::WallTime;

const Json& part(const Json& json, const char* key) {
  static const Json kNone = Json::object();
  const auto found = json.find(key);
  return found != json.end() && found->is_structured() ? *found : kNone;
}

double fraction_of(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_number() ? found->get<double>() : 0;
}

std::string moment(std::optional<WallTime> time, WallTime now) {
  if (!time) {
    return "a time not known";
  }
  return *time > now
             ? fmt::format(
                   "{} (in {})", local_clock(*time, now),
                   base::format_duration(std::chrono::ceil<std::chrono::seconds>(*time - now)))
             : local_clock(*time, now);
}

std::string length(const Json& json, const char* key) {
  return base::format_duration(base::Micros{std::llround(fraction_of(json, key) * 1e6)});
}

std::string interval(double seconds) {
  return seconds >= 10 ? fmt::format("{:.0f} s", seconds) : fmt::format("{:.2g} s", seconds);
}

std::string percent(double share) {
  return fmt::format("{:.3g}%", 100 * share);
}

std::string share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? "0%" : percent(static_cast<double>(part) / static_cast<double>(whole));
}

std::string either(const std::string& first, const std::string& second) {
  return first.empty() || second.empty() ? first + second : first + "; " + second;
}

std::uint64_t left_of(const Json& facts) {
  const std::uint64_t allowance = number_of(facts, "allowance");
  const std::uint64_t used = number_of(facts, "used");
  return allowance > used ? allowance - used : 0;
}

namespace {

bool is_unlimited(const Json& facts) {
  return flag_of(part(facts, "plan"), "unlimited");
}

std::string times(double factor) {
  return fmt::format("{:.4g} x", factor);
}

// What the day's allowance is made of.
std::string basis_in_words(const Json& facts) {
  const std::string basis = text_of(facts, "basis");
  const std::string level = grouped(number_of(facts, "level"));
  if (basis == "stopped") {
    return "nothing while the sender is stopped";
  }
  if (basis == "schedule") {
    const std::uint64_t next = number_of(facts, "rung_next");
    return next == 0 ? "the schedule's last rung"
                     : fmt::format(
                           "a rung of the schedule; the next is {}, after a day with {} "
                           "delivered",
                           grouped(next), grouped(number_of(facts, "rung_needed")));
  }
  if (basis == "limit") {
    const std::uint64_t limit = number_of(facts, "limit");
    const std::string factor = times(fraction_of(facts, "growth_limited"));
    return number_of(facts, "level") > limit
               ? fmt::format("{} the level of {}, under a learned limit", factor, level)
               : fmt::format("{} the learned limit of {}", factor, grouped(limit));
  }
  std::string text = basis == "growth" ? fmt::format("{} the level of {}",
                                                     times(fraction_of(facts, "growth")), level)
                                       : std::string("the plan's start");
  if (const std::uint64_t extra = number_of(facts, "extra"); extra > 0) {
    text += fmt::format(" and {} by probing", grouped(extra));
  }
  return text + fmt::format("; never above {}{}",
                            grouped(number_of(part(facts, "probing"), "bound")),
                            flag_of(facts, "at_max") ? ", the plan's max" : "");
}

std::string day_row(const Json& facts) {
  const std::string used = grouped(number_of(facts, "used"));
  if (is_unlimited(facts)) {
    return used + " in 24 hours; no limit";
  }
  return fmt::format("{} of {} in 24 hours: {}", used, grouped(number_of(facts, "allowance")),
                     basis_in_words(facts));
}

std::string limit_row(const Json& facts, WallTime now) {
  const auto at = time_of(facts, "limit_at");
  if (!at || number_of(facts, "limit") == 0) {
    return {};
  }
  const std::string learned = local_clock(*at, now);
  return fmt::format("{} in 24 hours, {}; in force until {}, without probing",
                     grouped(number_of(facts, "limit")),
                     flag_of(facts, "limit_by_block")
                         ? "part of what had been delivered when the provider blocked at " + learned
                         : "delivered before deferrals that lasted, learned at " + learned,
                     moment(time_of(facts, "limit_until"), now));
}

std::string hour_row(const Json& facts, bool transactional) {
  if (is_unlimited(facts)) {
    return {};
  }
  return fmt::format(
      "{} of {} in this hour, one every {}{}", grouped(number_of(facts, "used_hour")),
      grouped(number_of(facts, "allowance_hour")), interval(fraction_of(facts, "interval_seconds")),
      transactional ? "; transactional: paced apart from other mail" : "");
}

std::string under_way_row(const Json& facts, bool hears) {
  const bool bound = hears && facts.contains("in_flight_max") && !facts["in_flight_max"].is_null();
  std::string text = grouped(number_of(facts, "in_flight"));
  if (bound) {
    text += " of " + grouped(number_of(facts, "in_flight_max"));
  }
  text += fmt::format(" in flight, {} deferred in the MTA's queue",
                      grouped(number_of(facts, "deferred")));
  if (bound && flag_of(facts, "new_ground")) {
    text += "; new ground: more in 24 hours than was ever delivered";
  }
  return text;
}

std::string level_row(const Json& facts, bool smarthost, WallTime now) {
  const std::uint64_t level = number_of(facts, "level");
  const std::uint64_t delivered = number_of(facts, "level_delivered");
  const std::string day = text_of(facts, "level_day").substr(0, 10);
  std::string text = "none yet: no day with deliveries is over";
  if (level > 0) {
    text = level == delivered
               ? fmt::format("{} delivered in 24 hours, up to {} UTC", grouped(level), day)
               : fmt::format("{}, of {} delivered in 24 hours up to {} UTC: long ago, it fades",
                             grouped(level), grouped(delivered), day);
  }
  if (smarthost) {
    return text + "; mail leaves through a smarthost, whose 250 teaches no level";
  }
  const std::uint64_t today = number_of(facts, "delivered_day");
  const auto then = time_of(facts, "next_day_at");
  if (today == 0 || !then || is_unlimited(facts)) {
    return text;
  }
  return text + fmt::format("; with the {} of these 24 hours the day is {} from {} on",
                            grouped(today), grouped(number_of(facts, "next_day")),
                            local_clock(*then, now));
}

std::string plan_row(const Json& flow, const Json& facts) {
  const Json& plan = part(facts, "plan");
  std::string text = text_of(flow, "plan") + ": ";
  if (is_unlimited(facts)) {
    return text + "no limits, only pauses";
  }
  if (const Json& schedule = part(plan, "schedule"); !schedule.empty()) {
    std::vector<std::string> rungs;
    for (const Json& rung : schedule) {
      rungs.push_back(grouped(rung.is_number() ? rung.get<std::uint64_t>() : 0));
    }
    text += joined(rungs);
  } else {
    text += fmt::format("start {}, growth {:.4g}", grouped(number_of(plan, "start")),
                        fraction_of(plan, "growth"));
  }
  const std::uint64_t max = number_of(plan, "max");
  return max > 0 ? text + ", max " + grouped(max) : text;
}

std::string sender_row(const Json& facts, const Json& explanation) {
  const std::uint64_t n = number_of(explanation, "recipients");
  if (n == 0) {
    return {};
  }
  const std::uint64_t dead = number_of(explanation, "dead");
  std::string text = fmt::format("{} of its last {} do not exist ({})", grouped(dead),
                                 count_of(n, "recipient"), share(dead, n));
  const double growth = fraction_of(facts, "growth");
  if (!is_unlimited(facts) && growth < fraction_of(part(facts, "plan"), "growth")) {
    text += fmt::format("; more than {}, so it grows by {:.4g} only",
                        percent(fraction_of(explanation, "bounce_share")), growth);
  }
  return text;
}

std::string reports_row(const Json& flow) {
  return fmt::format(
      "{} delivered in 24 hours; since start {} delivered, {} deferred or blocked, {} refused",
      grouped(number_of(flow, "delivered_day")), grouped(number_of(flow, "delivered")),
      grouped(number_of(flow, "deferrals")), grouped(number_of(flow, "refused")));
}

std::string over_row(const Json& flow) {
  const std::string over = text_of(flow, "over");
  return flag_of(flow, "exempt")    ? "exempt: counted, never limited"
         : flag_of(flow, "observe") ? over + ", but observed only"
                                    : over;
}

}  // namespace

std::vector<FlowRow> fact_rows(const Json& flow, const Json& explanation, WallTime now) {
  const Json& facts = part(explanation, "flow");
  const bool hears = flag_of(explanation, "feed_healthy");
  std::vector<FlowRow> rows{{"day", day_row(facts)},
                            {"limit", limit_row(facts, now)},
                            {"hour", hour_row(facts, flag_of(explanation, "transactional"))},
                            {"under way", under_way_row(facts, hears)},
                            {"level", level_row(facts, flag_of(flow, "smarthost"), now)},
                            {"plan", plan_row(flow, facts)},
                            {"sender", sender_row(facts, explanation)},
                            {"reports", reports_row(flow)},
                            {"over", over_row(flow)}};
  if (!hears) {
    rows.push_back({"log",
                    "not read or late: what is in flight or deferred limits nothing, nothing "
                    "is probed, levels freeze"});
  }
  return rows;
}

}  // namespace rampart::cli
