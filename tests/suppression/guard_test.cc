#include "rampart/suppression/guard.h"

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "support/catch.h"

namespace rampart::suppression {
namespace {

using Turn = FailureGuard::Turn;
using std::chrono::hours;
using std::chrono::minutes;

base::WallTime at(base::Micros after) {
  return base::WallTime{hours{24 * 20'000}} + after;
}

bool near(double a, double b) {
  return std::abs(a - b) < 0.01;
}

// A guard and the answers it is given, a minute apart unless told otherwise.
struct Feed {
  FailureGuard guard;
  base::WallTime now = at({});
  base::Micros step = minutes{1};
  int keys = 0;

  Turn one(bool dead) {
    now += step;
    return guard.observe(
        {.time = now, .dead = dead, .key = dead ? "u" + std::to_string(++keys) : ""});
  }
  // @return the last turn that was one
  Turn many(int count, bool dead) {
    Turn last = Turn::None;
    for (int i = 0; i < count; ++i) {
      const Turn turn = one(dead);
      last = turn == Turn::None ? last : turn;
    }
    return last;
  }
  // A tenth of `dead_in_ten` answers in ten, evenly.
  void steady(int tens, int dead_in_ten) {
    for (int i = 0; i < tens; ++i) {
      for (int j = 0; j < 10; ++j) {
        one(j < dead_in_ten);
      }
    }
  }
};

// How many dead answers in a row make it leap; 0 if `limit` do not.
int dead_until_leap(Feed& feed, int limit) {
  for (int i = 1; i <= limit; ++i) {
    if (feed.one(true) == Turn::Leapt) {
      return i;
    }
  }
  return 0;
}

TEST_CASE("a new guard knows nothing and is calm", "[suppression][unit]") {
  FailureGuard guard;
  CHECK_FALSE(guard.leaping(at({})));
  CHECK(guard.recent_dead().empty());
  CHECK(near(guard.usual_share(at({})), 0.05));
  CHECK(guard.tick(at({})) == Turn::None);
  CHECK(guard.describe(at({})) == "no recent answers; 5 % is assumed to be usual");
}

TEST_CASE("a cold start with the first ten dead leaps", "[suppression][unit]") {
  Feed feed;
  CHECK(feed.many(9, true) == Turn::None);
  CHECK_FALSE(feed.guard.leaping(feed.now));
  CHECK(feed.one(true) == Turn::Leapt);
  CHECK(feed.guard.leaping(feed.now));
  CHECK(feed.one(true) == Turn::None);  // told once
}

TEST_CASE("the recent dead are told, oldest first", "[suppression][unit]") {
  Feed feed;
  feed.steady(2, 1);
  CHECK(feed.guard.recent_dead() == std::vector<std::string>{"u1", "u2"});
  feed.many(48, false);
  CHECK(feed.guard.recent_dead().empty());  // pushed out by newer answers
  feed.many(3, true);
  CHECK(feed.guard.recent_dead() == std::vector<std::string>{"u3", "u4", "u5"});
  feed.guard.tick(feed.now + hours{24} - minutes{1});
  CHECK(feed.guard.recent_dead() == std::vector<std::string>{"u4", "u5"});
}

TEST_CASE("a key counts once while it is recent", "[suppression][unit]") {
  Feed feed;
  for (int i = 0; i < 100; ++i) {
    CHECK(feed.guard.observe({.time = feed.now, .dead = true, .key = "same"}) == Turn::None);
  }
  CHECK(feed.guard.recent_dead().size() == 1);
  CHECK(feed.guard.describe(feed.now).starts_with("1 of the last 1 answer says "));
  // Later it counts again.
  feed.guard.tick(feed.now + hours{25});
  feed.guard.observe({.time = feed.now + hours{25}, .dead = true, .key = "same"});
  CHECK(feed.guard.recent_dead().size() == 1);
}

TEST_CASE("an overlong key is counted and forgotten", "[suppression][unit]") {
  FailureGuard guard;
  for (int i = 0; i < 10; ++i) {
    guard.observe({.time = at({}), .dead = true, .key = std::string(1025, 'a')});
  }
  CHECK(guard.leaping(at({})));
  CHECK(guard.recent_dead().empty());
  CHECK(guard.encode().size() < 1000);
}

TEST_CASE("the bound is a share and a multiple of what is usual", "[suppression][unit]") {
  struct Case {
    const char* name;
    int dead_in_ten;  // of a long history
    int dead;         // then, of the last fifty answers, spread so that no run is long
    bool leaps;
  };
  const Case cases[] = {
      {"none usual, below three tenths", 0, 14, false},
      {"none usual, above three tenths", 0, 16, true},
      {"a tenth usual, below four times", 1, 19, false},
      {"a tenth usual, four times", 1, 21, true},
      {"a fifth usual, below four times", 2, 38, false},
  };
  for (const Case& c : cases) {
    INFO(c.name);
    Feed feed;
    feed.steady(200, c.dead_in_ten);
    feed.many(50, false);  // the recent answers are known
    REQUIRE_FALSE(feed.guard.leaping(feed.now));
    // Of each five answers, and of the ten fives, as evenly as may be.
    int given = 0;
    for (int i = 1; i <= 50; ++i) {
      const bool dead = c.dead * i / 50 > given;
      given += dead ? 1 : 0;
      feed.one(dead);
    }
    CHECK(feed.guard.leaping(feed.now) == c.leaps);
  }
}

TEST_CASE("a leap ends when the share falls, when answers age, or by a word",
          "[suppression][unit]") {
  Feed feed;
  feed.steady(100, 0);
  REQUIRE(dead_until_leap(feed, 50) == 16);
  feed.many(34, true);  // all of the recent fifty
  const double usual = feed.guard.usual_share(feed.now);

  SECTION("share") {
    int good = 0;
    while (feed.one(false) != Turn::Fell) {
      ++good;
      REQUIRE(good < 50);
    }
    CHECK(good + 1 == 43);  // 7 of 50 are below 0.15
    CHECK_FALSE(feed.guard.leaping(feed.now));
    // What was answered during the leap is no history.
    CHECK(near(feed.guard.usual_share(feed.now), usual));
  }
  SECTION("age") {
    CHECK(feed.guard.leaping(feed.now + hours{23}));
    CHECK_FALSE(feed.guard.leaping(feed.now + hours{25}));
    CHECK(feed.guard.leaping(feed.now));  // asking changes nothing
    CHECK(feed.guard.tick(feed.now + hours{23}) == Turn::None);
    CHECK(feed.guard.tick(feed.now + hours{25}) == Turn::Fell);
    CHECK(feed.guard.tick(feed.now + hours{25}) == Turn::None);
  }
  SECTION("word") {
    feed.guard.accept(feed.now);
    CHECK_FALSE(feed.guard.leaping(feed.now));
    CHECK(feed.many(500, true) == Turn::None);
  }
}

TEST_CASE("accepted shares are usual from then on", "[suppression][unit]") {
  Feed feed;
  feed.steady(100, 0);
  REQUIRE(dead_until_leap(feed, 50) == 16);
  feed.guard.accept(feed.now);
  CHECK(near(feed.guard.usual_share(feed.now), 0.32));
  CHECK(feed.guard.recent_dead().empty());
  Feed calm = feed;
  calm.steady(100, 3);
  CHECK_FALSE(calm.guard.leaping(calm.now));
  // And an outage is still seen.
  CHECK(dead_until_leap(calm, 25) > 0);

  FailureGuard empty;
  empty.accept(at({}));  // nothing to accept
  CHECK(empty == [] {
    FailureGuard other;
    other.tick(at({}));
    return other;
  }());
}

TEST_CASE("clock steps back count as nothing, a clock set right is believed",
          "[suppression][unit]") {
  Feed feed;
  feed.steady(10, 1);
  FailureGuard& guard = feed.guard;
  guard.observe({.time = feed.now - hours{1000}, .dead = true, .key = "late"});
  const double usual = guard.usual_share(feed.now);
  CHECK(guard.recent_dead().back() == "late");
  CHECK(guard.tick(feed.now - hours{1}) == Turn::None);
  CHECK(guard.recent_dead().back() == "late");
  CHECK(near(guard.usual_share(feed.now - hours{5}), usual));

  // A stamp of next year, then the present again: answers age from now on.
  guard.observe({.time = feed.now + hours{9000}, .dead = true, .key = "early"});
  CHECK(guard.tick(feed.now) == Turn::None);
  CHECK(guard.recent_dead() == std::vector<std::string>{"early"});
  guard.tick(feed.now + hours{25});
  CHECK(guard.recent_dead().empty());

  for (const base::WallTime odd : {base::WallTime::min(), base::WallTime::max(), at({})}) {
    guard.observe({.time = odd, .dead = true, .key = "odd"});
    guard.tick(odd);
    CHECK_FALSE(guard.leaping(odd));
    CHECK_FALSE(guard.describe(odd).empty());
    CHECK(guard.usual_share(odd) >= 0);
  }
}

TEST_CASE("a guard is described in words", "[suppression][unit]") {
  Feed feed;
  feed.steady(200, 0);
  feed.many(1, true);
  CHECK(feed.guard.describe(feed.now) ==
        "1 of the last 50 answers says the mailbox does not exist; less than 1 % is usual here");
  feed.many(36, true);
  CHECK(feed.guard.describe(feed.now) ==
        "37 of the last 50 answers say the mailbox does not exist; less than 1 % is usual here");
  CHECK(feed.guard.describe(feed.now + hours{30}) ==
        "no recent answers; less than 1 % is usual here");
  CHECK(feed.guard.describe(feed.now + hours{24 * 200}) ==
        "no recent answers; 5 % is assumed to be usual");
  Feed tenth;
  tenth.steady(200, 1);
  CHECK(tenth.guard.describe(tenth.now) ==
        "5 of the last 50 answers say the mailbox does not exist; 10 % is usual here");
}

// The property tests.

TEST_CASE("a steady share of dead addresses hardly ever leaps", "[suppression][property]") {
  constexpr int kRuns = 100;
  for (const double share : {0.04, 0.12}) {
    int leapt = 0;
    std::mt19937 random(7);
    std::bernoulli_distribution dead(share);
    for (int run = 0; run < kRuns; ++run) {
      Feed feed;
      bool once = false;
      for (int i = 0; i < 10'000 && !once; ++i) {
        once = feed.one(dead(random)) == Turn::Leapt;
      }
      leapt += once ? 1 : 0;
    }
    INFO("share " << share << ": " << leapt << " of " << kRuns << " runs");
    CHECK(leapt < kRuns / 100);
  }
}

TEST_CASE("an outage leaps within 25 answers and is over within 50", "[suppression][property]") {
  const auto seed = static_cast<std::uint32_t>(GENERATE(range(1, 41)));
  INFO("seed " << seed);
  std::mt19937 random(seed);
  Feed feed;
  feed.step = minutes{1 + random() % 20};
  // Any history of shares up to a half, with changes, silences and other outages in it.
  for (int phase = 0; phase < 6; ++phase) {
    std::bernoulli_distribution dead(static_cast<double>(random() % 51) / 100);
    for (auto left = random() % 400; left > 0; --left) {
      feed.one(dead(random));
    }
    if (random() % 4 == 0) {
      feed.now += hours{random() % 500};
    }
    if (random() % 4 == 0) {
      feed.many(static_cast<int>(random() % 60), true);
    }
    if (feed.guard.leaping(feed.now)) {
      feed.many(50, false);
    }
    REQUIRE_FALSE(feed.guard.leaping(feed.now));
    // An outage at this point, without consequences for the next phase.
    if (feed.guard.usual_share(feed.now) <= 0.5) {
      Feed outage = feed;
      INFO("phase " << phase << ", " << outage.guard.describe(outage.now));
      const int needed = dead_until_leap(outage, 25);
      CHECK(needed > 0);
      const double usual = outage.guard.usual_share(outage.now);
      outage.many(200, true);
      CHECK(outage.guard.leaping(outage.now));
      CHECK(outage.guard.usual_share(outage.now) <= usual + 0.01);
      CHECK(outage.many(50, false) == Turn::Fell);
    }
  }
}

TEST_CASE("more dead never leap later", "[suppression][property]") {
  const auto seed = static_cast<std::uint32_t>(GENERATE(range(1, 41)));
  INFO("seed " << seed);
  std::mt19937 random(seed);
  std::bernoulli_distribution usual(static_cast<double>(random() % 30) / 100);
  Feed fewer;
  for (int i = 0; i < 500; ++i) {
    fewer.one(usual(random));
  }
  fewer.guard.tick(fewer.now += hours{30});
  Feed more = fewer;
  std::bernoulli_distribution dead(0.5);
  std::bernoulli_distribution added(0.3);
  for (int i = 0; i < 50; ++i) {
    const bool in_fewer = dead(random);
    fewer.one(in_fewer);
    more.one(in_fewer || added(random));
    INFO("answer " << i);
    CHECK((!fewer.guard.leaping(fewer.now) || more.guard.leaping(more.now)));
  }
}

TEST_CASE("a guard survives its text and goes on alike", "[suppression][property]") {
  const auto seed = static_cast<std::uint32_t>(GENERATE(range(1, 21)));
  INFO("seed " << seed);
  std::mt19937 random(seed);
  Feed feed;
  for (int i = 0; i < 300; ++i) {
    feed.step = minutes{random() % 100};
    const bool dead = random() % 100 < (i / 100 == 1 ? 90U : 5U);
    feed.now += feed.step;
    std::string key =
        dead ? "k " + std::to_string(random() % 200) + std::string("\0\n\xff", 3) : "";
    feed.guard.observe({.time = feed.now, .dead = dead, .key = std::move(key)});
    const std::string text = feed.guard.encode();
    auto copy = FailureGuard::decode(text);
    REQUIRE(copy.has_value());
    CHECK((*copy == feed.guard));
    CHECK(copy->encode() == text);
    CHECK(copy->leaping(feed.now) == feed.guard.leaping(feed.now));
  }
}

TEST_CASE("a smaller window keeps the newest answers", "[suppression][unit]") {
  Feed feed;
  feed.many(8, true);
  GuardOptions options;
  options.window = 3;
  const auto guard = FailureGuard::decode(feed.guard.encode(), options);
  REQUIRE(guard.has_value());
  CHECK(guard->recent_dead() == std::vector<std::string>{"u6", "u7", "u8"});
  options.window = 0;
  CHECK(FailureGuard::decode(feed.guard.encode(), options)->recent_dead().size() == 1);
}

TEST_CASE("damaged text is no guard", "[suppression][unit]") {
  Feed feed;
  feed.steady(8, 3);
  const std::string good = feed.guard.encode();
  REQUIRE(FailureGuard::decode(good).has_value());
  const char* const others[] = {"",
                                "1",
                                "1 ",
                                "2 0 0 0 0 0 ",
                                "1 0 0 0 0 0",
                                "1 2 0 0 0 0 ",
                                "1 0 -1 0 0 0 ",
                                "1 0 99999999999999999999 0 0 0 ",
                                "1 0 0 nan 0 0 ",
                                "1 0 0 0 inf 0 ",
                                "1 0 0 1 0.5 0 ",
                                "1 0 0 -1 1 0 ",
                                "1 0 0 0 0 1 ",
                                "1 0 0 0 0 10001 ",
                                "1 0 5 0 0 1 6 0 0 ",
                                "1 0 5 0 0 2 5 0 0 4 0 0 ",
                                "1 0 5 0 0 1 5 1 3 ab",
                                "1 0 5 0 0 1 5 1 3 abcd",
                                "1 0 5 0 0 1 5 0 1 a",
                                "1 0 0 0 0 0 x",
                                " 1 0 0 0 0 0 "};
  for (const char* text : others) {
    INFO("\"" << text << '"');
    CHECK_FALSE(FailureGuard::decode(text).has_value());
  }
  CHECK(FailureGuard::decode("1 0 5 0 0 1 5 1 3 abc").has_value());
  for (std::size_t size = 0; size < good.size(); ++size) {
    CHECK_FALSE(FailureGuard::decode(good.substr(0, size)).has_value());
  }
  // Any single changed byte: refused, or a guard that can be used.
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (const char c : {'\0', ' ', '0', '9', 'e', '\xff'}) {
      std::string text = good;
      text[i] = c;
      if (auto guard = FailureGuard::decode(text)) {
        guard->tick(feed.now + hours{1});
        CHECK(guard->usual_share(feed.now) <= 1);
      }
    }
  }
}

}  // namespace
}  // namespace rampart::suppression
