#include <algorithm>

#include "support/catch.h"

#include "world.h"

namespace rampart::ramp {
namespace {

using reply::ReplyClass;
using reply::Scope;
using test::Standing;
using test::WallTime;
using test::World;
using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): tests only

constexpr ReplyClass kHarmless[] = {
    ReplyClass::MailboxFull,     ReplyClass::Routing, ReplyClass::Greylisted,
    ReplyClass::SpamContent,     ReplyClass::Virus,   ReplyClass::Policy,
    ReplyClass::System,          ReplyClass::Network, ReplyClass::AuthFailure,
    ReplyClass::Protocol,        ReplyClass::Expired, ReplyClass::Content,
    ReplyClass::MessageTooLarge,
};
constexpr ReplyClass kBounces[] = {ReplyClass::MailboxUnknown, ReplyClass::MailboxDisabled,
                                   ReplyClass::MailboxMoved, ReplyClass::DomainUnknown};

// Everything that slows or limits a flow, without the books of volume and flight.
Flow without_books(Flow flow) {
  flow.in_flight = flow.deferred = 0;
  flow.touched = flow.reported_at = {};
  return flow;
}

TEST_CASE("where a recipient stands after a report, and the counts", "[ramp][unit]") {
  struct Case {
    const char* name;
    ReplyClass reply_class;
    Standing before;
    bool final;
    Standing want;
    std::uint32_t want_flight;    // of 2
    std::uint32_t want_deferred;  // of 2
  };
  using S = Standing;
  static const Case kCases[] = {
      {"delivered", ReplyClass::Delivered, S::InFlight, true, S::Neither, 1, 2},
      {"delivered after a wait", ReplyClass::Delivered, S::Deferred, true, S::Neither, 2, 1},
      {"delivered after a greylist", ReplyClass::Delivered, S::Neither, true, S::Neither, 2, 2},
      {"delivered, not ours", ReplyClass::Delivered, S::Unadmitted, true, S::Neither, 2, 2},
      {"too fast", ReplyClass::RateLimited, S::InFlight, false, S::Deferred, 1, 3},
      {"too fast for good", ReplyClass::RateLimited, S::InFlight, true, S::Neither, 1, 2},
      {"too fast again", ReplyClass::RateLimited, S::Deferred, false, S::Deferred, 2, 2},
      {"too fast again, for good", ReplyClass::RateLimited, S::Deferred, true, S::Neither, 2, 1},
      {"too fast later", ReplyClass::RateLimited, S::Neither, false, S::Deferred, 2, 3},
      {"too fast, not ours", ReplyClass::RateLimited, S::Unadmitted, false, S::Deferred, 2, 3},
      {"greylisted", ReplyClass::Greylisted, S::InFlight, false, S::Neither, 1, 2},
      {"greylisted after a wait", ReplyClass::Greylisted, S::Deferred, false, S::Neither, 2, 1},
      {"blocked", ReplyClass::ReputationBlock, S::InFlight, false, S::Neither, 1, 2},
      {"blocked after a wait", ReplyClass::ReputationBlock, S::Deferred, true, S::Neither, 2, 1},
      {"unknown to us", ReplyClass::Undefined, S::InFlight, false, S::Neither, 1, 2},
      {"no such user", ReplyClass::MailboxUnknown, S::InFlight, true, S::Neither, 1, 2},
      {"still no such user", ReplyClass::MailboxUnknown, S::Neither, true, S::Neither, 2, 2},
  };
  for (const Case& c : kCases) {
    INFO(c.name);
    World world;
    world.flow.in_flight = world.flow.deferred = world.host.flow.in_flight = 2;
    const Effects got = world.report(
        {.reply_class = c.reply_class, .standing = c.before, .final = c.final}, world.now);
    CHECK(got.standing == c.want);
    CHECK(world.flow.in_flight == c.want_flight);
    CHECK(world.host.flow.in_flight == c.want_flight);
    CHECK(world.flow.deferred == c.want_deferred);
    CHECK(world.host.flow.deferred == 0);
  }
}

TEST_CASE("a pause doubles up to its cap and is asked one at a time after", "[ramp][unit]") {
  World world;
  base::Micros want = 15min;
  for (int i = 0; i < 8; ++i) {
    INFO(i);
    CHECK(world.report(ReplyClass::RateLimited, Standing::Deferred).flow_paused);
    CHECK(world.flow.pause_until == world.now + want);
    CHECK(world.flow.pause_len == want);
    CHECK(world.flow.careful);
    // More of the same within the pause changes nothing.
    world.now += want - 1us;
    const WallTime until = world.flow.pause_until;
    CHECK_FALSE(world.report(ReplyClass::RateLimited, Standing::Deferred).flow_paused);
    CHECK(world.flow.pause_until == until);
    // A delivery within the pause neither.
    world.deliver();
    CHECK(world.flow.pause_len == want);
    CHECK(world.flow.careful);
    world.now += 1us;
    want = std::min<base::Micros>(6h, 2 * want);
  }
  world.deliver();
  CHECK(world.flow.pause_len == 0us);
  CHECK_FALSE(world.flow.careful);
  world.report(ReplyClass::RateLimited);
  CHECK(world.flow.pause_len == 15min);
}

TEST_CASE("after a pause one at a time until one is delivered", "[ramp][unit]") {
  World world;
  REQUIRE(world.send());
  world.report({.reply_class = ReplyClass::RateLimited,
                .permanent = true,
                .standing = Standing::InFlight,
                .final = true},
               world.now);
  world.now += 15min;
  REQUIRE(world.send());
  CHECK(world.admit().reason == Reason::OneAtATime);
  world.report(ReplyClass::Greylisted);  // tells nothing: still one at a time
  REQUIRE(world.send());
  CHECK(world.admit().reason == Reason::OneAtATime);
  world.deliver();
  REQUIRE(world.send());
  CHECK(world.admit().admitted);
}

TEST_CASE("the queue's own retry is the probe", "[ramp][unit]") {
  World world;
  const WallTime start = world.now;
  world.take();
  world.report(ReplyClass::RateLimited);
  world.now = start + 1h;
  CHECK(world.admit().reason == Reason::WaitingForDeferred);
  CHECK(world.admit().until == start + 6h);
  SECTION("delivered") {
    world.deliver(Standing::Deferred);
    CHECK(world.admit().admitted);
  }
  SECTION("deferred again: the wait does not start anew") {
    world.report(ReplyClass::RateLimited, Standing::Deferred);
    CHECK(world.flow.deferred_at == start);
  }
  SECTION("another is deferred: the wait does not start anew") {
    world.report(ReplyClass::RateLimited);
    CHECK(world.flow.deferred == 2);
    CHECK(world.flow.deferred_at == start);
  }
  SECTION("the first after the wait starts it anew") {
    world.now = start + 6h;
    world.report(ReplyClass::RateLimited, Standing::Deferred);
    CHECK(world.flow.deferred_at == start);
    world.now += 1us;
    world.report(ReplyClass::RateLimited, Standing::Deferred);
    CHECK(world.flow.deferred_at == world.now);
  }
  SECTION("delivered, and another deferred: a wait of its own") {
    world.deliver(Standing::Deferred);
    world.report(ReplyClass::RateLimited);
    CHECK(world.flow.deferred_at == start + 1h);
    world.now = start + 7h - 1us;
    CHECK(world.admit().reason == Reason::WaitingForDeferred);
  }
  SECTION("it disappears from the queue") {
    forget(world.flow, world.host, Standing::Deferred);
    CHECK(world.admit().admitted);
  }
}

TEST_CASE("forgetting lowers what is there", "[ramp][unit]") {
  World world;
  world.take(2);
  world.flow.deferred = 1;
  forget(world.flow, world.host, Standing::Neither);
  forget(world.flow, world.host, Standing::Unadmitted);
  CHECK(world.flow.in_flight == 2);
  forget(world.flow, world.host, Standing::InFlight);
  CHECK(world.flow.in_flight == 1);
  CHECK(world.host.flow.in_flight == 1);
  for (int i = 0; i < 3; ++i) {
    forget(world.flow, world.host, Standing::InFlight);
    forget(world.flow, world.host, Standing::Deferred);
  }
  CHECK(world.flow.in_flight == 0);
  CHECK(world.flow.deferred == 0);
}

TEST_CASE("deferral that lasts an hour teaches a limit", "[ramp][unit]") {
  struct Case {
    const char* name;
    base::Micros after;
    bool delivery_between;
    bool want;
  };
  static const Case kCases[] = {
      {"just short of an hour", 1h - 1us, false, false},
      {"an hour", 1h, false, true},
      {"an hour, interrupted", 1h, true, false},
      {"days", 72h, false, true},
  };
  for (const Case& c : kCases) {
    INFO(c.name);
    World world;
    world.deliver_many(70);
    world.report(ReplyClass::RateLimited);
    world.now += c.after / 2;
    if (c.delivery_between) {
      world.deliver(Standing::Unadmitted);
    }
    world.now += c.after - c.after / 2;
    CHECK(world.report(ReplyClass::RateLimited, Standing::Deferred).limit_learned == c.want);
    CHECK(world.flow.limit == (c.want ? 70U : 0U));
    CHECK(world.allowance().limited == c.want);
    if (c.want) {
      CHECK(world.allowance().day == 98);
      CHECK(world.flow.limit_at == world.now);
      // Once a run: the limit does not follow the deferrals down.
      world.now += 2h;
      CHECK_FALSE(world.report(ReplyClass::RateLimited, Standing::Deferred).limit_learned);
    }
  }
}

TEST_CASE("a deferral ends probing", "[ramp][unit]") {
  World world;
  world.flow.extra = 30;
  world.flow.extra_at = world.now;
  world.report(ReplyClass::RateLimited);
  CHECK(world.flow.extra == 0);
  CHECK(world.flow.last_deferral == world.now);
}

TEST_CASE("a block pauses for an hour, doubling to a day, and is halved by deliveries",
          "[ramp][unit]") {
  World world;
  base::Micros want = 1h;
  for (int i = 0; i < 7; ++i) {
    INFO(i);
    CHECK(world.report(ReplyClass::ReputationBlock).flow_paused);
    CHECK(world.flow.pause_until == world.now + want);
    CHECK_FALSE(world.report(ReplyClass::ReputationBlock).flow_paused);
    world.now += want;
    want = std::min<base::Micros>(24h, 2 * want);
  }
  CHECK(world.flow.block_len == 24h);
  for (const base::Micros halved :
       std::initializer_list<base::Micros>{12h, 6h, 3h, 90min, 45min, 0h, 0h}) {
    world.deliver();
    CHECK(world.flow.block_len == halved);
  }
}

TEST_CASE("a block halves the day as a limit, once an hour", "[ramp][unit]") {
  World world;
  world.deliver_many(101);
  world.flow.extra = 5;
  world.flow.extra_at = world.now;
  CHECK(world.report(ReplyClass::ReputationBlock).limit_learned);
  CHECK(world.flow.limit == 50);
  CHECK(world.flow.extra == 0);
  CHECK(world.allowance().day == 70);
  world.now += 1h;
  world.flow.limit = 77;
  CHECK_FALSE(world.report(ReplyClass::ReputationBlock).limit_learned);
  CHECK(world.flow.limit == 77);
  CHECK(world.flow.last_block == world.now);
  world.now += 1h + 1us;
  CHECK(world.report(ReplyClass::ReputationBlock).limit_learned);
  CHECK(world.flow.limit == 50);
  World nothing;
  nothing.report(ReplyClass::ReputationBlock);
  CHECK(nothing.flow.limit == 1);
}

TEST_CASE("what is not the flow's fault slows nothing", "[ramp][unit]") {
  for (const bool permanent : {false, true}) {
    for (const ReplyClass reply_class : kHarmless) {
      CAPTURE(static_cast<int>(reply_class), permanent);
      World world;
      world.deliver_many(100);
      world.take();
      const World before = world;
      const Effects got = world.report({.reply_class = reply_class,
                                        .permanent = permanent,
                                        .standing = Standing::InFlight,
                                        .final = permanent},
                                       world.now);
      CHECK(got.standing == Standing::Neither);
      CHECK_FALSE(got.flow_paused);
      CHECK(without_books(world.flow) == without_books(before.flow));
      CHECK(without_books(world.host.flow) == without_books(before.host.flow));
      CHECK(world.host.senders == before.host.senders);
      CHECK(world.health == before.health);
    }
    for (const Scope scope : {Scope::Recipient, Scope::Message}) {
      World world;
      world.take();
      const Flow before = world.flow;
      const Effects got = world.report({.reply_class = ReplyClass::RateLimited,
                                        .permanent = permanent,
                                        .standing = Standing::InFlight,
                                        .scope = scope},
                                       world.now);
      CHECK(got.standing == Standing::Neither);
      CHECK(without_books(world.flow) == without_books(before));
    }
  }
  for (const Scope scope : {Scope::None, Scope::Sender, Scope::Host, Scope::Provider}) {
    World world;
    CHECK(world.report({.reply_class = ReplyClass::RateLimited, .scope = scope}, world.now)
              .flow_paused);
  }
}

TEST_CASE("bounces touch the sender's health only", "[ramp][unit]") {
  for (const ReplyClass reply_class : kBounces) {
    CAPTURE(static_cast<int>(reply_class));
    World world;
    world.take();
    const Flow before = world.flow;
    world.report({.reply_class = reply_class,
                  .permanent = true,
                  .standing = Standing::InFlight,
                  .final = true},
                 world.now);
    CHECK(without_books(world.flow) == without_books(before));
    CHECK(world.health.n == 1);
    CHECK(world.health.bad == 1);
    world.deliver();
    CHECK(world.health.n == 2);
    CHECK(world.health.bad == 1);
  }
}

TEST_CASE("a recipient retried as unknown counts once", "[ramp][unit]") {
  World world;
  world.report({.reply_class = ReplyClass::MailboxUnknown, .standing = Standing::InFlight},
               world.now);
  for (int i = 0; i < 20; ++i) {
    world.report({.reply_class = ReplyClass::MailboxUnknown, .standing = Standing::Neither},
                 world.now);
  }
  CHECK(world.health.bad == 1);
}

TEST_CASE("health halves beyond its window", "[ramp][unit]") {
  World world;
  world.health.n = 399;
  world.health.bad = 20;
  world.deliver();
  CHECK(world.health.n == 400);
  world.deliver();
  CHECK(world.health.n == 200.5);
  CHECK(world.health.bad == 10);
}

TEST_CASE("a sender of dead addresses stops for a day, then two, four, seven", "[ramp][unit]") {
  struct Case {
    const char* name;
    double n;
    double bad;
    bool want;
  };
  static const Case kCases[] = {
      {"nine dead ones", 8, 8, false},
      {"ten dead ones", 9, 9, true},
      {"ten of 84 are below the share", 83, 9, false},
      {"ten of 83 are above it", 82, 9, true},
      {"twelve of a hundred are the share itself", 99, 11, false},
  };
  for (const Case& c : kCases) {
    INFO(c.name);
    World world;
    world.health = {c.n, c.bad, {}, 0us};
    const Effects got =
        world.report({.reply_class = ReplyClass::MailboxUnknown, .permanent = true}, world.now);
    CHECK(got.sender_stopped == c.want);
    CHECK(world.admit().admitted == !c.want);
  }

  World world;
  base::Micros want = 24h;
  for (int i = 0; i < 5; ++i) {
    INFO(i);
    for (int k = 0; k < 10; ++k) {
      world.report({.reply_class = ReplyClass::MailboxUnknown, .permanent = true}, world.now);
    }
    CHECK(world.health.stop_until == world.now + want);
    CHECK(world.health.n == 0);
    CHECK(world.health.bad == 0);
    // What was under way when it stopped does not stop it again.
    for (int k = 0; k < 30; ++k) {
      world.report({.reply_class = ReplyClass::MailboxUnknown, .permanent = true}, world.now);
    }
    CHECK(world.health.stop_until == world.now + want);
    world.health.n = world.health.bad = 0;
    world.now += want;
    want = std::min<base::Micros>(168h, 2 * want);
  }
}

TEST_CASE("replies no rule knows", "[ramp][unit]") {
  const auto unknown = [](World& world, bool permanent, Standing standing) {
    return world.report({.reply_class = ReplyClass::Undefined,
                         .permanent = permanent,
                         .stage = mail::Stage::EndOfData,
                         .standing = standing,
                         .final = permanent},
                        world.now);
  };
  World world;
  SECTION("one does nothing, two fresh ones in a row slow") {
    CHECK_FALSE(unknown(world, false, Standing::InFlight).flow_paused);
    const Effects got = unknown(world, false, Standing::InFlight);
    CHECK(got.flow_paused);
    CHECK(world.flow.pause_len == 15min);
    CHECK(got.standing == Standing::Neither);  // a guess makes no recipient wait
    CHECK(world.flow.deferred == 0);
    CHECK(world.flow.last_block == WallTime{});
  }
  SECTION("two permanent ones block") {
    CHECK_FALSE(unknown(world, true, Standing::InFlight).flow_paused);
    CHECK(unknown(world, true, Standing::InFlight).flow_paused);
    CHECK(world.flow.block_len == 1h);
  }
  SECTION("retries are not fresh") {
    for (int i = 0; i < 5; ++i) {
      CHECK_FALSE(unknown(world, false, Standing::Neither).flow_paused);
      CHECK_FALSE(unknown(world, false, Standing::Deferred).flow_paused);
      CHECK_FALSE(unknown(world, false, Standing::Unadmitted).flow_paused);
    }
    CHECK(world.flow.unknown == 0);
  }
  SECTION("a delivery between") {
    unknown(world, false, Standing::InFlight);
    world.deliver();
    CHECK_FALSE(unknown(world, false, Standing::InFlight).flow_paused);
  }
  SECTION("other replies between do not count as a delivery") {
    unknown(world, false, Standing::InFlight);
    world.report(ReplyClass::Greylisted);
    CHECK(unknown(world, false, Standing::InFlight).flow_paused);
  }
  SECTION("permanent at RCPT is a bounce") {
    for (int i = 0; i < 5; ++i) {
      world.report({.reply_class = ReplyClass::Undefined,
                    .permanent = true,
                    .stage = mail::Stage::Rcpt,
                    .standing = Standing::InFlight,
                    .final = true},
                   world.now);
    }
    CHECK(world.health.bad == 5);
    CHECK(world.flow.unknown == 0);
    CHECK(world.flow.pause_until == WallTime{});
  }
  SECTION("temporary at RCPT is not") {
    world.report({.reply_class = ReplyClass::Undefined,
                  .stage = mail::Stage::Rcpt,
                  .standing = Standing::InFlight},
                 world.now);
    CHECK(world.health.n == 0);
    CHECK(world.flow.unknown == 1);
  }
}

TEST_CASE("a smarthost's 250 teaches no level", "[ramp][unit]") {
  World world;
  world.report({.reply_class = ReplyClass::Delivered, .final = true, .volume_counts = false},
               world.now);
  CHECK(world.allowance().got_day == 0);
  CHECK(world.host.flow.got == Flow{}.got);
  CHECK(world.health.n == 1);
}

}  // namespace
}  // namespace rampart::ramp
