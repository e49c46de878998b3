// What rampart simulate prints.

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "json.h"
#include "simulate.h"
#include "table.h"

namespace rampart::cli {
namespace {

constexpr std::size_t kFlowsMax = 8;
constexpr std::size_t kBar = 32;

std::string whole(double value) {
  return grouped(static_cast<std::uint64_t>(std::llround(value)));
}

std::string days(const std::optional<double>& hours) {
  return hours ? fmt::format("{:.1f} d", *hours / 24) : "never";
}

std::uint64_t submitted_of(const sim::FlowOutcome& flow) {
  std::uint64_t sum = 0;
  for (const sim::FlowDay& day : flow.days) {
    sum += day.submitted;
  }
  return sum;
}

// '=' delivered, ':' submitted that day and not delivered, '|' the allowance, '>' beyond the bar.
std::string bar_of(const sim::FlowDay& day, std::uint32_t most) {
  const auto place = [&](std::uint32_t count) {
    return static_cast<std::size_t>(
        std::ceil(static_cast<double>(kBar) * count / std::max(1U, most)));
  };
  std::string bar(kBar + 1, ' ');
  std::fill_n(bar.begin(), std::min(kBar, place(day.submitted)), ':');
  std::fill_n(bar.begin(), std::min(kBar, place(day.delivered)), '=');
  if (day.allowance > most) {
    bar[kBar] = '>';
  } else if (day.allowance > 0) {
    bar[place(day.allowance)] = '|';
  }
  return bar.substr(0, bar.find_last_not_of(' ') + 1);
}

Json maybe(const std::optional<double>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json flow_to_json(const sim::FlowOutcome& flow) {
  Json list = Json::array();
  for (const sim::FlowDay& day : flow.days) {
    list.push_back({{"submitted", day.submitted},
                    {"delivered", day.delivered},
                    {"throttled", day.throttled},
                    {"refused", day.refused},
                    {"waiting", day.waiting},
                    {"allowance", day.allowance}});
  }
  return {{"sender", flow.sender}, {"provider", flow.provider}, {"days", list}};
}

}  // namespace

std::string render_summary(const std::vector<Tried>& tried) {
  using Align = Table::Align;
  Table table({{"CONTROL"},
               {"DELIVERED", Align::Right},
               {"HALF AFTER", Align::Right},
               {"95% AFTER", Align::Right},
               {"421/1000", Align::Right},
               {"5XX/1000", Align::Right},
               {"BLOCKED", Align::Right},
               {"LOST", Align::Right}});
  for (const Tried& one : tried) {
    const sim::Summary all = sim::summarize(one.outcomes);
    table.add({{std::string(to_string(one.control))},
               {fmt::format("{:.1f}%", 100 * all.share)},
               {days(all.hours_to_half)},
               {days(all.hours_to_most)},
               {whole(all.throttled_per_1000)},
               {whole(all.refused_per_1000)},
               {whole(all.hours_blocked) + " h"},
               {whole(all.lost + all.returned + all.rejected_alive)}});
  }
  return table.render(false);
}

std::string render_flow(const sim::FlowOutcome& flow) {
  std::uint32_t most = 1;
  for (const sim::FlowDay& day : flow.days) {
    most = std::max({most, day.submitted, day.delivered});
  }
  std::string text = fmt::format("{} to {}\n", flow.sender, flow.provider);
  text += " day  allowed  submitted  delivered  deferred\n";
  for (std::size_t i = 0; i < flow.days.size(); ++i) {
    const sim::FlowDay& day = flow.days[i];
    text += fmt::format("{:4} {:>8} {:>10} {:>10} {:>9}  {}", i,
                        day.allowance > 0 ? std::to_string(day.allowance) : "-", day.submitted,
                        day.delivered, day.throttled + day.refused, bar_of(day, most));
    text.erase(text.find_last_not_of(' ') + 1);
    text += '\n';
  }
  return text;
}

std::string render_flows(const sim::Outcome& outcome) {
  std::vector<const sim::FlowOutcome*> flows;
  for (const sim::FlowOutcome& flow : outcome.flows) {
    if (submitted_of(flow) > 0) {
      flows.push_back(&flow);
    }
  }
  std::stable_sort(flows.begin(), flows.end(), [](const auto* a, const auto* b) {
    return submitted_of(*a) > submitted_of(*b);
  });
  std::string text;
  for (std::size_t i = 0; i < std::min(kFlowsMax, flows.size()); ++i) {
    text += '\n' + render_flow(*flows[i]);
  }
  if (flows.size() > kFlowsMax) {
    text +=
        fmt::format("\nand {} smaller flows; --json has all of them\n", flows.size() - kFlowsMax);
  }
  return text;
}

Json simulation_to_json(const std::vector<Tried>& tried) {
  Json list = Json::array();
  for (const Tried& one : tried) {
    const sim::Summary all = sim::summarize(one.outcomes);
    Json entry{{"control", to_string(one.control)},
               {"delivered_share", all.share},
               {"hours_to_half", maybe(all.hours_to_half)},
               {"hours_to_95_percent", maybe(all.hours_to_most)},
               {"throttled_per_1000", all.throttled_per_1000},
               {"refused_per_1000", all.refused_per_1000},
               {"hours_blocked", all.hours_blocked},
               {"dead", all.dead},
               {"lost", all.lost},
               {"returned", all.returned},
               {"rejected_alive", all.rejected_alive}};
    if (!one.outcomes.empty()) {
      Json flows = Json::array();
      for (const sim::FlowOutcome& flow : one.outcomes.front().flows) {
        if (submitted_of(flow) > 0) {
          flows.push_back(flow_to_json(flow));
        }
      }
      entry["flows"] = std::move(flows);
    }
    list.push_back(std::move(entry));
  }
  return list;
}

}  // namespace rampart::cli
