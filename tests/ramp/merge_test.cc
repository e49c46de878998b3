#include "rampart/ramp/merge.h"

#include "support/catch.h"

#include "ramp/window.h"
#include "ramp/world.h"

namespace rampart::test {
namespace {

// What old logs show of a flow that delivered `units` at noon of each of the last `days` days.
ramp::Flow past_days(const World& world, std::uint32_t units, int days, int step = 0) {
  World past = world;
  past.flow = {};
  for (int day = days; day >= 1; --day) {
    const WallTime noon = world.now - 24h * day + 12h;
    const auto count = units + static_cast<std::uint32_t>(step * day);
    for (std::uint32_t i = 0; i < count; ++i) {
      ramp::charge(past.flow, past.context(noon));
      ramp::Reported reported;
      reported.reply_class = ReplyClass::Delivered;
      reported.final = true;
      ramp::on_report(past.subject(), reported, past.context(noon), past.host_context(noon));
    }
  }
  return past.flow;
}

TEST_CASE("old logs raise the level and the best hour", "[ramp][merge][unit]") {
  World world;
  const ramp::Flow seeded = past_days(world, 500, 3);
  CHECK(world.allowance().level == 0);
  CHECK(ramp::merge_history(world.flow, seeded, world.context()));
  CHECK(world.allowance().level == 500);
  CHECK(world.allowance().hour >= 500);
  CHECK(world.allowance().day == 700);
}

TEST_CASE("merging twice changes nothing more", "[ramp][merge][unit]") {
  World world;
  for (const ramp::Flow& seeded :
       {past_days(world, 500, 3), past_days(world, 10, 40, 5), past_days(world, 900, 1)}) {
    ramp::merge_history(world.flow, seeded, world.context());
    const ramp::Flow once = world.flow;
    CHECK_FALSE(ramp::merge_history(world.flow, seeded, world.context()));
    CHECK(world.flow == once);
  }
}

TEST_CASE("two logs in turn settle", "[ramp][merge][unit]") {
  World world;
  const ramp::Flow falling = past_days(world, 10, 40, 5);  // more days than bests are kept
  const ramp::Flow rising = past_days(world, 300, 40, -5);
  ramp::merge_history(world.flow, falling, world.context());
  ramp::merge_history(world.flow, rising, world.context());
  const ramp::Flow settled = world.flow;
  CHECK_FALSE(ramp::merge_history(world.flow, falling, world.context()));
  CHECK_FALSE(ramp::merge_history(world.flow, rising, world.context()));
  CHECK(world.flow == settled);
}

TEST_CASE("a lower past changes nothing of a live flow", "[ramp][merge][unit]") {
  World world;
  world.flow = past_days(world, 500, 3);
  ramp::roll(world.flow, world.context());
  const ramp::Flow before = world.flow;
  CHECK_FALSE(ramp::merge_history(world.flow, past_days(world, 400, 2), world.context()));
  CHECK(world.flow == before);
}

TEST_CASE("counters and pauses of a live flow stay", "[ramp][merge][unit]") {
  World world;
  ramp::take(world.flow, world.context(), 7);
  world.flow.pause_until = world.now + 10min;
  world.flow.pause_len = 15min;
  world.flow.deferred = 2;
  ramp::Flow seeded = past_days(world, 500, 3);
  seeded.pause_until = world.now + 3h;
  seeded.pause_len = 3h;
  const ramp::Flow before = world.flow;
  CHECK(ramp::merge_history(world.flow, seeded, world.context()));
  CHECK(world.allowance().level == 500);
  CHECK(world.allowance().used_hour == 7);
  CHECK(world.allowance().used_day == 507);  // 500 twelve hours ago, before its first use
  CHECK(world.flow.in_flight == 7);
  CHECK(world.flow.deferred == 2);
  CHECK(world.flow.pause_until == before.pause_until);
}

void deliver(World& world, Micros ago, std::uint32_t units) {
  const WallTime at = world.now - ago;
  for (std::uint32_t i = 0; i < units; ++i) {
    ramp::charge(world.flow, world.context(at));
    ramp::Reported reported;
    reported.reply_class = ReplyClass::Delivered;
    reported.final = true;
    ramp::on_report(world.subject(), reported, world.context(at), world.host_context(at));
  }
}

// What went out, by hours before midnight: as the logs tell and as the flow has counted it itself.
TEST_CASE("today's volume counts once, whoever counted it", "[ramp][merge][unit]") {
  struct Sent {
    Micros ago;
    std::uint32_t units;
  };
  struct Case {
    const char* name;
    std::vector<Sent> logs;  // oldest first
    std::vector<Sent> live;
    std::uint32_t day;
    std::uint32_t hour;
  };
  const std::vector<Case> cases{
      {"never used here", {{5h, 300}, {20min, 40}}, {}, 340, 40},
      {"used since some hours",
       {{5h, 300}, {170min, 20}, {130min, 50}, {20min, 40}},
       {{130min, 50}, {20min, 40}},
       410,
       40},
      {"used since some minutes", {{5h, 300}, {40min, 60}, {10min, 9}}, {{10min, 9}}, 369, 69},
      {"used all day", {{1370min, 90}, {20min, 40}}, {{1370min, 80}, {20min, 30}}, 110, 30},
      {"the logs end before", {{5h, 300}}, {{20min, 40}}, 340, 40},
      {"the logs tell less", {{130min, 10}}, {{130min, 50}, {20min, 40}}, 90, 40},
      {"used days ago", {{5h, 300}}, {{80h, 10}}, 300, 0},
  };
  for (const Case& test : cases) {
    CAPTURE(test.name);
    World world;
    World past;
    for (const Sent& sent : test.live) {
      deliver(world, sent.ago, sent.units);
    }
    for (const Sent& sent : test.logs) {
      deliver(past, sent.ago, sent.units);
    }
    ramp::merge_history(world.flow, past.flow, world.context());
    CHECK(world.allowance().used_day == test.day);
    CHECK(world.allowance().got_day == test.day);
    CHECK(world.allowance().used_hour == test.hour);
    const ramp::Flow once = world.flow;
    CHECK_FALSE(ramp::merge_history(world.flow, past.flow, world.context()));
    CHECK(world.flow == once);
    world.now += 24h;
    CHECK(world.allowance().level >= test.day);
    CHECK(world.allowance().used_day == 0);
  }
}

TEST_CASE("blocks of the past spoil their days", "[ramp][merge][unit]") {
  World past;
  deliver(past, 5h, 300);
  past.flow.last_block = past.now - 5h;
  past.flow.last_deferral = past.now - 4h;
  World world;
  deliver(world, 20min, 40);
  ramp::merge_history(world.flow, past.flow, world.context());
  CHECK(world.flow.last_block == past.now - 5h);
  CHECK(world.flow.last_deferral == past.now - 4h);
  world.now += 26h;
  CHECK(world.allowance().level == 0);
}

TEST_CASE("pauses of the past are not taken over", "[ramp][merge][unit]") {
  World world;
  ramp::Flow seeded = past_days(world, 500, 3);
  seeded.pause_until = world.now + 3h;
  seeded.pause_len = 3h;
  seeded.careful = true;
  seeded.in_flight = 3;
  seeded.deferred = 3;
  ramp::merge_history(world.flow, seeded, world.context());
  CHECK(world.flow.pause_until == WallTime{});
  CHECK_FALSE(world.flow.careful);
  CHECK(world.flow.in_flight == 0);
  CHECK(world.flow.deferred == 0);
  CHECK(world.admit().admitted);
}

TEST_CASE("today's volume counts today, and is a level tomorrow", "[ramp][merge][unit]") {
  World world;
  World past;
  past.now = world.now - 2h;
  ramp::Flow seeded;
  {
    World morning = past;
    for (int i = 0; i < 300; ++i) {
      ramp::charge(morning.flow, morning.context());
      ramp::Reported reported;
      reported.reply_class = ReplyClass::Delivered;
      ramp::on_report(morning.subject(), reported, morning.context(),
                      morning.host_context(morning.now));
    }
    seeded = morning.flow;
  }
  ramp::merge_history(world.flow, seeded, world.context());
  CHECK(world.allowance().level == 0);
  CHECK(world.allowance().used_day == 300);
  CHECK(world.allowance().got_day == 300);
  world.now += 25h;
  CHECK(world.allowance().level == 300);
  CHECK(world.allowance().used_day == 0);
}

TEST_CASE("only limits in force are taken over", "[ramp][merge][unit]") {
  struct Case {
    const char* name;
    Micros age;
    Micros live_age;  // zero: no live limit
    std::uint32_t expected;
  };
  const Case cases[] = {
      {"in force", 24h, 0h, 90},
      {"over", 97h, 0h, 0},
      {"the live one is newer", 24h, 12h, 50},
      {"the live one is older", 24h, 36h, 90},
  };
  for (const Case& test : cases) {
    CAPTURE(test.name);
    World world;
    ramp::Flow seeded = past_days(world, 500, 3);
    seeded.limit = 90;
    seeded.limit_at = world.now - test.age;
    if (test.live_age > 0h) {
      world.flow.limit = 50;
      world.flow.limit_at = world.now - test.live_age;
    }
    ramp::merge_history(world.flow, seeded, world.context());
    CHECK(world.flow.limit == test.expected);
  }
}

TEST_CASE("a past that never was changes nothing", "[ramp][merge][unit]") {
  World world;
  ramp::roll(world.flow, world.context());
  CHECK_FALSE(ramp::merge_history(world.flow, ramp::Flow{}, world.context()));
}

}  // namespace
}  // namespace rampart::test
