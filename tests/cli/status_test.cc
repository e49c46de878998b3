#include "cli/status.h"

#include <array>

#include "rampart/policy/options.h"
#include "support/catch.h"

#include "cli/flow.h"
#include "cli/json.h"

namespace rampart::cli {
namespace {

base::WallTime at(const char* time) {
  return *base::parse_rfc3339(time);
}

engine::FlowStatus flow(const char* sender,
                        ramp::FlowStatus state,
                        ramp::Reason reason = ramp::Reason::None) {
  engine::FlowStatus flow;
  flow.key = {sender, "gmail"};
  flow.plan = "standard";
  flow.action = "hold";
  flow.summary.status = state;
  flow.summary.reason = reason;
  flow.summary.allowance.level = 9100;
  flow.summary.allowance.day = 12740;
  flow.summary.allowance.used_day = 37;
  flow.in_flight = 3;
  flow.delivered = 900;
  flow.deferrals = 100;
  return flow;
}

control::StatusAnswer status() {
  using ramp::FlowStatus;
  engine::FlowStatus unlimited = flow("b.example", FlowStatus::Open);
  unlimited.summary.allowance.day = ramp::kUnlimited;
  unlimited.summary.allowance.level = 0;
  unlimited.delivered = 0;
  unlimited.deferrals = 0;
  engine::FlowStatus paused = flow("c.example", FlowStatus::Paused, ramp::Reason::Paused);
  paused.summary.until = at("2026-11-21T12:20:00Z");
  paused.last_rule = "gmail-rate";
  engine::FlowStatus idle = flow("d.example", FlowStatus::Open);
  idle.summary.allowance.used_day = 0;
  idle.in_flight = 0;
  control::StatusAnswer answer{"0.1.0", "mx1.example.org", {}};
  engine::Status& shown = answer.status;
  shown.now = at("2026-11-21T12:00:00Z");
  shown.started = at("2026-11-15T08:00:00Z");
  shown.mode = policy::Mode::Enforce;
  shown.store = "sqlite 3.40.1";
  shown.feed_healthy = true;
  shown.sources.push_back({"/var/log/mail.log", true, std::chrono::milliseconds{400}, 0, 0, ""});
  shown.flows = {flow("a.example", FlowStatus::Open), unlimited, paused, idle};
  shown.held = 31;
  shown.oldest_held = at("2026-11-21T09:50:00Z");
  shown.suppressed = 1204;
  shown.suppressed_added = 18;
  shown.warnings = {"something to read"};
  return answer;
}

// Local times are in the zone of the test's environment.
TEST_CASE("the status screen", "[cli]") {
  setenv("TZ", "UTC", 1);
  tzset();
  control::StatusAnswer shown = status();
  const std::size_t idle = filter_flows(shown.status, {}, true);
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
  engine::Status shown = status().status;
  CHECK(filter_flows(shown, arguments, true) == 0);
  CHECK(shown.flows.size() == 1);
  arguments = {};
  arguments.state = "open";
  shown = status().status;
  filter_flows(shown, arguments, false);
  CHECK(shown.flows.size() == 3);
}

TEST_CASE("states in words", "[cli]") {
  setenv("TZ", "UTC", 1);
  tzset();
  using ramp::FlowStatus;
  using ramp::Reason;
  const base::WallTime now = at("2026-11-21T12:00:00Z");
  struct Case {
    FlowStatus state;
    Reason reason;
    base::WallTime until;
    const char* expected;
  };
  const std::vector<Case> cases{
      {FlowStatus::Full, Reason::Day, at("2026-11-21T15:05:00Z"), "full, next at 15:05"},
      {FlowStatus::Full, Reason::InFlight, {}, "full"},
      {FlowStatus::Slowed, Reason::OneAtATime, at("2026-11-21T15:05:00Z"),
       "slowed (one at a time)"},
      {FlowStatus::Slowed, Reason::Limited, at("2026-11-23T15:05:00Z"),
       "slowed (limited until Mon 15:05)"},
      {FlowStatus::Paused, Reason::Paused, at("2036-11-21T15:05:00Z"), "paused until resumed"},
      {FlowStatus::Paused, Reason::Paused, {}, "paused until resumed"},
      {FlowStatus::Paused, Reason::Stopped, at("2026-11-22T12:00:00Z"),
       "paused until Sun 12:00 (dead addresses)"},
      {FlowStatus::Paused, Reason::HostPaused, at("2026-11-21T12:30:00Z"),
       "paused until 12:30 (whole host)"},
      {FlowStatus::Paused, Reason::Paused, at("2026-12-24T12:00:00Z"),
       "paused until 2026-12-24 12:00"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.expected);
    engine::FlowStatus one = flow("a.example", c.state, c.reason);
    one.summary.until = c.until;
    CHECK(state_in_words(one, now) == c.expected);
  }
  engine::FlowStatus observed = flow("a.example", FlowStatus::Open);
  observed.observe = true;
  CHECK(state_in_words(observed, now) == "open, observed only");
  observed.exempt = true;
  CHECK(state_in_words(observed, now) == "open, exempt");
}

TEST_CASE("one flow on the screen and in JSON", "[cli]") {
  setenv("TZ", "UTC", 1);
  tzset();
  engine::FlowStatus paused = flow("a.example", ramp::FlowStatus::Paused, ramp::Reason::Paused);
  paused.summary.until = at("2026-11-21T12:20:00Z");
  paused.last_reply = "421 4.7.0 RP-001";
  paused.last_rule = "microsoft-rate";
  const control::FlowAnswer answer{at("2026-11-21T12:09:00Z"), paused};
  const std::string text = render_flow(answer, false);
  CHECK(text.find("flow        a.example -> gmail\n") == 0);
  CHECK(text.find("state       paused until 12:20 (microsoft-rate)\n") != std::string::npos);
  CHECK(text.find("reply       421 4.7.0 RP-001   rule microsoft-rate\n") != std::string::npos);
  CHECK(render_flow(answer, true).find("\x1b[31mpaused until") != std::string::npos);
  const Json json = control::encode(answer);
  const Json with = with_words(json);
  CHECK(with["flow"] == json["flow"]);
  CHECK(with["words"]["state"] == "paused until 12:20 (microsoft-rate)");
}

}  // namespace
}  // namespace rampart::cli
