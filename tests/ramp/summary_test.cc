#include <set>
#include <string>

#include "support/catch.h"

#include "world.h"

namespace rampart::ramp {
namespace {

using test::Standing;
using test::WallTime;
using test::World;
using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): tests only

TEST_CASE("a flow as people see it", "[ramp][unit]") {
  struct Case {
    const char* name;
    void (*prepare)(World&);
    FlowStatus want;
    Reason want_reason;
    base::Micros want_until;
  };
  static const Case kCases[] = {
      {"open", [](World&) {}, FlowStatus::Open, Reason::None, 0h},
      {"stopped",
       [](World& w) {
         w.health = {0, 0, w.now + 24h, 24h};
       },
       FlowStatus::Paused, Reason::Stopped, 24h},
      {"paused",
       [](World& w) {
         w.flow.pause_len = 15min;
         w.flow.pause_until = w.now + 15min;
       },
       FlowStatus::Paused, Reason::Paused, 15min},
      {"paused by a person", [](World& w) { set_manual_pause(w.flow, w.now + 3h); },
       FlowStatus::Paused, Reason::Paused, 3h},
      {"paused with its host",
       [](World& w) {
         w.host.flow.pause_len = 15min;
         w.host.flow.pause_until = w.now + 15min;
       },
       FlowStatus::Paused, Reason::HostPaused, 15min},
      {"waiting for the queue",
       [](World& w) {
         w.flow.deferred = 1;
         w.flow.deferred_at = w.flow.touched = w.now;
       },
       FlowStatus::Paused, Reason::WaitingForDeferred, 6h},
      {"one at a time, none under way", [](World& w) { w.flow.careful = true; }, FlowStatus::Slowed,
       Reason::OneAtATime, 0h},
      {"full",
       [](World& w) {
         charge(w.flow, w.context(), 200);
         w.flow.last_block = w.now;
       },
       FlowStatus::Full, Reason::Day, 24h},
      {"limited",
       [](World& w) {
         w.flow.limit = 100;
         w.flow.limit_at = w.now - 1h;
       },
       FlowStatus::Slowed, Reason::Limited, 95h},
      {"this hour's share is used", [](World& w) { charge(w.flow, w.context(), 24); },
       FlowStatus::Slowed, Reason::Hour, 1h},
      {"too much under way", [](World& w) { w.take(4); }, FlowStatus::Slowed, Reason::InFlight,
       1min},
  };
  for (const Case& c : kCases) {
    INFO(c.name);
    World world;
    c.prepare(world);
    const Flow before = world.flow;
    const Summary got = summarize(world.flow, world.host, world.health, world.context());
    CHECK(got.status == c.want);
    CHECK(got.reason == c.want_reason);
    if (c.want != FlowStatus::Open) {
      CHECK(got.until == world.now + c.want_until);
    }
    CHECK(got.allowance.day == world.allowance().day);
    CHECK(world.flow == before);
  }
}

TEST_CASE("a host flow's own plan shows", "[ramp][unit]") {
  World world;
  world.host_plan = {};
  world.host_plan.start = 20;
  charge(world.host.flow, world.host_context(world.now), 80);
  CHECK(summarize(world.flow, world.host, world.health, world.context()).status ==
        FlowStatus::Open);
  const Summary got =
      summarize(world.flow, world.host, world.health, world.context(), &world.host_plan);
  CHECK(got.status == FlowStatus::Full);
}

TEST_CASE("a person pauses and resumes", "[ramp][unit]") {
  World world;
  set_manual_pause(world.flow, WallTime::max());
  CHECK(world.admit().reason == Reason::Paused);
  CHECK(world.admit().until < WallTime::max());
  set_manual_pause(world.flow, world.now - 1h);
  CHECK(world.admit().admitted);
  set_manual_pause(world.flow, WallTime::min());
  CHECK(world.admit().admitted);

  world.deliver_many(30);
  world.report(reply::ReplyClass::RateLimited);
  world.report(reply::ReplyClass::ReputationBlock);
  world.health.stop_until = world.now + 24h;
  world.health.stop_len = 24h;
  world.health.n = 7;
  set_manual_pause(world.flow, world.now + 1h);
  world.now += 2min;
  world.flow.next_at = {};
  world.constants.hour_min = 100;
  const std::uint32_t limit = world.flow.limit = 100;
  REQUIRE_FALSE(world.admit().admitted);
  resume(world.flow, world.health);
  CHECK(world.admit().admitted);
  CHECK(world.allowance().got_day == 30);
  CHECK(world.flow.deferred == 1);
  CHECK(world.flow.limit == limit);
  CHECK(world.health.n == 7);
  // The next deferral begins at the beginning, and is waited for again.
  world.report(reply::ReplyClass::RateLimited);
  CHECK(world.flow.pause_len == 15min);
  world.now += 15min;
  CHECK(world.admit().reason == Reason::WaitingForDeferred);
}

TEST_CASE("every reason and status has a name of its own", "[ramp][unit]") {
  std::set<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(Reason::Limited); ++i) {
    names.insert(to_string(static_cast<Reason>(i)));
  }
  CHECK(names.size() == 12);
  CHECK(names.count("waiting_for_deferred") == 1);
  std::set<std::string_view> statuses;
  for (int i = 0; i <= static_cast<int>(FlowStatus::Paused); ++i) {
    statuses.insert(to_string(static_cast<FlowStatus>(i)));
  }
  CHECK(statuses == std::set<std::string_view>{"open", "slowed", "full", "paused"});
}

}  // namespace
}  // namespace rampart::ramp
