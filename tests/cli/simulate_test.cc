// How a simulated plan is shown.

#include "cli/simulate.h"

#include "rampart/base/text.h"
#include "support/catch.h"

#include "cli/json.h"

namespace rampart::cli {
namespace {

sim::Outcome outcome_of(std::uint32_t flows) {
  sim::Outcome outcome;
  outcome.deliverable = 1000;
  outcome.delivered = outcome.delivered_in_time = 900;
  outcome.throttled = 9;
  outcome.hours_to_half = 36;
  for (std::uint32_t i = 0; i < flows; ++i) {
    sim::FlowOutcome flow{"a.example", "p" + std::to_string(i) + ".example", {}};
    flow.days = {{100 + i, 50, 7, 3, 50, 75}, {100, 150, 0, 0, 0, 40'000'000}};
    outcome.flows.push_back(flow);
  }
  return outcome;
}

TEST_CASE("a simulated flow is drawn day by day", "[cli][unit]") {
  CHECK(render_flow(outcome_of(1).flows[0]) ==
        "a.example to p0.example\n"
        " day  allowed  submitted  delivered  deferred\n"
        "   0       75        100         50        10  ===========:::::|:::::\n"
        "   1 40000000        100        150         0  "
        "================================>\n");
}

TEST_CASE("what simulate prints fits 80 columns", "[cli][unit]") {
  const std::vector<Tried> tried{{sim::Control::Rampart, {outcome_of(12)}},
                                 {sim::Control::Schedule, {outcome_of(1)}}};
  const std::string text = render_summary(tried) + render_flows(tried[0].outcomes[0]);
  for (const std::string_view line : base::split(text, '\n')) {
    CAPTURE(line);
    CHECK(line.size() <= 80);
  }
  CHECK(text.find("90.0%       1.5 d      never        10") != std::string::npos);
  CHECK(text.find("a.example to p11.example") != std::string::npos);  // the largest
  CHECK(text.find("a.example to p0.example") == std::string::npos);
  CHECK(text.find("and 4 smaller flows") != std::string::npos);
}

TEST_CASE("a simulation as JSON has every flow", "[cli][unit]") {
  const Json json = simulation_to_json({{sim::Control::Rampart, {outcome_of(12)}}});
  REQUIRE(json.size() == 1);
  CHECK(json[0]["control"] == "rampart");
  CHECK(json[0]["delivered_share"] == 0.9);
  CHECK(json[0]["hours_to_95_percent"].is_null());
  CHECK(json[0]["flows"].size() == 12);
  CHECK(json[0]["flows"][0]["days"][0]["throttled"] == 7);
}

}  // namespace
}  // namespace rampart::cli
