#include "support/catch.h"

#include "world.h"

namespace rampart::ramp {
namespace {

using test::ReplyClass;
using test::Standing;
using test::WallTime;
using test::World;
using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): tests only

TEST_CASE("a burst goes at once, then evenly within the hour", "[ramp][unit]") {
  World world;  // 24 an hour: one each 150 s; ten at once
  for (int i = 0; i < 10; ++i) {
    INFO(i);
    REQUIRE(world.send());
    world.deliver();
  }
  const Admission refused = world.admit();
  CHECK_FALSE(refused.admitted);
  CHECK(refused.reason == Reason::Pace);
  CHECK(refused.until == world.now + 150s);
  world.now = refused.until - 1us;
  CHECK(world.admit().reason == Reason::Pace);
  world.now += 1us;
  CHECK(world.send());
  world.deliver();
  CHECK(world.admit().reason == Reason::Pace);
}

TEST_CASE("the hour ends what the pace would let through", "[ramp][unit]") {
  World world;
  int sent = 0;
  Admission refused;
  const WallTime start = world.now;
  for (; world.now < start + 1h; world.now += 10s) {
    if (world.send()) {
      world.deliver();
      ++sent;
    } else if (world.admit().reason == Reason::Hour) {
      refused = world.admit();
      break;
    }
  }
  CHECK(sent == 24);
  CHECK(refused.until == start + 1h);  // when the first five minutes leave
}

TEST_CASE("five minutes that did no harm go at once again", "[ramp][unit]") {
  World world;
  charge(world.flow, world.context(), 100);
  world.now += 26h;
  REQUIRE(world.allowance().hour == 100);
  for (int i = 0; i < 100; ++i) {
    INFO(i);
    REQUIRE(world.send());
    world.deliver();
  }
  CHECK(world.admit().reason == Reason::Hour);
}

TEST_CASE("the day's allowance is used up to its edge", "[ramp][unit]") {
  struct Case {
    std::uint32_t used;
    std::uint32_t units;
    bool want;
  };
  static const Case kCases[] = {
      {199, 1, true}, {200, 1, false}, {201, 1, false}, {195, 5, true},  {195, 6, false},
      {0, 200, true}, {0, 201, true},  {1, 200, false}, {1, 201, false},
  };
  for (const Case& c : kCases) {
    CAPTURE(c.used, c.units);
    World world;
    world.constants.hourly_share = 1;
    charge(world.flow, world.context(), c.used);
    world.flow.extra_at = world.now;  // no probing yet
    world.now += 9min;
    world.flow.next_at = {};
    const Admission got = world.admit(c.units);
    CHECK(got.admitted == c.want);
    if (!got.admitted) {
      CHECK(got.reason == Reason::Day);
      CHECK(got.until > world.now);
    }
  }
}

TEST_CASE("a transaction larger than the window goes into debt", "[ramp][unit]") {
  World world;
  REQUIRE(world.send(800));
  CHECK(world.allowance().used_day == 800);
  CHECK(world.flow.in_flight == 800);
  for (int i = 0; i < 800; ++i) {
    world.deliver();
  }
  CHECK(world.flow.in_flight == 0);
  // At the hard bound nothing is probed: only time helps.
  Admission refused = world.admit();
  CHECK(refused.reason == Reason::Day);
  CHECK(refused.until == test::ManualClock::kStart + 24h);
  world.now = refused.until - 1us;
  CHECK_FALSE(world.admit().admitted);
  world.now += 1us;
  CHECK(world.admit().admitted);
}

TEST_CASE("the wait for the day names the hour that leaves enough room", "[ramp][unit]") {
  World world;
  const WallTime start = world.now;
  charge(world.flow, world.context(), 5);
  charge(world.flow, world.context(start + 3h), 100);
  charge(world.flow, world.context(start + 5h), 95);
  world.now = start + 6h;
  world.flow.last_block = start;  // nothing is probed for a week
  CHECK(world.admit(1).until == start + 24h);
  CHECK(world.admit(5).until == start + 24h);
  CHECK(world.admit(6).until == start + 27h);
  CHECK(world.admit(105).until == start + 27h);
  CHECK(world.admit(106).until == start + 29h);
  CHECK(world.admit(5000).until == start + 29h);
}

TEST_CASE("probing goes on beyond the day in small steps", "[ramp][unit]") {
  World world;
  charge(world.flow, world.context(), 200);
  world.now += 2h;
  REQUIRE(world.admit().admitted);
  CHECK(world.flow.extra == 8);  // 4 % of 200
  CHECK(world.allowance().day == 208);
  charge(world.flow, world.context(), 8);
  world.flow.next_at = {};
  world.now += 10min - 1us;
  CHECK(world.admit().reason == Reason::Day);
  CHECK(world.admit().until == world.now + 1min);
  world.now += 1us;
  CHECK(world.admit().admitted);
  CHECK(world.flow.extra == 16);
  world.now += 24h;
  roll(world.flow, world.context());
  CHECK(world.flow.extra == 16);
  world.now += 1us;
  roll(world.flow, world.context());
  CHECK(world.flow.extra == 0);
}

TEST_CASE("what keeps a flow from probing", "[ramp][unit]") {
  struct Case {
    const char* name;
    void (*spoil)(World&);
    bool want;
  };
  static const Case kCases[] = {
      {"nothing", [](World&) {}, true},
      {"one in flight", [](World& w) { w.flow.in_flight = 1; }, false},
      {"a deferral within the hour", [](World& w) { w.flow.last_deferral = w.now - 1h + 1us; },
       false},
      {"a deferral an hour ago", [](World& w) { w.flow.last_deferral = w.now - 1h; }, true},
      {"a block within a week", [](World& w) { w.flow.last_block = w.now - 168h + 1us; }, false},
      {"a block a week ago", [](World& w) { w.flow.last_block = w.now - 168h; }, true},
      {"a step just taken", [](World& w) { w.flow.extra_at = w.now - 10min + 1us; }, false},
      {"a step ten minutes ago", [](World& w) { w.flow.extra_at = w.now - 10min; }, true},
      {"a learned limit",
       [](World& w) {
         w.flow.limit = 100;
         w.flow.limit_at = w.now - 96h + 1us;
       },
       false},
      {"a learned limit that is over",
       [](World& w) {
         w.flow.limit = 100;
         w.flow.limit_at = w.now - 96h;
       },
       true},
      {"missing reports", [](World& w) { w.feed_healthy = false; }, false},
      {"the plan's ceiling", [](World& w) { w.plan.day_max = 200; }, false},
      {"the hard bound", [](World& w) { w.constants.new_ceiling = 1; }, false},
  };
  for (const Case& c : kCases) {
    INFO(c.name);
    World world;
    charge(world.flow, world.context(), 200);
    world.now += 2h;
    world.flow.touched = world.now;
    c.spoil(world);
    CHECK(world.admit().admitted == c.want);
    CHECK((world.flow.extra > 0) == c.want);
  }
}

TEST_CASE("a small day is probed by one at a time", "[ramp][unit]") {
  World world;
  world.plan.start = 3;
  charge(world.flow, world.context(), 3);
  world.now += 2h;
  REQUIRE(world.admit().admitted);
  CHECK(world.flow.extra == 1);
}

TEST_CASE("what is in flight bounds the next", "[ramp][unit]") {
  World world;
  for (int i = 0; i < 4; ++i) {
    REQUIRE(world.send());
  }
  CHECK(world.admit().reason == Reason::InFlight);
  CHECK(world.admit().until == world.now + 1min);
  world.deliver();
  CHECK(world.send());
  CHECK(world.admit().reason == Reason::InFlight);
  world.feed_healthy = false;
  CHECK(world.admit().admitted);
}

TEST_CASE("beyond known ground one at a time", "[ramp][unit]") {
  World world;
  world.constants.hourly_share = 1;
  world.set_level(500);
  charge(world.flow, world.context(), 500);
  world.now += 90min;
  REQUIRE(world.send());
  CHECK(world.admit().reason == Reason::InFlight);
  world.transactional = true;
  CHECK(world.admit().admitted);
}

TEST_CASE("transactional mail has a pace of its own", "[ramp][unit]") {
  World world;
  for (int i = 0; i < 10; ++i) {
    REQUIRE(world.send());
    world.deliver();
  }
  REQUIRE(world.admit().reason == Reason::Pace);
  world.transactional = true;
  CHECK(world.send());
  world.transactional = false;
  CHECK(world.admit().reason == Reason::Pace);
}

TEST_CASE("why a flow takes nothing, the first reason first", "[ramp][unit]") {
  World world;
  const auto refused = [&](Reason reason, WallTime until) {
    const Admission got = world.admit();
    CHECK_FALSE(got.admitted);
    CHECK(got.reason == reason);
    CHECK(got.until == until);
  };
  world.health.stop_until = world.now + 24h;
  world.health.stop_len = 24h;
  world.flow.pause_until = world.now + 15min;
  world.flow.pause_len = 15min;
  world.flow.careful = true;
  world.flow.in_flight = 1;
  world.flow.deferred = 1;
  world.flow.deferred_at = world.now;
  world.flow.touched = world.now;
  refused(Reason::Stopped, world.now + 24h);
  world.health = {};
  refused(Reason::Paused, world.now + 15min);
  set_manual_pause(world.flow, world.now + 20min);
  refused(Reason::Paused, world.now + 20min);
  set_manual_pause(world.flow, WallTime{});
  world.now += 15min - 1us;
  refused(Reason::Paused, world.now + 1us);
  world.now += 1us;
  refused(Reason::OneAtATime, world.now + 1min);
  world.flow.in_flight = 0;
  refused(Reason::WaitingForDeferred, world.flow.deferred_at + 6h);
  world.now = world.flow.deferred_at + 6h - 1us;
  refused(Reason::WaitingForDeferred, world.now + 1us);
  world.now += 1us;
  CHECK(world.admit().admitted);
}

TEST_CASE("missing reports stop nothing but pauses", "[ramp][unit]") {
  World world;
  world.feed_healthy = false;
  world.flow.careful = true;
  world.flow.in_flight = 1000;
  world.flow.deferred = 3;
  world.flow.deferred_at = world.now;
  world.flow.touched = world.now;
  CHECK(world.admit().admitted);
  world.flow.pause_len = 15min;
  world.flow.pause_until = world.now + 1s;
  CHECK(world.admit().reason == Reason::Paused);
}

TEST_CASE("four strangers until the provider is known", "[ramp][unit]") {
  World world;
  world.provider_known = false;
  world.constants.flight_min = 100;
  for (int i = 0; i < 4; ++i) {
    REQUIRE(world.send());
  }
  CHECK(world.admit().reason == Reason::FirstContact);
  SECTION("a report ends it") {
    world.report(ReplyClass::Greylisted);
    CHECK(world.admit().admitted);
  }
  SECTION("knowing the provider ends it") {
    world.provider_known = true;
    CHECK(world.admit().admitted);
  }
  SECTION("a plan without limits has this one not either") {
    world.plan.unlimited = true;
    CHECK(world.admit().admitted);
  }
  SECTION("mail nobody hears of ends it") {
    world.now += 120h;
    CHECK_FALSE(world.admit().admitted);
    world.now += 1us;
    CHECK(world.admit().admitted);
  }
}

TEST_CASE("the host flow pauses all its flows", "[ramp][unit]") {
  World world;
  world.host.flow.pause_until = world.now + 15min;
  world.host.flow.pause_len = 15min;
  const auto ask = [&] {
    return admit(world.subject(), world.context(), world.host_context(world.now));
  };
  Admission got = ask();
  CHECK(got.reason == Reason::HostPaused);
  CHECK(got.host);
  CHECK(got.until == world.now + 15min);
  world.now += 15min;
  world.host.flow.careful = true;
  world.host.flow.in_flight = 1;
  world.host.flow.touched = world.now;
  got = ask();
  CHECK(got.reason == Reason::OneAtATime);
  CHECK(got.host);
  world.host.flow.in_flight = 0;
  CHECK(ask().admitted);
  world.host_plan = {};
  world.host_plan.start = 20;
  charge(world.host.flow, world.host_context(world.now), 80);
  got = ask();
  CHECK(got.reason == Reason::Day);
  CHECK(got.host);
}

TEST_CASE("a refund takes back volume, pace and flight", "[ramp][unit]") {
  World world;
  for (int i = 0; i < 9; ++i) {
    REQUIRE(world.send());
    world.deliver();
  }
  const Flow before = world.flow;
  REQUIRE(world.send(4));
  refund(world.flow, world.context(), world.now, 4);
  CHECK(world.flow == before);
}

TEST_CASE("a refund finds its bucket or none", "[ramp][unit]") {
  World world;
  const WallTime start = world.now;
  world.take(5);
  world.now += 23h;
  world.take(2);
  SECTION("in the day, not in the hour") {
    refund(world.flow, world.context(), start, 3);
    CHECK(world.allowance().used_day == 4);
    CHECK(world.allowance().used_hour == 2);
    CHECK(world.flow.in_flight == 4);
  }
  SECTION("more than there is") {
    refund(world.flow, world.context(), start, 50);
    CHECK(world.allowance().used_day == 2);
    CHECK(world.flow.in_flight == 0);
  }
  SECTION("older than the window") {
    world.now += 1h;
    refund(world.flow, world.context(), start, 5);
    CHECK(world.allowance().used_day == 2);
  }
  SECTION("in a future that the clock left") {
    refund(world.flow, world.context(), world.now + 1h, 2);
    CHECK(world.allowance().used_day == 7);
    CHECK(world.flow.in_flight == 5);
  }
}

TEST_CASE("a charge counts volume and pace, not flight", "[ramp][unit]") {
  World world;
  charge(world.flow, world.context(), 11);
  CHECK(world.allowance().used_day == 11);
  CHECK(world.allowance().used_hour == 11);
  CHECK(world.flow.in_flight == 0);
  CHECK(world.admit().reason == Reason::Pace);
}

TEST_CASE("the pace never owes more than an hour", "[ramp][unit]") {
  World world;
  world.plan.start = 100000;
  world.constants.hour_min = 10;
  world.constants.hourly_share = 0.0001;  // 10 an hour
  REQUIRE(world.send(5000));
  const WallTime taken = world.now;
  world.flow.in_flight = 0;
  world.now += 1h;
  CHECK(world.flow.next_at <= taken + 1h + 54min);
  CHECK(world.admit().admitted);
}

TEST_CASE("a clock set back shortens and lengthens no pace", "[ramp][unit]") {
  for (const base::Micros step :
       std::initializer_list<base::Micros>{0s, 40s, 5min, 50min, 5h, 26h, 8760h}) {
    for (const bool transactional : {false, true}) {
      CAPTURE(step.count(), transactional);
      World world;
      world.transactional = transactional;
      world.constants.hour_min = 100;  // the hour alone would take more
      for (int i = 0; i < 3; ++i) {
        REQUIRE(world.send());
        world.deliver();
      }
      World slow = world;
      while (slow.send()) {
        slow.deliver();
      }
      const Admission refused = slow.admit();
      REQUIRE(refused.reason == Reason::Pace);
      const base::Micros wait = refused.until - slow.now;
      world.now -= step;
      CHECK(world.admit().admitted);
      slow.now -= step;
      const Admission still = slow.admit();
      CHECK(still.reason == Reason::Pace);
      CHECK(still.until >= slow.now + wait);
      CHECK(still.until <= slow.now + wait + (step > 1min ? 0s : step));
    }
  }
}

TEST_CASE("a clock set back shortens and lengthens no pause", "[ramp][unit]") {
  for (const base::Micros step : std::initializer_list<base::Micros>{1s, 16min, 7h, 24h, 8760h}) {
    CAPTURE(step.count());
    World world;
    world.take();
    world.report(
        {.reply_class = ReplyClass::RateLimited, .standing = Standing::InFlight, .final = true},
        world.now);
    REQUIRE(world.flow.pause_until == world.now + 15min);
    world.now -= step;
    const Admission got = world.admit();
    CHECK(got.reason == Reason::Paused);
    CHECK(got.until == world.now + 15min);

    World block;
    block.report(ReplyClass::ReputationBlock);
    block.now -= step;
    CHECK(block.admit().until == block.now + 1h);

    World stop;
    stop.health = {0, 0, stop.now + 48h, 48h};
    stop.now -= step;
    CHECK(stop.admit().until == stop.now + 48h);
    roll(stop.health, stop.context());
    CHECK(stop.health.stop_until == stop.now + 48h);

    World waits;
    waits.report(ReplyClass::RateLimited);
    waits.flow.pause_until = {};
    waits.now -= step;
    CHECK(waits.admit().until == waits.now + 6h);
  }
}

TEST_CASE("an old event moves no pause", "[ramp][unit]") {
  World world;
  world.report(ReplyClass::ReputationBlock);
  const WallTime until = world.flow.pause_until;
  const WallTime blocked = world.flow.last_block;
  for (const ReplyClass reply_class :
       {ReplyClass::Delivered, ReplyClass::RateLimited, ReplyClass::ReputationBlock}) {
    world.report({.reply_class = reply_class, .final = true}, world.now - 50min);
    CHECK(world.flow.pause_until == until);
    CHECK(world.flow.last_block == blocked);
    CHECK(world.flow.careful);
  }
}

TEST_CASE("counts saturate", "[ramp][unit]") {
  World world;
  for (int i = 0; i < 4; ++i) {
    charge(world.flow, world.context(), 0xFFFFFFFF);
    take(world.flow, world.context(), 0xFFFFFFFF);
  }
  CHECK(world.allowance().used_day == kUnlimited - 1);
  CHECK(world.allowance().used_hour == kUnlimited - 1);
  CHECK(world.flow.in_flight == kUnlimited - 1);
  CHECK_FALSE(world.admit(0xFFFFFFFF).admitted);
}

}  // namespace
}  // namespace rampart::ramp
