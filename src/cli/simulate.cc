// rampart simulate SCENARIO.toml

#include "simulate.h"

#include <algorithm>
#include <thread>

#include <fmt/format.h>

#include "rampart/base/text.h"
#include "rampart/config/scenario.h"
#include "rampart/telemetry/log.h"

#include "commands.h"
#include "json.h"
#include "options_for.h"

namespace rampart::cli {
namespace {

constexpr std::uint64_t kSeedsMax = 1000;

sim::Scenario load_scenario(const std::string& file) {
  config::LoadedScenario loaded = config::load_scenario(file);
  if (!loaded.scenario) {
    std::string text = "the scenario has errors:";
    for (const config::Problem& problem : loaded.problems) {
      text += '\n' + config::to_string(problem);
    }
    throw Failure{kUsage, "usage", text};
  }
  return std::move(*loaded.scenario);
}

// The provider of a domain must be the one that the scenario means.
void check_providers(const sim::Scenario& scenario, const policy::Policy& policy) {
  for (const sim::Provider& provider : scenario.providers) {
    const auto domain = mail::parse_domain(provider.name);
    if (!domain || provider.name.find('.') == std::string::npos) {
      continue;
    }
    const std::string owner(policy.providers.find_by_domain(*domain));
    if (!owner.empty()) {
      throw Failure{kUsage, "usage",
                    fmt::format("{} is a domain of {}, whose servers the simulation does not "
                                "have under this name; use a domain that no provider has by name",
                                provider.name, owner)};
    }
  }
}

std::vector<sim::Control> controls_of(const std::string& against) {
  std::vector<sim::Control> controls{sim::Control::Rampart};
  for (const std::string_view part : base::split(against, ',')) {
    const std::string_view word = base::trim(part);
    const auto control = sim::parse_control(word);
    if (!control) {
      throw Failure{kUsage, "usage",
                    fmt::format("\"{}\" is nothing to compare with; there are none, cap, "
                                "schedule, halving, oracle",
                                base::printable(word, 64))};
    }
    if (std::find(controls.begin(), controls.end(), *control) == controls.end()) {
      controls.push_back(*control);
    }
  }
  return controls;
}

}  // namespace

int run_simulate(const Arguments& arguments, const Output& output) {
  sim::Scenario scenario = load_scenario(arguments.words.at(0));
  if (arguments.days > 0) {
    scenario.days = arguments.days;
  }
  if (arguments.seeds < 1 || arguments.seeds > kSeedsMax || arguments.days > 90) {
    throw Failure{kUsage, "usage", "--seeds takes 1 to 1000, --days 1 to 90"};
  }
  const std::vector<sim::Control> controls = controls_of(arguments.against);
  const auto config = load_config(arguments);
  check_providers(scenario, *config->policy);
  telemetry::configure_log({telemetry::Level::Error, telemetry::Recipients::Full});

  std::vector<sim::Run> runs;
  for (const sim::Control control : controls) {
    for (std::uint64_t i = 0; i < arguments.seeds; ++i) {
      runs.push_back({control, arguments.seed + i});
    }
  }
  const unsigned threads = std::max(1U, std::thread::hardware_concurrency());
  auto outcomes = sim::simulate_all({scenario, config->policy}, runs, threads);
  if (!outcomes) {
    throw Failure{kRefused, "refused", outcomes.error().what};
  }
  std::vector<Tried> tried;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (tried.empty() || tried.back().control != runs[i].control) {
      tried.push_back({runs[i].control, {}});
    }
    tried.back().outcomes.push_back(std::move((*outcomes)[i]));
  }
  if (output.json()) {
    output.print_json(Json{{"days", scenario.days},
                           {"seed", arguments.seed},
                           {"seeds", arguments.seeds},
                           {"controls", simulation_to_json(tried)}});
    return kDone;
  }
  output.print(
      fmt::format("{} days, {}\n\n", scenario.days,
                  arguments.seeds == 1
                      ? fmt::format("seed {}", arguments.seed)
                      : fmt::format("medians of seeds {} to {}; flows of seed {}", arguments.seed,
                                    arguments.seed + arguments.seeds - 1, arguments.seed)));
  output.print(render_summary(tried));
  output.print(render_flows(tried.front().outcomes.front()));
  return kDone;
}

}  // namespace rampart::cli
