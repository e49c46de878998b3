#include <algorithm>
#include <set>

#include "support/catch.h"

#include "config/render.h"
#include "fake_files.h"

namespace rampart::config {
namespace {

using test::FakeFiles;

std::string line_of(const std::vector<Setting>& settings, std::string_view key) {
  const auto found = std::find_if(settings.begin(), settings.end(),
                                  [key](const Setting& setting) { return setting.key == key; });
  return found == settings.end() ? "" : found->value + " # " + found->origin;
}

TEST_CASE("every key is shown with value and origin", "[config][unit]") {
  const auto settings =
      show_text("rampart.toml",
                "mode = \"observe\"\n[ramp]\nwarn_wait = \"26h\"\nceiling = 3\n"
                "[[rule]]\nsender = \"a.example\"\n[[rule]]\nover = \"hold\"\n"
                "[plan.mine]\nschedule = [1, 2]\n[provider.acme]\nmx = [\"mx.acme.example\"]\n",
                "", FakeFiles{});
  CHECK(line_of(settings, "mode") == "\"observe\" # rampart.toml:1");
  CHECK(line_of(settings, "tables") == "\"/tables\" # default");
  CHECK(line_of(settings, "ramp.warn_wait") == "\"1d2h\" # rampart.toml:3");
  CHECK(line_of(settings, "ramp.ceiling") == "3.0 # rampart.toml:4");
  CHECK(line_of(settings, "ramp.quiet") == "\"1h\" # default");
  CHECK(line_of(settings, "store.deadline") == "\"50ms\" # default");
  CHECK(line_of(settings, "rule[1].sender") == "\"a.example\" # rampart.toml:6");
  CHECK(line_of(settings, "rule[1].over").empty());
  CHECK(line_of(settings, "rule[1].exempt") == "false # default");
  CHECK(line_of(settings, "rule[2].over") == "\"hold\" # rampart.toml:8");
  CHECK(line_of(settings, "plan.mine.schedule") == "[1, 2] # rampart.toml:10");
  CHECK(line_of(settings, "plan.mine.start") == "200 # default");
  CHECK(line_of(settings, "plan.fast.growth") == "2.0 # default");
  CHECK(line_of(settings, "provider.acme.mx") == "[\"mx.acme.example\"] # rampart.toml:12");
  std::set<std::string> keys;
  for (const Setting& setting : settings) {
    INFO(setting.key);
    CHECK(keys.insert(setting.key).second);
  }
}

TEST_CASE("what is in force without a key is shown, too", "[config][unit]") {
  const auto plain = show_text("f", "", "", FakeFiles{});
  CHECK(line_of(plain, "dsn.token") == "false # default");
  CHECK(line_of(plain, "dsn.host_names") == "[\"mta1\", \"mta1.example.com\"] # default");
  CHECK(line_of(plain, "suppression.guard.window") == "50 # default");
  CHECK(line_of(plain, "suppression.guard.run_chance") == "1e-06 # default");
  const auto door =
      show_text("f", "[dsn]\nmilter = true\nhost_names = [\"A.example\"]", "", FakeFiles{});
  CHECK(line_of(door, "dsn.milter") == "true # f:2");
  CHECK(line_of(door, "dsn.token") == "true # default");
  CHECK(line_of(door, "dsn.host_names") == "[\"a.example\"] # f:3");
  const auto journal =
      show_text("f", "[[report.log]]\njournal = true\nusers = [\"25\"]", "", FakeFiles{});
  CHECK(line_of(journal, "report.log[1].journal") == "true # f:2");
  CHECK(line_of(journal, "report.log[1].users") == "[\"25\"] # f:3");
  CHECK(line_of(journal, "report.log[1].path").empty());
}

TEST_CASE("nothing is shown of a file with errors", "[config][unit]") {
  CHECK(show_text("rampart.toml", "mode = 1", "", FakeFiles{}).empty());
}

// What show() says can be put into a file and means the same.
TEST_CASE("what is shown reads back", "[config][unit]") {
  const std::string text =
      "[ramp]\nwarn_wait = \"1w1ms\"\nceiling = 2.25\n[outbound]\n"
      "local_mailers = [\"a\\\"b\\\\\", \"c\"]\n";
  const auto first = show_text("f", text, "", FakeFiles{});
  std::string again;
  for (const Setting& setting : first) {
    if (!setting.key.starts_with("plan.")) {
      again += setting.key + " = " + setting.value + '\n';
    }
  }
  const auto second = show_text("f", again, "", FakeFiles{});
  REQUIRE(second.size() == first.size());
  for (std::size_t i = 0; i < first.size(); ++i) {
    CHECK(second[i].key == first[i].key);
    CHECK(second[i].value == first[i].value);
  }
  CHECK(line_of(first, "ramp.warn_wait") == "\"7d1ms\" # f:2");
}

TEST_CASE("values are spelled as TOML", "[config][unit]") {
  CHECK(render(1.0) == "1.0");
  CHECK(render(0.04) == "0.04");
  CHECK(render(base::Micros{0}) == "\"0s\"");
  CHECK(render(base::Micros{5'400'000'000}) == "\"1h30m\"");
  CHECK(render(std::string("a\n\"\x7f")) == "\"a\\u000a\\\"\\u007f\"");
  CHECK(render(std::vector<std::string>{}) == "[]");
}

}  // namespace
}  // namespace rampart::config
