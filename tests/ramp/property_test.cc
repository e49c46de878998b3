// Random histories of one flow with an MTA's queue behind it; what must hold after every step.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
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

// More with the environment variable RAMPART_PROPERTY_CASES.
std::uint64_t cases(std::uint64_t usual) {
  const char* more = std::getenv("RAMPART_PROPERTY_CASES");  // NOLINT(concurrency-mt-unsafe)
  const std::uint64_t count = more == nullptr ? usual : std::max(1ULL, std::stoull(more));
  if (more != nullptr) {
    std::printf("%llu random histories\n", static_cast<unsigned long long>(count));
  }
  return count;
}

std::uint32_t hard_bound(const World& world, std::uint32_t level) {
  const double bound =
      std::max(world.constants.ceiling * level, world.constants.new_ceiling * world.plan.start);
  return static_cast<std::uint32_t>(bound + 1e-6);
}

// A flow, the recipients in its queue, and a driver that does anything at any time.
class History {
 public:
  explicit History(std::uint64_t seed) : random_(seed) {
    static constexpr std::uint32_t kStarts[] = {1, 5, 20, 200};
    world.plan.start = kStarts[pick(4)];
    world.plan.growth = 1.0 + static_cast<double>(pick(11)) / 10;
    world.plan.day_max = pick(4) == 0 ? 300 : 0;
    world.now += std::chrono::seconds{pick(86400)};
  }

  World world;
  std::uint32_t most_got = 0;

  void step() {
    pass_time();
    const std::uint64_t what = pick(100);
    if (what < 55) {
      try_to_send();
    } else if (what < 92 && !queue_.empty()) {
      report_one();
    } else if (what < 94) {
      report_unadmitted();
    } else if (what < 96 && !queue_.empty()) {
      const std::size_t which = pick(queue_.size());
      forget(world.flow, world.host, queue_[which]);
      queue_.erase(queue_.begin() + static_cast<std::ptrdiff_t>(which));
    } else if (what < 97) {
      world.feed_healthy = !world.feed_healthy;
    } else {
      try_to_send();
    }
    check_counts();
  }

  std::uint64_t pick(std::uint64_t below) { return random_() % below; }

 private:
  void pass_time() {
    const std::uint64_t how = pick(100);
    if (how < 60) {
      world.now += std::chrono::seconds{pick(60)};
    } else if (how < 97) {
      world.now += std::chrono::minutes{pick(60)};
    } else {
      world.now += std::chrono::hours{pick(30)};
    }
    // Recipients nobody has heard of for so long have left the MTA's queue.
    if (world.now > world.flow.touched + world.constants.forget_after) {
      queue_.clear();
    }
  }

  void try_to_send() {
    const Flow before = world.flow;
    const Admission got = admit(world.subject(), world.context(), world.host_context(world.now));
    if (!got.admitted) {
      REQUIRE(got.reason != Reason::None);
      REQUIRE(got.until > world.now);
      return;
    }
    check_admission(before);
    world.take();
    queue_.push_back(Standing::InFlight);
    const Allowance after = world.allowance();
    REQUIRE(after.used_day <= hard_bound(world, after.level));
  }

  void check_admission(const Flow& before) {
    const Allowance allowed = world.allowance();
    REQUIRE(allowed.used_day < allowed.day);
    REQUIRE(allowed.day <= hard_bound(world, allowed.level));
    REQUIRE_FALSE((world.plan.day_max > 0 && allowed.day > world.plan.day_max));
    REQUIRE(allowed.used_hour < std::max(1U, allowed.hour));
    REQUIRE(world.now >= paused_until_);
    REQUIRE(world.now >= before.pause_until);
    REQUIRE(world.now >= world.health.stop_until);
    if (world.feed_healthy) {
      const bool waits = count(Standing::Deferred) > 0 && world.now < waits_since_ + 6h;
      REQUIRE_FALSE(waits);
      REQUIRE_FALSE((before.careful && count(Standing::InFlight) > 0));
    }
  }

  Reported random_report(Standing standing) {
    static constexpr ReplyClass kClasses[] = {ReplyClass::RateLimited, ReplyClass::ReputationBlock,
                                              ReplyClass::Greylisted,  ReplyClass::MailboxFull,
                                              ReplyClass::Undefined,   ReplyClass::MailboxUnknown,
                                              ReplyClass::System,      ReplyClass::SpamContent};
    Reported reported;
    const std::uint64_t what = pick(40);
    reported.reply_class = what < 30 ? ReplyClass::Delivered : kClasses[pick(8)];
    reported.permanent = reported.reply_class != ReplyClass::Delivered && pick(3) == 0;
    reported.stage = pick(2) == 0 ? mail::Stage::Rcpt : mail::Stage::EndOfData;
    reported.standing = standing;
    reported.final = reported.permanent || reported.reply_class == ReplyClass::Delivered;
    return reported;
  }

  void report_one() {
    const std::size_t which = pick(queue_.size());
    const Reported reported = random_report(queue_[which]);
    const Effects effects = report(reported);
    if (reported.final) {
      REQUIRE(effects.standing == Standing::Neither);
      queue_.erase(queue_.begin() + static_cast<std::ptrdiff_t>(which));
    } else {
      queue_[which] = effects.standing;
    }
  }

  void report_unadmitted() {
    ramp::charge(world.flow, world.context());
    ramp::charge(world.host.flow, world.host_context(world.now));
    const Reported reported = random_report(Standing::Unadmitted);
    const Effects effects = report(reported);
    if (!reported.final) {
      queue_.push_back(effects.standing);
    }
  }

  Effects report(const Reported& reported) {
    const Allowance before = world.allowance();
    const Flow flow_before = world.flow;
    const std::size_t deferred = count(Standing::Deferred);
    const Effects effects = world.report(reported, world.now);
    if (reported.reply_class == ReplyClass::Delivered) {
      delivered_.push_back(world.now);
    }
    if (effects.flow_paused) {
      paused_until_ = world.flow.pause_until;
    }
    if (reported.reply_class == ReplyClass::RateLimited) {
      const bool lapsed = world.now > waits_since_ + 6h;
      if ((deferred == 0 && effects.standing == Standing::Deferred) || lapsed) {
        waits_since_ = world.now;
      }
    } else if (effects.flow_paused && world.now > waits_since_ + 6h) {
      waits_since_ = world.flow.deferred_at;  // a reply taken for "too fast" begins the wait anew
    }
    check_harmless(reported, before, flow_before);
    most_got = std::max(most_got, world.allowance().got_day);
    return effects;
  }

  // What is not the flow's own fault changes no allowance and no pause.
  void check_harmless(const Reported& reported, const Allowance& before, const Flow& flow) {
    const ReplyClass c = reported.reply_class;
    if (c == ReplyClass::Delivered || c == ReplyClass::RateLimited ||
        c == ReplyClass::ReputationBlock || c == ReplyClass::Undefined) {
      return;
    }
    if (c != ReplyClass::MailboxUnknown) {
      REQUIRE(world.allowance().day == before.day);
    }
    REQUIRE(world.flow.pause_until == flow.pause_until);
    REQUIRE(world.flow.pause_len == flow.pause_len);
    REQUIRE(world.flow.limit == flow.limit);
    REQUIRE(world.flow.limit_at == flow.limit_at);
    REQUIRE(world.flow.unknown == flow.unknown);
  }

  [[nodiscard]] std::size_t count(Standing standing) const {
    return static_cast<std::size_t>(std::count(queue_.begin(), queue_.end(), standing));
  }

  void check_counts() {
    const Flow& flow = world.flow;
    const auto hour = world.now.time_since_epoch() / 1h;
    REQUIRE(world.allowance().got_day ==
            std::count_if(delivered_.begin(), delivered_.end(),
                          [&](WallTime at) { return at.time_since_epoch() / 1h > hour - 24; }));
    REQUIRE(flow.in_flight == count(Standing::InFlight));
    REQUIRE(flow.deferred == count(Standing::Deferred));
    REQUIRE(world.host.flow.in_flight == count(Standing::InFlight));
    REQUIRE(flow.pause_len <= world.constants.max_pause);
    REQUIRE(flow.block_len <= world.constants.block_max);
    REQUIRE(world.health.stop_len <= world.constants.stop_max);
    REQUIRE(flow.pause_until <= world.now + world.constants.block_max);
    REQUIRE(world.allowance().level <= most_got);
    REQUIRE(flow.limit <= std::max(1U, most_got));
  }

  std::mt19937_64 random_;
  std::vector<Standing> queue_;
  std::vector<WallTime> delivered_;
  WallTime paused_until_{};
  WallTime waits_since_{};
};

TEST_CASE("random histories keep the rules of admission and the counts", "[ramp][property]") {
  for (std::uint64_t seed = 1, most = cases(150); seed <= most; ++seed) {
    CAPTURE(seed);
    History history(seed);
    for (int i = 0; i < 500; ++i) {
      CAPTURE(i);
      history.step();
    }
  }
}

TEST_CASE("nothing is stuck for ever", "[ramp][property]") {
  for (std::uint64_t seed = 1, most = cases(100); seed <= most; ++seed) {
    CAPTURE(seed);
    History history(seed);
    for (int i = 0; i < 200 + static_cast<int>(seed); ++i) {
      history.step();
    }
    World world = history.world;
    const WallTime start = world.now;
    // No report ever again: asking when told (or later) must succeed, within a week of stop and
    // more.
    bool sent = false;
    for (int asked = 0; asked < 2000 && !sent; ++asked) {
      const Admission got = admit(world.subject(), world.context(), world.host_context(world.now));
      sent = got.admitted;
      if (!sent) {
        REQUIRE(got.until > world.now);
        const bool waits_for_reports =
            got.reason == Reason::InFlight || got.reason == Reason::OneAtATime;
        world.now = waits_for_reports ? std::max(got.until, world.now + 1h) : got.until;
      }
    }
    REQUIRE(sent);
    REQUIRE(world.now <= start + 24h * 13);
  }
}

TEST_CASE("the time a refusal names is not too early for time alone", "[ramp][property]") {
  // Pauses, stops and waits end exactly then: a microsecond before, the same reason still holds.
  for (std::uint64_t seed = 1, most = cases(60); seed <= most; ++seed) {
    CAPTURE(seed);
    History history(seed);
    for (int i = 0; i < 300; ++i) {
      history.step();
      const World& now = history.world;
      World later = now;
      const Admission got = later.admit();
      if (got.admitted || got.reason == Reason::InFlight || got.reason == Reason::OneAtATime ||
          got.reason == Reason::Day) {
        continue;
      }
      later = now;
      later.now = got.until - 1us;
      const Admission before = later.admit();
      // A step of growth may come in between; the reason may change, not to a later pause.
      REQUIRE((before.admitted || before.until >= got.until || before.reason != got.reason ||
               got.reason == Reason::Pace || got.reason == Reason::Hour));
      if (got.reason == Reason::Paused || got.reason == Reason::Stopped ||
          got.reason == Reason::WaitingForDeferred) {
        REQUIRE_FALSE(before.admitted);
        REQUIRE(before.reason == got.reason);
      }
    }
  }
}

TEST_CASE("a clock step back refunds nothing and a jump ahead grows one step", "[ramp][property]") {
  for (std::uint64_t seed = 1, most = cases(60); seed <= most; ++seed) {
    CAPTURE(seed);
    History history(seed);
    for (int i = 0; i < 200; ++i) {
      history.step();
      if (i % 10 != 0) {
        continue;
      }
      World before = history.world;
      roll(before.flow, before.context());
      const Allowance was = before.allowance();
      World back = before;
      back.now -= std::chrono::minutes{history.pick(60 * 24 * 40)};
      roll(back.flow, back.context());
      const Allowance is = back.allowance();
      REQUIRE(is.used_day == was.used_day);
      REQUIRE(is.used_hour >= was.used_hour);
      REQUIRE(is.got_day == was.got_day);
      REQUIRE(is.level >= was.level);
      REQUIRE(is.level <= history.most_got);
      const auto left = before.flow.pause_until - before.now;
      if (left > 0us) {
        REQUIRE(back.flow.pause_until - back.now >= left);
        REQUIRE(back.flow.pause_until - back.now <= before.constants.block_max);
      }
      REQUIRE(back.flow.deferred_at <= back.now);
      World ahead = before;
      ahead.now += std::chrono::hours{history.pick(24 * 80)};
      REQUIRE(ahead.allowance().level <= history.most_got);
    }
  }
}

}  // namespace
}  // namespace rampart::ramp
