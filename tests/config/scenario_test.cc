// Scenario files: the shipped ones load, and what is wrong is told with its place.

#include "rampart/config/scenario.h"

#include "support/catch.h"

namespace rampart::config {
namespace {

TEST_CASE("the shipped scenarios load", "[config][unit]") {
  const std::string directory = std::string(RAMPART_SOURCE_DIR) + "/contrib/simulate/";
  const LoadedScenario jump = load_scenario(directory + "jump.toml");
  CHECK(jump.problems.empty());
  REQUIRE(jump.scenario);
  CHECK(jump.scenario->days == 14);
  REQUIRE(jump.scenario->senders.size() == 1);
  REQUIRE(jump.scenario->senders[0].changes.size() == 1);
  CHECK(jump.scenario->senders[0].changes[0].per_day == 5000);
  REQUIRE(jump.scenario->providers.size() == 4);
  CHECK(jump.scenario->providers[0].style == sim::Provider::Style::Gmail);
  CHECK(jump.scenario->providers[0].limit.min == 300);
  CHECK(jump.scenario->providers[0].limit.max == 3000);
  CHECK(jump.scenario->providers[3].style == sim::Provider::Style::Plain);
  CHECK(jump.scenario->providers[3].domains == 10);
  const LoadedScenario newsletter = load_scenario(directory + "newsletter.toml");
  CHECK(newsletter.problems.empty());
  REQUIRE(newsletter.scenario);
  CHECK(newsletter.scenario->senders.at(0).campaigns.size() == 2);
  CHECK(newsletter.scenario->providers.at(0).kind == sim::Provider::Kind::Day);
  CHECK(newsletter.scenario->providers.at(0).limit.min == 7000);
  CHECK(newsletter.scenario->providers.at(0).limit.max == 7000);
}

TEST_CASE("a scenario's mistakes are told with their place", "[config][unit]") {
  const std::string good =
      "[[sender]]\nname = \"a.example\"\nper_day = 10\n[[provider]]\nname = \"gmail\"\n";
  struct Case {
    std::string text;
    std::string problem;
  };
  const std::vector<Case> cases{
      {"", "s.toml: error: there is no [[sender]]"},
      {"dayz = 3\n" + good, "s.toml:1:1: error: unknown key \"dayz\""},
      {"days = 0\n" + good, "s.toml:1:8: error"},
      {"days = 91\n" + good, "s.toml:1:8: error"},
      {"days = \n" + good, "s.toml:1:"},
      {good + "limit = [3, 1]\n", "s.toml:6:9: error: \"provider.limit\" must be a number"},
      {good + "limit = 0\n", "s.toml:6:9: error: \"provider.limit\" must be a number"},
      {good + "limit = [1, 2, 3]\n", "s.toml:6:9: error: \"provider.limit\" must be a number"},
      {good + "kind = \"week\"\n", "s.toml:6:8: error: \"provider.kind\" must be one of"},
      {good + "domains = 3\n", "s.toml:4:"},
      {good + "[[provider]]\nname = \"gmial\"\n", "provider \"gmial\" must be gmail, outlook"},
      {good + "[[provider]]\nname = \"gmail\"\n", "two [[provider]] have the name \"gmail\""},
      {good + "[[change]]\nday = 1\nper_day = 5\nsender = \"b.example\"\n",
       "s.toml:6:1: error: no [[sender]] has the name \"b.example\""},
      {good + "[[change]]\nday = 1\n", "\"change.per_day\" is missing here"},
      {good + "[[sender]]\nname = \"b.example\"\n[[campaign]]\nday = 1\nsize = 5\n",
       "s.toml:8:1: error: \"sender\" is missing here"},
      {good + "[[campaign]]\nday = 0\nsize = 1000000\nevery = 0.5\n", "messages are too many"},
      {"[[sender]]\nname = \"a b\"\n[[provider]]\nname = \"gmail\"\n", "s.toml:2:8: error"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text, c.problem);
    const LoadedScenario loaded = read_scenario("s.toml", c.text);
    CHECK_FALSE(loaded.scenario);
    bool told = false;
    std::string all;
    for (const Problem& problem : loaded.problems) {
      all += to_string(problem) + '\n';
      told = told || to_string(problem).find(c.problem) != std::string::npos;
    }
    CAPTURE(all);
    CHECK(told);
  }
  CHECK(read_scenario("s.toml", good).scenario);
}

TEST_CASE("a file that cannot be read is named", "[config][unit]") {
  const LoadedScenario loaded = load_scenario("/nowhere/s.toml");
  CHECK_FALSE(loaded.scenario);
  REQUIRE(loaded.problems.size() == 1);
  CHECK(to_string(loaded.problems[0]) ==
        "/nowhere/s.toml: error: cannot be read: No such file or directory");
}

}  // namespace
}  // namespace rampart::config
