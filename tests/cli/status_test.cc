#include "cli/status.h"

#include <array>

#include "support/catch.h"

#include "cli/flow.h"

namespace rampart::cli {
namespace {

Json flow(const char* sender, const char* state, const char* reason) {
  return {
      {"sender", sender},      {"provider", "gmail"},   {"state", state},      {"reason", reason},
      {"until", nullptr},      {"plan", "standard"},    {"over", "hold"},      {"observe", false},
      {"exempt", false},       {"level", 9100},         {"allowance", 12740},  {"used", 37},
      {"allowance_hour", 100}, {"used_hour", 5},        {"delivered_day", 30}, {"in_flight_max", 4},
      {"in_flight", 3},        {"deferred_waiting", 0}, {"limited", false},    {"delivered", 900},
      {"deferrals", 100},      {"refused", 0},          {"last_reply", ""},    {"last_rule", ""}};
}

Json status() {
  Json open = flow("a.example", "open", "none");
  Json unlimited = flow("b.example", "open", "none");
  unlimited["allowance"] = nullptr;
  unlimited["level"] = 0;
  unlimited["delivered"] = 0;
  unlimited["deferrals"] = 0;
  Json paused = flow("c.example", "paused", "paused");
  paused["until"] = "2026-11-21T12:20:00Z";
  paused["last_rule"] = "gmail-rate";
  Json idle = flow("d.example", "open", "none");
  idle["used"] = 0;
  idle["in_flight"] = 0;
  return {{"version", "0.1.0"},
          {"host", "mx1.example.org"},
          {"now", "2026-11-21T12:00:00Z"},
          {"started", "2026-11-15T08:00:00Z"},
          {"mode", "enforce"},
          {"store", "sqlite 3.40.1"},
          {"store_degraded", false},
          {"feed_healthy", true},
          {"sources", {{{"name", "/var/log/mail.log"}, {"open", true}, {"lag_seconds", 0.4}}}},
          {"flows", {open, unlimited, paused, idle}},
          {"held", 31},
          {"oldest_held", "2026-11-21T09:50:00Z"},
          {"suppressed", 1204},
          {"suppressed_added", 18},
          {"warnings", {"something to read"}}};
}

// Local times are in the zone of the test's environment.
TEST_CASE("the status screen", "[cli]") {
  setenv("TZ", "UTC", 1);
  tzset();
  Json shown = status();
  const std::size_t idle = filter_flows(shown, {}, true);
  CHECK(idle == 1);
  CHECK(
      render_status(shown, idle, false) ==
      R"(rampart 0.1.0 on mx1.example.org: running 6d 4h, enforcing, sqlite 3.40.1, log 0.4 s behind
SENDER     PROVIDER  LEVEL  ALLOWANCE  USED    LEFT  IN FLIGHT  DEFERRED  STATE
a.example  gmail     9 100     12 740    37  12 703          3     10.0%  open
b.example  gmail         -          -    37       -          3         -  open
c.example  gmail     9 100     12 740    37  12 703          3     10.0%  paused until 12:20 (gmail-rate)
3 flows (1 idle hidden, --all shows them); held 31, oldest 2h 10m; suppressed 1 204 (+18 since start)
next: c.example -> gmail may send again at 12:20
! something to read
)");
}

TEST_CASE("filters", "[cli]") {
  Arguments arguments;
  arguments.sender = "c.example";
  Json shown = status();
  CHECK(filter_flows(shown, arguments, true) == 0);
  CHECK(shown["flows"].size() == 1);
  arguments = {};
  arguments.state = "open";
  shown = status();
  filter_flows(shown, arguments, false);
  CHECK(shown["flows"].size() == 3);
}

TEST_CASE("states in words", "[cli]") {
  setenv("TZ", "UTC", 1);
  tzset();
  const base::WallTime now = *base::parse_rfc3339("2026-11-21T12:00:00Z");
  struct Case {
    const char* state;
    const char* reason;
    const char* until;
    const char* expected;
  };
  const std::array<Case, 6> cases{{
      {"full", "day", "2026-11-21T15:05:00Z", "full, next at 15:05"},
      {"slowed", "one_at_a_time", "2026-11-21T15:05:00Z", "slowed (one at a time)"},
      {"slowed", "limited", "2026-11-23T15:05:00Z", "slowed (limited until Mon 15:05)"},
      {"paused", "paused", "2036-11-21T15:05:00Z", "paused until resumed"},
      {"paused", "stopped", "2026-11-22T12:00:00Z", "paused until Sun 12:00 (dead addresses)"},
      {"paused", "paused", "2026-12-24T12:00:00Z", "paused until 2026-12-24 12:00"},
  }};
  for (const Case& c : cases) {
    CAPTURE(c.expected);
    Json one = flow("a.example", c.state, c.reason);
    one["until"] = c.until;
    CHECK(state_in_words(one, now) == c.expected);
  }
  Json observed = flow("a.example", "open", "none");
  observed["observe"] = true;
  CHECK(state_in_words(observed, now) == "open, observed only");
}

TEST_CASE("one flow on the screen and in JSON", "[cli]") {
  setenv("TZ", "UTC", 1);
  tzset();
  Json paused = flow("a.example", "paused", "paused");
  paused["until"] = "2026-11-21T12:20:00Z";
  paused["last_reply"] = "421 4.7.0 RP-001";
  paused["last_rule"] = "microsoft-rate";
  const Json answer{{"now", "2026-11-21T12:09:00Z"}, {"flow", paused}};
  const std::string text = render_flow(answer, false);
  CHECK(text.find("flow        a.example -> gmail\n") == 0);
  CHECK(text.find("state       paused until 12:20 (microsoft-rate)\n") != std::string::npos);
  CHECK(text.find("reply       421 4.7.0 RP-001   rule microsoft-rate\n") != std::string::npos);
  CHECK(render_flow(answer, true).find("\x1b[31mpaused until") != std::string::npos);
  const Json with = with_words(answer);
  CHECK(with["flow"] == paused);
  CHECK(with["words"]["state"] == "paused until 12:20 (microsoft-rate)");
}

}  // namespace
}  // namespace rampart::cli
