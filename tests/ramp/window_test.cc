#include "ramp/window.h"

#include <algorithm>
#include <vector>

#include "support/catch.h"

#include "world.h"

namespace rampart::ramp {
namespace {

using test::Standing;
using test::WallTime;
using test::World;
using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): tests only

using Peaks = std::vector<std::pair<int, std::uint32_t>>;

template <std::size_t kSize>
Peaks list(const std::array<Flow::Peak, kSize>& table) {
  Peaks out;
  for (const Flow::Peak& peak : table) {
    if (peak.day != 0) {
      out.emplace_back(peak.day, peak.got);
    }
  }
  return out;
}

TEST_CASE("a peak stays until a later day reaches it", "[ramp][unit]") {
  struct Case {
    const char* name;
    Peaks entered;
    Peaks want;
  };
  static const Case kCases[] = {
      {"one", {{5, 10}}, {{5, 10}}},
      {"falling", {{5, 10}, {6, 9}}, {{5, 10}, {6, 9}}},
      {"equal", {{5, 10}, {6, 10}}, {{6, 10}}},
      {"rising", {{5, 10}, {6, 11}}, {{6, 11}}},
      {"rising over two of three", {{5, 30}, {6, 20}, {7, 10}, {8, 25}}, {{5, 30}, {8, 25}}},
      {"the same day, higher", {{5, 10}, {5, 11}}, {{5, 11}}},
      {"the same day, lower", {{5, 10}, {5, 9}}, {{5, 10}}},
      {"an earlier day, lower", {{5, 10}, {4, 9}}, {{5, 10}}},
      {"an earlier day, higher", {{5, 10}, {4, 12}}, {{4, 12}, {5, 10}}},
      {"between", {{5, 30}, {9, 10}, {7, 20}}, {{5, 30}, {7, 20}, {9, 10}}},
      {"full: the least felt goes",
       {{1, 50}, {2, 40}, {3, 39}, {4, 10}, {5, 5}},
       {{1, 50}, {3, 39}, {4, 10}, {5, 5}}},
  };
  for (const Case& c : kCases) {
    INFO(c.name);
    std::array<Flow::Peak, 4> table{};
    for (const auto& [day, got] : c.entered) {
      enter_peak(table, day, got);
    }
    CHECK(list(table) == c.want);
  }
}

TEST_CASE("an hour counts in the day until 24 hours have begun after it", "[ramp][unit]") {
  struct Case {
    const char* name;
    base::Micros after;  // the start of the hour of the charge
    std::uint32_t want;
  };
  static const Case kCases[] = {
      {"at once", 0h, 7},
      {"at the end of the 24th hour", 24h - 1us, 7},
      {"then not", 24h, 0},
      {"long after", 2400h, 0},
  };
  for (const Case& c : kCases) {
    INFO(c.name);
    World world;
    charge(world.flow, world.context(), 7);
    world.now += c.after;
    CHECK(world.allowance().used_day == c.want);
  }
}

TEST_CASE("five minutes count in the hour until 12 of them have begun after", "[ramp][unit]") {
  World world;
  charge(world.flow, world.context(), 7);
  world.now += 1h - 1us;
  CHECK(world.allowance().used_hour == 7);
  world.now += 1us;
  CHECK(world.allowance().used_hour == 0);
  CHECK(world.allowance().used_day == 7);
}

TEST_CASE("a day's deliveries become the level one day later", "[ramp][unit]") {
  World world;
  world.now += 30min;
  world.deliver_many(300);
  // The hour 0 to 1 ends with 300 in 24 hours; a day after that moment it is a peak.
  world.now = test::ManualClock::kStart + 25h - 1us;
  CHECK(world.allowance().level == 0);
  CHECK(world.allowance().day == 200);
  world.now += 1us;
  CHECK(world.allowance().level == 300);
  CHECK(world.allowance().day == 420);
}

TEST_CASE("a flow touched once a week keeps what it delivered", "[ramp][unit]") {
  for (const base::Micros idle : {25h, 47h, 48h, 49h, 50h, 72h, 168h, 1000h}) {
    CAPTURE(idle.count());
    World world;
    world.deliver_many(300);
    world.now += idle;
    CHECK(world.allowance().level == 300);
    CHECK(world.allowance().got_day == 0);
    roll(world.flow, world.context());  // and after it was stored in between
    world.now += 1h;
    CHECK(world.allowance().level == 300);
  }
}

TEST_CASE("days near a block teach no level", "[ramp][unit]") {
  struct Case {
    const char* name;
    base::Micros block_after;
    std::uint32_t want;
  };
  // Delivered in hour 0, entered when hour 24 ends, at 25 h; the block must be 48 h or more before.
  static const Case kCases[] = {
      {"long before", -24h, 300},
      {"just 48 hours before", -23h, 300},
      {"within 48 hours", -23h + 1us, 0},
      {"the same day", 1h, 0},
      {"just before it would be entered", 25h - 1us, 0},
      {"just after it was entered", 25h, 300},
  };
  for (const Case& c : kCases) {
    INFO(c.name);
    World world;
    if (c.block_after < 0h) {
      world.report({.reply_class = reply::ReplyClass::ReputationBlock}, world.now + c.block_after);
    }
    world.deliver_many(300);
    if (c.block_after > 0h) {
      world.report({.reply_class = reply::ReplyClass::ReputationBlock}, world.now + c.block_after);
    }
    world.now += 25h;
    CHECK(world.allowance().level == c.want);
  }
}

TEST_CASE("the level fades after memory", "[ramp][unit]") {
  struct Case {
    int days;  // since the peak's day
    std::uint32_t got;
    std::uint32_t want;
  };
  static const Case kCases[] = {
      {1, 8000, 8000},   {45, 8000, 8000}, {46, 8000, 8000}, {59, 8000, 8000}, {60, 8000, 4000},
      {74, 8000, 4000},  {75, 8000, 2000}, {105, 8000, 500}, {120, 8000, 250}, {135, 8000, 200},
      {9999, 8000, 200}, {9999, 150, 150}, {60, 300, 200},
  };
  for (const Case& c : kCases) {
    CAPTURE(c.days, c.got);
    World world;
    world.flow.peaks[0] = {static_cast<std::int32_t>(base::day_number(world.now)), c.got};
    world.now += c.days * 24h;
    CHECK(world.allowance().level == c.want);
  }
}

TEST_CASE("one small delivery does not end a faded level", "[ramp][unit]") {
  World world;
  world.flow.peaks[0] = {static_cast<std::int32_t>(base::day_number(world.now)), 8000};
  world.now += 61 * 24h;
  world.deliver_many(1);
  world.now += 48h;
  CHECK(world.allowance().level == 4000);
}

// Admissions in a row of five-minute buckets, one harm, and what is confirmed two hours later.
TEST_CASE("an hour without a deferral in it or after it is a best hour", "[ramp][unit]") {
  struct Case {
    const char* name;
    base::Micros harm;  // 0: none
    bool block;
    bool healthy;
    std::uint32_t want_hour;
    std::uint32_t want_five;
  };
  // 40 units in the five minutes from 0:00, 60 in those from 0:50.
  static const Case kCases[] = {
      {"no harm", 0h, false, true, 100, 60},
      {"a deferral before", -1us, false, true, 100, 60},
      {"a deferral in the first bucket", 1us, false, true, 60, 60},
      {"a deferral in the last bucket", 59min, false, true, 0, 0},
      {"a deferral within the hour after the second", 110min + 1us, false, true, 40, 40},
      {"a block within the hour after the second", 110min + 1us, true, true, 40, 40},
      {"a deferral within the hour after both", 65min - 1us, false, true, 0, 0},
      {"just after the hour after the first", 65min, false, true, 40, 40},
      {"a deferral later than an hour after", 1h + 55min, false, true, 100, 60},
      {"reports were missing", 0h, false, false, 0, 0},
  };
  for (const Case& c : kCases) {
    INFO(c.name);
    World world;
    const WallTime start = world.now;
    world.feed_healthy = c.healthy;
    roll(world.flow, world.context(start - 10min));
    const auto harm = [&] {
      world.report({.reply_class = c.block ? reply::ReplyClass::ReputationBlock
                                           : reply::ReplyClass::RateLimited,
                    .final = true},
                   start + c.harm);
    };
    if (c.harm < 0us) {
      harm();
    }
    charge(world.flow, world.context(start), 40);
    if (c.harm > 0us && c.harm < 50min) {
      harm();
    }
    charge(world.flow, world.context(start + 50min), 60);
    if (c.harm > 50min) {
      harm();
    }
    roll(world.flow, world.context(start + 4h));
    std::uint32_t hour = 0;
    for (const auto& [day, units] : list(world.flow.best_hour)) {
      hour = std::max(hour, units);
    }
    std::uint32_t five = 0;
    for (const auto& [day, units] : list(world.flow.best_five)) {
      five = std::max(five, units);
    }
    CHECK(hour == c.want_hour);
    CHECK(five == c.want_five);
  }
}

TEST_CASE("a best hour is confirmed two hours after it began to end", "[ramp][unit]") {
  World world;
  charge(world.flow, world.context(), 150);
  world.now += 2h + 5min - 1us;
  CHECK(world.allowance().hour == 24);
  world.now += 1us;
  CHECK(world.allowance().hour == 150);
  world.now += 45 * 24h;  // still within memory
  CHECK(world.allowance().hour == 150);
  world.now += 24h;
  CHECK(world.allowance().hour == 24);
}

TEST_CASE("late reports and charges count in their own hour", "[ramp][unit]") {
  World world;
  const WallTime start = world.now;
  charge(world.flow, world.context(), 10);
  world.now += 3h;
  roll(world.flow, world.context());
  ramp::charge(world.flow, world.context(start + 90min), 5);
  CHECK(world.flow.used[1] == 5);
  world.report({.reply_class = reply::ReplyClass::Delivered, .final = true}, start + 90min);
  CHECK(world.flow.got[1] == 1);
  CHECK(world.flow.lag[0] == 0);
  CHECK(world.flow.lag[1] == 1);
  CHECK(world.flow.lag[2] == 1);
  CHECK(world.flow.lag[3] == 0);  // not closed yet
  // Older than the window: nothing is charged, a delivery still counts to what is closed since.
  const auto used = world.allowance().used_day;
  ramp::charge(world.flow, world.context(world.now - 24h), 5);
  CHECK(world.allowance().used_day == used);
  ramp::charge(world.flow, world.context(world.now - 23h), 5);
  CHECK(world.allowance().used_day == used + 5);
  world.report({.reply_class = reply::ReplyClass::Delivered, .final = true}, world.now - 24h);
  CHECK(world.allowance().got_day == 1);
}

TEST_CASE("a clock set back refunds nothing", "[ramp][unit]") {
  for (const base::Micros step : std::initializer_list<base::Micros>{1s, 10min, 59min, 61min, 3h,
                                                                     23h, 24h, 25h, 48h, 8760h}) {
    CAPTURE(step.count());
    World world;
    world.deliver_many(200);
    const Allowance before = world.allowance();
    world.now -= step;
    const Allowance after = world.allowance();
    CHECK(after.used_day == before.used_day);
    CHECK(after.used_hour == before.used_hour);
    CHECK(after.got_day == before.got_day);
    CHECK(after.level == 0);
    CHECK_FALSE(world.admit().admitted);
    // Whatever is charged now counts, and all of it leaves in the end.
    world.take(3);
    CHECK(world.allowance().used_day == before.used_day + 3);
    world.now += std::min<base::Micros>(step, 24h) + 24h;
    CHECK(world.allowance().used_day == 0);
  }
}

TEST_CASE("events of the new time are booked once the windows are brought back", "[ramp][unit]") {
  for (const base::Micros step : std::initializer_list<base::Micros>{1s, 23h, 24h, 25h, 8760h}) {
    CAPTURE(step.count());
    World world;
    world.deliver_many(5);
    world.now -= step;
    bring_back(world.flow, world.context());
    world.report({.reply_class = reply::ReplyClass::Delivered, .final = true}, world.now);
    ramp::charge(world.flow, world.context());
    CHECK(world.allowance().got_day == 6);
    CHECK(world.allowance().used_day == 6);
    const Flow before = world.flow;
    bring_back(world.flow, world.context(world.now + 48h));  // nothing lies ahead: nothing moves
    CHECK(world.flow == before);
  }
}

TEST_CASE("a clock set back by years keeps levels from the future", "[ramp][unit]") {
  World world;
  const WallTime start = world.now;
  world.now += 8760h;
  world.deliver_many(500);
  world.now += 26h;
  REQUIRE(world.allowance().level == 500);
  roll(world.flow, world.context());
  world.now = start;
  CHECK(world.allowance().level == 500);
  roll(world.flow, world.context());
  world.now += 61 * 24h;  // and they age from now on
  CHECK(world.allowance().level == 250);
}

TEST_CASE("a jump ahead closes one growth step", "[ramp][unit]") {
  World world;
  world.deliver_many(200);
  world.now += 100 * 24h;
  CHECK(world.allowance().used_day == 0);
  CHECK(world.allowance().level <= 200);
  CHECK(world.allowance().day <= 280);
}

TEST_CASE("a shortened hour scales every window", "[ramp][unit]") {
  World world;
  world.constants.hour = 12s;  // a day of 288 s, a twelfth of an hour of 1 s
  world.constants.memory = 45 * 288s;
  charge(world.flow, world.context(), 7);
  world.now += 11s;
  CHECK(world.allowance().used_hour == 7);
  world.now += 1s;
  CHECK(world.allowance().used_hour == 0);
  world.deliver_many(300);
  world.now += 287s;
  CHECK(world.allowance().used_day == 300);
  world.now += 24s;
  CHECK(world.allowance().used_day == 0);
  CHECK(world.allowance().level == 300);
  world.now += 61 * 288s;
  CHECK(world.allowance().level == 200);
}

}  // namespace
}  // namespace rampart::ramp
