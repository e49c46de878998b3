#include <algorithm>

#include "support/catch.h"

#include "world.h"

namespace rampart::ramp {
namespace {

using test::World;
using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): tests only

TEST_CASE("the day's allowance", "[ramp][unit]") {
  struct Case {
    const char* name;
    std::uint32_t level;
    std::uint32_t extra;
    double n;
    double bad;
    std::uint32_t day_max;
    std::uint32_t want;
  };
  static const Case kCases[] = {
      {"a new flow starts", 0, 0, 0, 0, 0, 200},
      {"growth below the start", 142, 0, 0, 0, 0, 200},
      {"growth just above the start", 143, 0, 0, 0, 0, 200},  // 200.2
      {"growth above the start", 144, 0, 0, 0, 0, 201},       // 201.6
      {"growth", 1000, 0, 0, 0, 0, 1400},
      {"growth is exact", 5, 0, 0, 0, 0, 200},
      {"rounded down", 1001, 0, 0, 0, 0, 1401},  // 1401.4
      {"probing", 1000, 56, 0, 0, 0, 1456},
      {"probing up to twice the level", 1000, 600, 0, 0, 0, 2000},
      {"and no further", 1000, 601, 0, 0, 0, 2000},
      {"a new flow probes up to four times the start", 0, 600, 0, 0, 0, 800},
      {"a new flow, no further", 0, 601, 0, 0, 0, 800},
      {"bounces at the share", 1000, 0, 100, 5, 0, 1400},
      {"bounces above the share", 1000, 0, 100, 5.1, 0, 1150},
      {"too few recipients to tell", 1000, 0, 39, 39, 0, 1400},
      {"just enough recipients to tell", 1000, 0, 40, 3, 0, 1150},
      {"ceiling of the plan", 1000, 0, 0, 0, 1200, 1200},
      {"ceiling above the growth", 1000, 0, 0, 0, 1401, 1400},
      {"ceiling below the start", 0, 0, 0, 0, 50, 50},
      {"a level no count can hold", 4000000000U, 0, 0, 0, 0, kUnlimited - 1},
  };
  for (const Case& c : kCases) {
    INFO(c.name);
    World world;
    world.set_level(c.level);
    world.flow.extra = c.extra;
    world.flow.extra_at = world.now;
    world.health.n = c.n;
    world.health.bad = c.bad;
    world.plan.day_max = c.day_max;
    const Allowance got = world.allowance();
    CHECK(got.day == c.want);
    CHECK(got.level == c.level);
  }
}

TEST_CASE("the day's allowance under a learned limit", "[ramp][unit]") {
  struct Case {
    const char* name;
    std::uint32_t level;
    std::uint32_t limit;
    base::Micros ago;
    double bad;  // of 100
    std::uint32_t want;
    bool want_limited;
  };
  static const Case kCases[] = {
      {"limit above the level", 300, 400, 0h, 0, 560, true},
      {"never above twice the level or four starts", 300, 700, 0h, 0, 800, true},
      {"level above the limit", 300, 100, 0h, 0, 420, true},
      {"below the start", 0, 100, 0h, 0, 140, true},
      {"at least one", 0, 0, 0h, 0, 1, true},
      {"bounces", 300, 300, 0h, 6, 345, true},
      {"last microsecond", 0, 100, 96h - 1us, 0, 140, true},
      {"over", 0, 100, 96h, 0, 200, false},
  };
  for (const Case& c : kCases) {
    INFO(c.name);
    World world;
    world.set_level(c.level);
    world.flow.limit = c.limit;
    world.flow.limit_at = world.now - c.ago;
    world.flow.extra = 50;  // not while limited
    world.flow.extra_at = world.now - 25h;
    world.health.n = 100;
    world.health.bad = c.bad;
    const Allowance got = world.allowance();
    CHECK(got.day == c.want);
    CHECK(got.limited == c.want_limited);
  }
}

TEST_CASE("a schedule goes by rungs reached to four fifths", "[ramp][unit]") {
  struct Case {
    std::uint32_t level;
    std::uint32_t want;
  };
  static const Case kCases[] = {
      {0, 50},       {39, 50},      {40, 100},     {79, 100},      {80, 500},
      {399, 500},    {400, 1000},   {799, 1000},   {800, 5000},    {3999, 5000},
      {4000, 10000}, {7999, 10000}, {8000, 10000}, {10000, 10000}, {50000, 10000},
  };
  for (const Case& c : kCases) {
    CAPTURE(c.level);
    World world;
    world.plan.schedule = {50, 100, 500, 1000, 5000, 10000};
    world.set_level(c.level);
    CHECK(world.allowance().day == c.want);
    world.flow.limit = 10;
    world.flow.limit_at = world.now;
    CHECK(world.allowance().day <= c.want);
    world.flow.limit_at = {};
    world.plan.day_max = 60;
    CHECK(world.allowance().day == std::min(c.want, 60U));
  }
}

TEST_CASE("a schedule is not probed", "[ramp][unit]") {
  World world;
  world.plan.schedule = {3, 100};
  for (int i = 0; i < 3; ++i) {
    REQUIRE(world.send());
    world.deliver();
  }
  world.now += 2h;
  CHECK(world.admit().reason == Reason::Day);
  CHECK(world.flow.extra == 0);
}

TEST_CASE("the hour's allowance and what may be in flight", "[ramp][unit]") {
  struct Case {
    const char* name;
    std::uint32_t level;
    std::uint32_t best_hour;
    std::uint32_t want_hour;
    std::uint32_t want_flight;
  };
  static const Case kCases[] = {
      {"a new flow", 0, 0, 24, 4},
      {"a share of the day", 1000, 0, 168, 8},
      {"flight is rounded down", 952, 0, 159, 7},  // 1332, 159.84
      {"the best hour", 1000, 900, 900, 45},
      {"a best hour below the share", 1000, 100, 168, 8},
      {"a best hour above the hard bound", 1000, 3000, 2000, 100},
  };
  for (const Case& c : kCases) {
    INFO(c.name);
    World world;
    world.set_level(c.level);
    if (c.best_hour > 0) {
      world.flow.best_hour[0] = {world.flow.peaks[0].day, c.best_hour};
    }
    const Allowance got = world.allowance();
    CHECK(got.hour == c.want_hour);
    CHECK(got.flight == c.want_flight);
  }
  World small;
  small.plan.start = 20;
  CHECK(small.allowance().hour == 10);  // hour_min
}

TEST_CASE("new ground begins where nothing more was ever delivered", "[ramp][unit]") {
  World world;
  world.set_level(300);
  charge(world.flow, world.context(), 299);
  CHECK_FALSE(world.allowance().new_ground);
  CHECK(world.allowance().flight == 4);
  charge(world.flow, world.context());
  CHECK(world.allowance().new_ground);
  CHECK(world.allowance().flight == 1);
  world.transactional = true;
  CHECK(world.allowance().flight == 4);

  World fresh;  // without history the start is known ground
  charge(fresh.flow, fresh.context(), 199);
  CHECK_FALSE(fresh.allowance().new_ground);
  charge(fresh.flow, fresh.context());
  CHECK(fresh.allowance().new_ground);
}

TEST_CASE("a stopped sender may send nothing", "[ramp][unit]") {
  World world;
  world.health.stop_len = 24h;
  world.health.stop_until = world.now + 1us;
  CHECK(world.allowance().day == 0);
  world.plan.unlimited = true;
  CHECK(world.allowance().day == 0);
  world.now += 1us;
  CHECK(world.allowance().day == kUnlimited);
  world.plan.unlimited = false;
  CHECK(world.allowance().day == 200);
}

TEST_CASE("an unlimited plan has no volume limits", "[ramp][unit]") {
  World world;
  world.plan.unlimited = true;
  world.flow.limit = 1;
  world.flow.limit_at = world.now;
  charge(world.flow, world.context(), 100000);
  const Allowance got = world.allowance();
  CHECK(got.day == kUnlimited);
  CHECK(got.hour == kUnlimited);
  CHECK(got.flight == kUnlimited);
  CHECK_FALSE(got.limited);
  CHECK(got.used_day == 100000);
  CHECK(world.admit(5000).admitted);
}

TEST_CASE("without a feed nothing is limited by what is in flight", "[ramp][unit]") {
  World world;
  world.feed_healthy = false;
  CHECK(world.allowance().flight == kUnlimited);
  CHECK(world.allowance().day == 200);
}

TEST_CASE("allowance changes nothing", "[ramp][unit]") {
  World world;
  world.deliver_many(50);
  const Flow before = world.flow;
  world.now += 30h;
  CHECK(world.allowance().used_day == 0);
  CHECK(world.flow == before);
}

}  // namespace
}  // namespace rampart::ramp
