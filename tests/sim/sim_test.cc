// The control against models of providers, scaled down: criteria with slack, for few seeds. The
// whole table is rampart_sim_table's.

#include <algorithm>
#include <string>
#include <vector>

#include "rampart/config/config.h"
#include "rampart/sim/scenarios.h"
#include "rampart/sim/simulate.h"
#include "rampart/telemetry/log.h"
#include "support/catch.h"

namespace rampart::sim {
namespace {

constexpr unsigned kThreads = 2;

std::shared_ptr<const policy::Policy> default_policy() {
  telemetry::configure_log({telemetry::Level::Error, telemetry::Recipients::Full});
  const auto loaded = config::load({"", std::string(RAMPART_SOURCE_DIR) + "/conf"});
  REQUIRE(loaded.config != nullptr);
  return loaded.config->policy;
}

Setup setup_of(std::string_view name, double scale) {
  const std::vector<Scenario> all = scenarios(scale);
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Scenario& one) { return one.name == name; });
  REQUIRE(found != all.end());
  return {*found, default_policy()};
}

std::vector<Outcome> run_all(const Setup& setup, Control control, std::uint64_t seeds) {
  std::vector<Run> runs;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    runs.push_back({control, seed});
  }
  auto outcomes = simulate_all(setup, runs, kThreads);
  REQUIRE(outcomes.has_value());
  return *outcomes;
}

TEST_CASE("the same seed gives the same outcome, another seed another", "[sim][unit]") {
  const Setup setup = setup_of("jump", 0.1);
  const auto first = simulate_all(setup, {{Control::Rampart, 1}, {Control::Rampart, 2}}, kThreads);
  const auto again = simulate_all(setup, {{Control::Rampart, 2}, {Control::Rampart, 1}}, 1);
  REQUIRE(first.has_value());
  REQUIRE(again.has_value());
  CHECK((*first)[0] == (*again)[1]);
  CHECK((*first)[1] == (*again)[0]);
  CHECK_FALSE((*first)[0] == (*first)[1]);
}

TEST_CASE("every control meets the same mail", "[sim][unit]") {
  const Setup setup = setup_of("backlog", 0.05);
  std::vector<Run> runs;
  for (std::size_t i = 0; i < kControls; ++i) {
    runs.push_back({static_cast<Control>(i), 3});
  }
  const auto outcomes = simulate_all(setup, runs, kThreads);
  REQUIRE(outcomes.has_value());
  for (const Outcome& outcome : *outcomes) {
    CHECK(outcome.submitted == outcomes->front().submitted);
    CHECK(outcome.deliverable == outcomes->front().deliverable);
  }
}

struct Both {
  std::vector<Outcome> rampart;
  std::vector<Outcome> none;
};

Both run_both(std::string_view name, std::uint64_t seeds) {
  const Setup setup = setup_of(name, 1);
  return {run_all(setup, Control::Rampart, seeds), run_all(setup, Control::None, seeds)};
}

double sum(const std::vector<Outcome>& outcomes, double (*of)(const Outcome&)) {
  double total = 0;
  for (const Outcome& outcome : outcomes) {
    total += of(outcome);
  }
  return total;
}

double throttled(const Outcome& outcome) {
  return outcome.throttled_per_1000();
}
double blocked(const Outcome& outcome) {
  return outcome.hours_blocked;
}
double delivered(const Outcome& outcome) {
  return outcome.share();
}

TEST_CASE("a sudden jump meets few refusals and arrives", "[sim][unit]") {
  const std::string name = GENERATE("jump", "backlog");
  CAPTURE(name);
  constexpr std::uint64_t kSeeds = 3;
  const Both both = run_both(name, kSeeds);
  REQUIRE(sum(both.none, throttled) > 0);
  REQUIRE(sum(both.none, blocked) > 0);
  CHECK(sum(both.rampart, throttled) <= sum(both.none, throttled) / 5);
  CHECK(sum(both.rampart, blocked) <= sum(both.none, blocked) / 5);
  CHECK(sum(both.rampart, delivered) / kSeeds >= 0.9);
}

TEST_CASE("gentle growth is not hindered", "[sim][unit]") {
  const Both both = run_both("gentle", 3);
  for (std::size_t i = 0; i < both.rampart.size(); ++i) {
    CHECK(both.rampart[i].share() >= both.none[i].share() - 0.01);
    REQUIRE(both.rampart[i].hours_to_half);
    CHECK(*both.rampart[i].hours_to_half <= *both.none[i].hours_to_half + 2);
  }
}

TEST_CASE("an outage that denies every recipient suppresses few of them", "[sim][unit]") {
  const Both both = run_both("outage", 2);
  for (std::size_t i = 0; i < both.rampart.size(); ++i) {
    REQUIRE(both.none[i].returned > 200);
    CHECK(both.rampart[i].returned <= both.none[i].returned + 20);
    CHECK(both.rampart[i].rejected_alive <= both.none[i].returned / 4);
    CHECK(both.rampart[i].share() >= both.none[i].share() - 0.01);
  }
}

TEST_CASE("throttling in words that no rule knows is met all the same", "[sim][unit]") {
  const Both both = run_both("unknown", 2);
  CHECK(sum(both.rampart, throttled) <= sum(both.none, throttled) / 3);
  CHECK(sum(both.rampart, delivered) >= sum(both.none, delivered));
}

TEST_CASE("an abuser's neighbours are served", "[sim][unit]") {
  Setup setup = setup_of("tenants", 1);
  setup.scenario.days = 7;
  for (const Outcome& outcome : run_all(setup, Control::Rampart, 1)) {
    CHECK(outcome.share() >= 0.9);
  }
}

TEST_CASE("no message is forgotten", "[sim][unit]") {
  const std::string name = GENERATE("jump", "newsletter", "cold-list", "tenants", "outage");
  const Control control = GENERATE(Control::Rampart, Control::None, Control::Halving);
  CAPTURE(name, to_string(control));
  for (const Outcome& o : run_all(setup_of(name, 0.05), control, 2)) {
    CHECK(o.submitted == o.delivered + o.dead + o.returned + o.rejected + o.lost + o.waiting);
    std::uint64_t submitted = 0;
    std::uint64_t delivered = 0;
    std::uint64_t waiting = 0;
    for (const FlowOutcome& flow : o.flows) {
      for (const FlowDay& day : flow.days) {
        submitted += day.submitted;
        delivered += day.delivered;
      }
      waiting += flow.days.back().waiting;
    }
    CHECK(submitted == o.submitted);
    CHECK(delivered == o.delivered);
    CHECK(waiting == o.waiting);
  }
}

}  // namespace
}  // namespace rampart::sim
