// The fast windows against a model that remembers every event and recomputes everything each time.

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
using test::World;
using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): tests only

struct Event {
  enum class Kind { Charge, Deliver, Deferral, Block } kind;
  WallTime at;
  std::uint32_t units;
};

class Model {
 public:
  explicit Model(const Constants& constants, WallTime start)
      : constants_(constants), start_hour_(hour(start) - 30), start_five_(start_hour_ * 12) {}

  void add(const Event& event) { events_.push_back(event); }

  [[nodiscard]] std::uint32_t used(WallTime now) const {
    return total(Event::Kind::Charge, [&](WallTime at) { return hour(at) > hour(now) - 24; });
  }
  [[nodiscard]] std::uint32_t got(WallTime now) const {
    return total(Event::Kind::Deliver, [&](WallTime at) { return hour(at) > hour(now) - 24; });
  }
  [[nodiscard]] std::uint32_t used_hour(WallTime now) const {
    return total(Event::Kind::Charge, [&](WallTime at) { return five(at) > five(now) - 12; });
  }

  // The most delivered in 24 hours ending with an hour at least a day ago, away from blocks, faded.
  [[nodiscard]] std::uint32_t level(WallTime now, std::uint32_t start) const {
    std::uint32_t best = 0;
    for (std::int64_t h = start_hour_; h + 25 <= hour(now); ++h) {
      const std::uint32_t in_a_day = total(
          Event::Kind::Deliver, [&](WallTime at) { return hour(at) <= h && hour(at) > h - 24; });
      const WallTime known{(h + 25) * constants_.hour};
      const bool blocked = total(Event::Kind::Block, [&](WallTime at) {
                             return at < known && at > known - 48 * constants_.hour;
                           }) > 0;
      if (!blocked) {
        best = std::max(best, faded(in_a_day, hour(now) / 24 - h / 24, start));
      }
    }
    return best;
  }

  // The most charged in `width` buckets of five minutes that no harm met then or in the 12 after.
  [[nodiscard]] std::uint32_t best(WallTime now, std::int64_t width) const {
    std::uint32_t best = 0;
    for (std::int64_t f = start_five_; f + 25 <= five(now); ++f) {
      if ((five(now) / 288 - f / 288) * 24 * constants_.hour > constants_.memory) {
        continue;
      }
      const std::uint32_t units = total(
          Event::Kind::Charge, [&](WallTime at) { return five(at) <= f && five(at) > f - width; });
      const auto near = [&](WallTime at) {
        return five(at) > f - width && five(at) <= f + 12;
      };
      if (units > best && total(Event::Kind::Deferral, near) == 0 &&
          total(Event::Kind::Block, near) == 0) {
        best = units;
      }
    }
    return best;
  }

  struct Pause {
    WallTime until{};
    Micros pause_len{0};
    Micros block_len{0};
    bool careful = false;
    friend bool operator==(const Pause&, const Pause&) = default;
  };
  [[nodiscard]] Pause pause() const {
    Pause p;
    for (const Event& event : events_) {
      const bool over = event.at >= p.until;
      if (event.kind == Event::Kind::Deliver && over) {
        p.pause_len = 0us;
        p.careful = false;
        p.block_len = p.block_len > 1h ? p.block_len / 2 : 0us;
      } else if (event.kind == Event::Kind::Deferral && over) {
        p.pause_len = p.pause_len == 0us ? Micros{15min} : std::min<Micros>(6h, 2 * p.pause_len);
        p.until = event.at + p.pause_len;
        p.careful = true;
      } else if (event.kind == Event::Kind::Block && over) {
        p.block_len = p.block_len == 0us ? Micros{1h} : std::min<Micros>(24h, 2 * p.block_len);
        p.until = event.at + p.block_len;
        p.careful = true;
      }
    }
    return p;
  }

 private:
  [[nodiscard]] std::int64_t hour(WallTime at) const {
    return at.time_since_epoch() / constants_.hour;
  }
  [[nodiscard]] std::int64_t five(WallTime at) const {
    return at.time_since_epoch() / (constants_.hour / 12);
  }
  [[nodiscard]] std::uint32_t faded(std::uint32_t units,
                                    std::int64_t days,
                                    std::uint32_t start) const {
    Micros beyond = days * 24 * constants_.hour - constants_.memory;
    if (beyond <= 0us) {
      return units;
    }
    std::uint32_t out = units;
    for (; beyond >= 15 * 24 * constants_.hour; beyond -= 15 * 24 * constants_.hour) {
      out /= 2;
    }
    return std::max(out, std::min(units, start));
  }
  template <class Where>
  [[nodiscard]] std::uint32_t total(Event::Kind kind, Where where) const {
    std::uint32_t sum = 0;
    for (const Event& event : events_) {
      if (event.kind == kind && where(event.at)) {
        sum += event.units;
      }
    }
    return sum;
  }

  Constants constants_;
  std::int64_t start_hour_;
  std::int64_t start_five_;
  std::vector<Event> events_;
};

Micros random_gap(std::mt19937_64& random) {
  switch (random() % 8) {
    case 0:
      return Micros{static_cast<std::int64_t>(random() % 1'000'000)};
    case 1:
    case 2:
    case 3:
      return std::chrono::seconds{random() % 900};
    case 4:
    case 5:
      return std::chrono::minutes{random() % 120};
    case 6:
      return std::chrono::minutes{random() % (20 * 60)};
    default:
      return std::chrono::hours{random() % 40};
  }
}

void apply(World& world, const Event& event) {
  switch (event.kind) {
    case Event::Kind::Charge:
      charge(world.flow, world.context(event.at), event.units);
      return;
    case Event::Kind::Deliver:
      world.report({.reply_class = ReplyClass::Delivered, .final = true}, event.at);
      return;
    case Event::Kind::Deferral:
      world.report({.reply_class = ReplyClass::RateLimited, .final = true}, event.at);
      return;
    case Event::Kind::Block:
      world.report({.reply_class = ReplyClass::ReputationBlock, .final = true}, event.at);
      return;
  }
}

Event random_event(std::mt19937_64& random, WallTime now) {
  const auto roll = random() % 100;
  // Charges and deliveries are sometimes known only later, up to an hour.
  const WallTime at = random() % 4 == 0 ? now - std::chrono::seconds{random() % 3600} : now;
  if (roll < 40) {
    return {Event::Kind::Charge, at, static_cast<std::uint32_t>(1 + random() % 50)};
  }
  if (roll < 92) {
    return {Event::Kind::Deliver, at, 1};
  }
  return {roll < 98 ? Event::Kind::Deferral : Event::Kind::Block, now, 1};
}

void compare(const World& world, const Model& model) {
  const Allowance got = world.allowance();
  REQUIRE(got.used_day == model.used(world.now));
  REQUIRE(got.got_day == model.got(world.now));
  REQUIRE(got.used_hour == model.used_hour(world.now));
  REQUIRE(got.level == model.level(world.now, world.plan.start));
  const Model::Pause pause{world.flow.pause_until, world.flow.pause_len, world.flow.block_len,
                           world.flow.careful};
  REQUIRE(pause == model.pause());
  // The best hour and five minutes show once the hour's share is out of the way.
  World bare = world;
  bare.constants.hourly_share = 0;
  bare.constants.hour_min = 1;
  bare.constants.new_ceiling = 1e6;
  REQUIRE(bare.allowance().hour == std::max(1U, model.best(world.now, 12)));
}

TEST_CASE("windows, level, best hour and pauses agree with a naive model", "[ramp][model]") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    std::mt19937_64 random{seed};
    World world;
    world.plan.start = 5;
    world.constants.memory = std::chrono::hours{24 * (1 + random() % 4)};
    Model model(world.constants, world.now);
    world.now += std::chrono::seconds{random() % 86400};
    const int events = 60 + static_cast<int>(random() % 80);
    for (int i = 0; i < events; ++i) {
      world.now += random_gap(random);
      if (random() % 3 == 0) {
        roll(world.flow, world.context());
      }
      const Event event = random_event(random, world.now);
      apply(world, event);
      model.add(event);
      if (i % 20 == 19) {
        compare(world, model);
      }
    }
    world.now += std::chrono::hours{random() % (24 * 30)};
    compare(world, model);
  }
}

TEST_CASE("best five minutes agree with a naive model", "[ramp][model]") {
  for (std::uint64_t seed = 1000; seed < 1030; ++seed) {
    CAPTURE(seed);
    std::mt19937_64 random{seed};
    World world;
    Model model(world.constants, world.now);
    for (int i = 0; i < 60; ++i) {
      world.now += random_gap(random) / 8;
      const Event event = random_event(random, world.now);
      apply(world, event);
      model.add(event);
    }
    world.now += 3h;
    roll(world.flow, world.context());
    // All within memory: the first entry is the highest.
    REQUIRE(world.flow.best_five[0].got == model.best(world.now, 1));
  }
}

}  // namespace
}  // namespace rampart::ramp
