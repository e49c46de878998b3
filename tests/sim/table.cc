// rampart_sim_table [--seeds N] [--first N] [--scenario NAME] [--control NAME] [--unseen]
//                   [--threads N] [--config FILE] [--each]
//
// Runs every scenario under every control for many seeds and prints the medians, and how often the
// goals are met.

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "rampart/base/time.h"
#include "rampart/config/config.h"
#include "rampart/sim/scenarios.h"
#include "rampart/sim/simulate.h"
#include "rampart/telemetry/log.h"

namespace rampart {
namespace {

struct Choices {
  std::uint64_t seeds = 20;
  std::uint64_t first = 1;
  unsigned threads = std::max(1U, std::thread::hardware_concurrency());
  std::string scenario;
  std::string control;
  std::string config;
  bool unseen = false;
  bool each = false;
};

double median(std::vector<double> values) {
  if (values.empty()) {
    return 0;
  }
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

std::string hours(const std::optional<double>& value) {
  return value ? fmt::format("{:.0f}", *value) : "-";
}

void print_row(sim::Control control, const std::vector<sim::Outcome>& outcomes) {
  const sim::Summary all = sim::summarize(outcomes);
  fmt::print("  {:9} {:6.1f} {:>6} {:>6} {:8.1f} {:8.1f} {:8.1f} {:7.0f} {:7.0f} {:7.0f} {:7.0f}\n",
             to_string(control), 100 * all.share, hours(all.hours_to_half),
             hours(all.hours_to_most), all.throttled_per_1000, all.refused_per_1000,
             all.hours_blocked, all.dead, all.lost, all.returned, all.rejected_alive);
}

using Table = std::vector<std::vector<sim::Outcome>>;  // control, seed

std::size_t index(sim::Control control) {
  return static_cast<std::size_t>(control);
}

void print_goals(const Table& table) {
  const auto& ours = table[index(sim::Control::Rampart)];
  const auto& none = table[index(sim::Control::None)];
  const auto& oracle = table[index(sim::Control::Oracle)];
  if (ours.empty() || none.empty() || oracle.empty()) {
    return;
  }
  std::vector<double> to_oracle;
  std::vector<double> to_none;
  std::vector<double> throttled;
  std::size_t blocked = 0;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    to_oracle.push_back(ours[i].share() / std::max(1e-9, oracle[i].share()));
    to_none.push_back(ours[i].share() - none[i].share());
    throttled.push_back(ours[i].throttled_per_1000() /
                        std::max(1e-9, none[i].throttled_per_1000()));
    blocked += ours[i].hours_blocked <= none[i].hours_blocked / 10 ? 1U : 0U;
  }
  fmt::print(
      "  share {:.3f} of the oracle's, {:+.1f} points to none; 421s {:.3f} of none's; "
      "blocked <= 1/10 in {}/{}\n",
      median(to_oracle), 100 * median(to_none), median(throttled), blocked, ours.size());
}

void print_each(const sim::Scenario& scenario, const Table& table) {
  for (std::size_t control = 0; control < table.size(); ++control) {
    for (std::size_t i = 0; i < table[control].size(); ++i) {
      const sim::Outcome& o = table[control][i];
      fmt::print(
          "#{} {} {} share={:.4f} throttled={} refused={} blocked={:.1f} lost={} "
          "returned={} rejected_alive={} dead={} waiting={}\n",
          scenario.name, to_string(static_cast<sim::Control>(control)), i, o.share(), o.throttled,
          o.refused, o.hours_blocked, o.lost, o.returned, o.rejected_alive, o.dead, o.waiting);
      for (const sim::FlowOutcome& flow : o.flows) {
        fmt::print("#  {} {}:", flow.sender, flow.provider);
        for (const sim::FlowDay& day : flow.days) {
          fmt::print(" {}/{}+{}t{}r{}w{}", day.delivered, day.submitted, day.throttled, day.refused,
                     day.waiting, day.allowance > 0 ? fmt::format("({})", day.allowance) : "");
        }
        fmt::print("\n");
      }
    }
  }
}

bool run_scenario(sim::Scenario scenario,
                  const std::shared_ptr<const policy::Policy>& policy,
                  const Choices& choices,
                  const base::Clock& clock) {
  scenario.unseen = choices.unseen;
  std::vector<sim::Run> runs;
  for (std::size_t c = 0; c < sim::kControls; ++c) {
    const auto control = static_cast<sim::Control>(c);
    if (!choices.control.empty() && choices.control.find(to_string(control)) == std::string::npos) {
      continue;
    }
    for (std::uint64_t seed = 0; seed < choices.seeds; ++seed) {
      runs.push_back({control, choices.first + seed});
    }
  }
  const auto before = clock.steady_now();
  auto outcomes = sim::simulate_all({scenario, policy}, runs, choices.threads);
  if (!outcomes) {
    fmt::print(stderr, "{}\n", outcomes.error().what);
    return false;
  }
  Table table(sim::kControls);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    table[index(runs[i].control)].push_back(std::move((*outcomes)[i]));
  }
  const std::chrono::duration<double> took = clock.steady_now() - before;
  fmt::print("{}: {} ({:.0f} s)\n", scenario.name, scenario.text, took.count());
  fmt::print("  {:9} {:>6} {:>6} {:>6} {:>8} {:>8} {:>8} {:>7} {:>7} {:>7} {:>7}\n", "control",
             "share%", "h 50%", "h 95%", "421/1000", "5xx/1000", "h block", "dead", "lost",
             "return", "reject");
  for (std::size_t c = 0; c < sim::kControls; ++c) {
    if (!table[c].empty()) {
      print_row(static_cast<sim::Control>(c), table[c]);
    }
  }
  print_goals(table);
  if (choices.each) {
    print_each(scenario, table);
  }
  std::fflush(stdout);
  return true;
}

template <class Number>
bool read(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

bool read_choices(int argc, char** argv, Choices& choices) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--unseen") {
      choices.unseen = true;
      continue;
    }
    if (name == "--each") {
      choices.each = true;
      continue;
    }
    if (++i >= argc) {
      return false;
    }
    const std::string_view value = argv[i];
    if (name == "--scenario") {
      choices.scenario = value;
    } else if (name == "--control") {
      choices.control = value;
    } else if (name == "--config") {
      choices.config = value;
    } else if (!(name == "--seeds"     ? read(value, choices.seeds)
                 : name == "--first"   ? read(value, choices.first)
                 : name == "--threads" ? read(value, choices.threads)
                                       : false)) {
      return false;
    }
  }
  return true;
}

int run(int argc, char** argv) {
  Choices choices;
  if (!read_choices(argc, argv, choices)) {
    fmt::print(stderr,
               "usage: rampart_sim_table [--seeds N] [--first N] [--scenario NAME] "
               "[--control NAMES] [--config FILE] [--threads N] [--unseen] [--each]\n");
    return 64;
  }
  telemetry::configure_log({telemetry::Level::Error, telemetry::Recipients::Full});
  const auto loaded = config::load({choices.config, std::string(RAMPART_SOURCE_DIR) + "/conf"});
  if (loaded.config == nullptr) {
    for (const config::Problem& problem : loaded.problems) {
      fmt::print(stderr, "{}\n", to_string(problem));
    }
    return 78;
  }
  const base::SystemClock clock;
  for (const sim::Scenario& scenario : sim::scenarios()) {
    if ((choices.scenario.empty() || choices.scenario == scenario.name) &&
        !run_scenario(scenario, loaded.config->policy, choices, clock)) {
      return 75;
    }
  }
  return 0;
}

}  // namespace
}  // namespace rampart

int main(int argc, char** argv) {
  return rampart::run(argc, argv);
}
