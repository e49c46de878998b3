#include "support/catch.h"

#include "world.h"

namespace rampart::ramp {
namespace {

using reply::ReplyClass;
using test::Standing;
using test::WallTime;
using test::World;
using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): tests only

// A report of `sender`, each with a flow of its own, all at one provider.
Effects report_of(World& world, std::string sender, ReplyClass reply_class) {
  Flow flow;
  Health health;
  world.sender = std::move(sender);
  return on_report({flow, world.host, health, world.sender}, {.reply_class = reply_class},
                   world.context(), world.host_context(world.now));
}

TEST_CASE("the host pauses only when several senders suffer", "[ramp][unit]") {
  struct Case {
    const char* name;
    int fine;
    int suffering;
    bool want;
  };
  static const Case kCases[] = {
      {"one alone", 0, 1, false},      {"one of many", 9, 1, false}, {"two of two", 0, 2, true},
      {"two of four", 2, 2, true},     {"two of five", 3, 2, false}, {"five of ten", 5, 5, true},
      {"five of eleven", 6, 5, false},
  };
  for (const Case& c : kCases) {
    for (const ReplyClass harm : {ReplyClass::RateLimited, ReplyClass::ReputationBlock}) {
      INFO(c.name);
      World world;
      for (int i = 0; i < c.fine; ++i) {
        report_of(world, "fine" + std::to_string(i), ReplyClass::Delivered);
      }
      bool paused = false;
      for (int i = 0; i < c.suffering; ++i) {
        paused = report_of(world, "bad" + std::to_string(i), harm).host_paused;
      }
      CHECK(paused == c.want);
      CHECK((world.host.flow.pause_until > world.now) == c.want);
      CHECK(world.host.flow.careful == c.want);
      if (c.want) {
        const bool block = harm == ReplyClass::ReputationBlock;
        CHECK(world.host.flow.pause_until == world.now + (block ? 60min : 15min));
      }
    }
  }
}

TEST_CASE("suffering is forgotten after an hour", "[ramp][unit]") {
  World world;
  report_of(world, "a", ReplyClass::RateLimited);
  world.now += 1h;
  SECTION("still known") {
    CHECK(report_of(world, "b", ReplyClass::RateLimited).host_paused);
  }
  SECTION("forgotten") {
    world.now += 1us;
    CHECK_FALSE(report_of(world, "b", ReplyClass::RateLimited).host_paused);
    CHECK(world.host.senders.size() == 1);
  }
}

TEST_CASE("a delivery ends suffering, and the host's doubling", "[ramp][unit]") {
  World world;
  report_of(world, "a", ReplyClass::RateLimited);
  world.now += 1s;
  report_of(world, "a", ReplyClass::Delivered);
  world.now += 1s;
  CHECK_FALSE(report_of(world, "b", ReplyClass::RateLimited).host_paused);
  world.now += 1s;
  CHECK(report_of(world, "a", ReplyClass::RateLimited).host_paused);
  world.now += 15min;
  CHECK(report_of(world, "a", ReplyClass::RateLimited).host_paused);
  CHECK(world.host.flow.pause_len == 30min);
  world.now += 30min;
  report_of(world, "b", ReplyClass::Delivered);
  CHECK(world.host.flow.pause_len == 0us);
  CHECK_FALSE(world.host.flow.careful);
}

TEST_CASE("greylisting tells nothing about who suffers", "[ramp][unit]") {
  World world;
  report_of(world, "a", ReplyClass::Greylisted);
  report_of(world, "b", ReplyClass::MailboxUnknown);
  CHECK(world.host.senders.empty());
}

TEST_CASE("the list of senders is bounded, the oldest goes", "[ramp][unit]") {
  World world;
  for (std::size_t i = 0; i <= kSufferingMax; ++i) {
    world.now += 1s;
    report_of(world, "s" + std::to_string(i), ReplyClass::Delivered);
  }
  CHECK(world.host.senders.size() == kSufferingMax);
  for (const auto& entry : world.host.senders) {
    CHECK(entry.sender != "s0");
  }
}

TEST_CASE("a host flow with a plan counts and learns like any flow", "[ramp][unit]") {
  World world;
  world.host_plan = {};
  for (int i = 0; i < 50; ++i) {
    report_of(world, "a", ReplyClass::Delivered);
  }
  const auto allowed = [&] {
    return allowance(world.host.flow, Health{}, world.host_context(world.now));
  };
  CHECK(allowed().got_day == 50);
  world.now += 1s;
  report_of(world, "a", ReplyClass::RateLimited);
  report_of(world, "b", ReplyClass::RateLimited);
  CHECK_FALSE(allowed().limited);
  world.now += 50min;
  report_of(world, "a", ReplyClass::RateLimited);
  world.now += 50min;
  report_of(world, "a", ReplyClass::RateLimited);
  report_of(world, "b", ReplyClass::RateLimited);
  CHECK(allowed().limited);
  CHECK(allowed().day == 70);
}

}  // namespace
}  // namespace rampart::ramp
