// How allowances move over days: growth, doing no harm, monotony, order of events.

#include <algorithm>
#include <random>
#include <vector>

#include "support/catch.h"

#include "world.h"

namespace rampart::ramp {
namespace {

using base::Micros;
using base::WallTime;
using reply::ReplyClass;
using test::Standing;
using test::World;
using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): tests only

TEST_CASE("unlimited demand grows by no more than the ceiling a day", "[ramp][property]") {
  for (const double growth : {1.0, 1.4, 2.0}) {
    CAPTURE(growth);
    World world;
    world.plan.start = 30;
    world.plan.growth = growth;
    std::vector<std::uint32_t> most;  // highest got in 24 hours up to the end of each day
    std::uint32_t highest = 0;
    const WallTime start = world.now;
    for (int day = 0; day < 7; ++day) {
      std::uint32_t at_end = 0;
      for (; world.now < start + (day + 1) * 24h; world.now += 2min) {
        while (world.send()) {
          world.deliver();
        }
        at_end = world.allowance().got_day;
        highest = std::max(highest, at_end);
        if (day >= 1) {
          REQUIRE(at_end <= 2.0 * std::max(most.back(), 60U));
        }
      }
      if (day >= 1) {
        CHECK(at_end <= 2.0 * most.back());
      } else {
        CHECK(at_end <= 120);  // 4 x start
      }
      CAPTURE(day, at_end);
      most.push_back(highest);
    }
    CHECK(most.back() >= 400);  // and it does grow
  }
}

TEST_CASE("a sender that grows gently never notices", "[ramp][property]") {
  struct Case {
    std::uint32_t first;
    double growth;
    int days;
  };
  static const Case kCases[] = {{20, 1.4, 9}, {150, 1.3, 6}, {200, 1.4, 5}, {100, 1.0, 4}};
  for (const Case& c : kCases) {
    CAPTURE(c.first, c.growth);
    World world;
    double demand = c.first;
    const WallTime start = world.now;
    for (int day = 0; day < c.days; ++day) {
      const auto today = static_cast<std::int64_t>(demand);
      for (std::int64_t i = 0; i < today; ++i) {
        world.now = start + day * 24h + Micros{24h} * i / today;
        CAPTURE(day, i, today);
        const Admission got =
            admit(world.subject(), world.context(), world.host_context(world.now));
        CAPTURE(got.reason);
        REQUIRE(got.admitted);
        world.take();
        world.deliver();
      }
      demand *= c.growth;
    }
  }
}

TEST_CASE("a sender that repeats its burst never notices", "[ramp][property]") {
  World world;
  // The old log: 900 within half an hour, every week.
  for (int week = 0; week < 3; ++week) {
    for (int i = 0; i < 900; ++i) {
      charge(world.flow, world.context());
      world.deliver(Standing::Unadmitted);
      world.now += 2s;
    }
    world.now += 24h * 7 - 1800s;
  }
  for (int i = 0; i < 900; ++i) {
    CAPTURE(i);
    REQUIRE(world.send());
    world.deliver();
    world.now += 2s;
  }
}

struct Event {
  WallTime at;
  ReplyClass reply_class;
};

std::vector<Event> random_events(std::mt19937_64& random, WallTime start) {
  std::vector<Event> events;
  WallTime at = start;
  for (std::size_t i = 40 + random() % 100; i > 0; --i) {
    const std::uint64_t most = random() % 10 == 0 ? 1500 : 60;
    at += std::chrono::minutes{random() % most};
    events.push_back({at, random() % 10 == 0 ? ReplyClass::RateLimited : ReplyClass::Delivered});
  }
  return events;
}

World play(const std::vector<Event>& events, std::uint32_t start) {
  World world;
  world.plan.start = start;
  for (const Event& event : events) {
    world.report({.reply_class = event.reply_class, .final = true}, event.at);
  }
  return world;
}

TEST_CASE("more deliveries or fewer deferrals never give a smaller day", "[ramp][property]") {
  int compared = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    CAPTURE(seed);
    std::mt19937_64 random{seed};
    const WallTime start = test::ManualClock::kStart;
    const std::vector<Event> events = random_events(random, start);
    std::vector<Event> better;
    for (const Event& event : events) {
      if (event.reply_class != ReplyClass::RateLimited || random() % 2 == 0) {
        better.push_back(event);
      }
      if (random() % 4 == 0) {
        better.push_back({event.at, ReplyClass::Delivered});
      }
    }
    World less = play(events, 2);
    World more = play(better, 2);
    for (const base::Micros later : std::initializer_list<base::Micros>{
             1h, 24h, 48h, 24h * 5, 24h * 20, 24h * 46, 24h * 61, 24h * 100}) {
      less.now = more.now = events.back().at + later;
      less.health = more.health = {};
      const Allowance a = less.allowance();
      const Allowance b = more.allowance();
      REQUIRE(b.level >= a.level);
      if (a.limited == b.limited && (!a.limited || less.flow.limit == more.flow.limit)) {
        REQUIRE(b.day >= a.day);
        ++compared;
      }
    }
  }
  CHECK(compared > 1500);
}

TEST_CASE("raising a constant of growth never lowers the day", "[ramp][property]") {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    CAPTURE(seed);
    std::mt19937_64 random{seed};
    const std::vector<Event> events = random_events(random, test::ManualClock::kStart);
    World world = play(events, static_cast<std::uint32_t>(1 + random() % 20));
    world.now = world.flow.touched + std::chrono::hours{random() % 200};
    world.health.n = static_cast<double>(random() % 100);
    world.health.bad = static_cast<double>(random() % 10);
    world.flow.extra = static_cast<std::uint32_t>(random() % 10);
    world.flow.extra_at = world.now;
    const std::uint32_t day = world.allowance().day;
    const auto raised = [&](auto change) {
      World other = world;
      change(other);
      REQUIRE(other.allowance().day >= day);
    };
    raised([](World& w) { w.plan.start += 3; });
    raised([](World& w) { w.plan.growth += 0.3; });
    raised([](World& w) { w.constants.growth_limited += 0.3; });
    raised([](World& w) { w.constants.ceiling += 0.5; });
    raised([](World& w) { w.constants.new_ceiling += 0.5; });
    raised([](World& w) { w.constants.bounce_growth += 0.1; });
    raised([](World& w) { w.constants.memory += 240h; });
  }
}

TEST_CASE("one batch or one by one, the state is the same", "[ramp][property]") {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    CAPTURE(seed);
    std::mt19937_64 random{seed};
    const std::vector<Event> events = random_events(random, test::ManualClock::kStart);
    World batch = play(events, 5);
    World single;
    single.plan.start = 5;
    for (std::size_t i = 0; i < events.size(); ++i) {
      single.report({.reply_class = events[i].reply_class, .final = true}, events[i].at);
      const WallTime until = i + 1 < events.size() ? events[i + 1].at : events[i].at + 50h;
      for (int k = 0; k < 3; ++k) {  // looked at in between, as admissions do
        single.now = events[i].at + (until - events[i].at) * k / 3;
        roll(single.flow, single.context());
      }
    }
    batch.now = single.now = events.back().at + 50h;
    roll(batch.flow, batch.context());
    roll(single.flow, single.context());
    REQUIRE(batch.flow == single.flow);
    REQUIRE(batch.health == single.health);
  }
}

TEST_CASE("deliveries reported late by up to an hour give the same level", "[ramp][property]") {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    CAPTURE(seed);
    std::mt19937_64 random{seed};
    std::vector<Event> events = random_events(random, test::ManualClock::kStart);
    for (Event& event : events) {
      event.reply_class = ReplyClass::Delivered;
    }
    const World in_order = play(events, 5);
    std::vector<std::pair<WallTime, WallTime>> arrivals;  // when known, when it happened
    for (const Event& event : events) {
      arrivals.emplace_back(event.at + std::chrono::seconds{random() % 3600}, event.at);
    }
    std::sort(arrivals.begin(), arrivals.end());
    World late;
    late.plan.start = 5;
    for (const auto& [known, at] : arrivals) {
      roll(late.flow, late.context(known));
      late.report({.reply_class = ReplyClass::Delivered, .final = true}, at);
    }
    for (const base::Micros later :
         std::initializer_list<base::Micros>{1h, 5h, 23h, 24h, 25h, 30h, 49h}) {
      Flow a = in_order.flow;
      Flow b = late.flow;
      roll(a, late.context(events.back().at + later));
      roll(b, late.context(events.back().at + later));
      REQUIRE(a.got == b.got);
      REQUIRE(a.lag == b.lag);
      REQUIRE(a.peaks == b.peaks);
    }
  }
}

TEST_CASE("changing a constant changes no counter", "[ramp][property]") {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    CAPTURE(seed);
    std::mt19937_64 random{seed};
    World world = play(random_events(random, test::ManualClock::kStart), 5);
    world.now = world.flow.touched + std::chrono::minutes{random() % 3000};
    charge(world.flow, world.context(), 7);
    World other = world;
    other.plan.start = 1000;
    other.plan.growth = 1.1;
    other.plan.schedule = {1, 2};
    other.constants.memory = 48h;
    other.constants.max_pause = 1min;
    other.constants.wait_deferred = 1h;
    other.constants.limited_for = 1h;
    other.constants.hourly_share = 0.5;
    other.constants.stop_max = 1h;
    roll(other.flow, other.context());
    roll(world.flow, world.context());
    REQUIRE(other.flow == world.flow);
    (void)other.admit();
    REQUIRE(other.flow.used == world.flow.used);
    REQUIRE(other.flow.got == world.flow.got);
    REQUIRE(other.flow.peaks == world.flow.peaks);
    REQUIRE(other.flow.pause_until == world.flow.pause_until);
  }
}

TEST_CASE("without growth in deliveries the day does not grow", "[ramp][property]") {
  // Everything is refused for a month: undelivered volume raises nothing.
  World world;
  for (int hour = 0; hour < 24 * 30; ++hour, world.now += 1h) {
    for (int i = 0; i < 3 && world.send(); ++i) {
      world.report({.reply_class = ReplyClass::SpamContent,
                    .permanent = true,
                    .standing = Standing::InFlight,
                    .final = true},
                   world.now);
    }
    REQUIRE(world.allowance().level == 0);
    REQUIRE(world.allowance().day <= 800);
  }
  CHECK(world.allowance().limited == false);
}

}  // namespace
}  // namespace rampart::ramp
