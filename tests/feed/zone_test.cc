#include "feed/zone.h"

#include <fstream>
#include <random>

#include "support/catch.h"

#include "log_directory.h"

namespace rampart::feed {
namespace {

using namespace std::chrono;  // NOLINT(google-build-using-namespace): calendar literals

local_seconds local(year_month_day date, seconds time) {
  return local_days{date} + time;
}
sys_seconds utc(year_month_day date, seconds time) {
  return sys_days{date} + time;
}

std::string be(std::int64_t value, int size) {
  std::string bytes;
  for (int shift = 8 * (size - 1); shift >= 0; shift -= 8) {
    bytes += static_cast<char>(value >> shift & 0xFF);
  }
  return bytes;
}

// A version 2 file with an empty first block: one transition at `at` from +1 h to +2 h.
std::string tzif(std::int64_t at, std::string_view footer) {
  const auto header = [](int times, int types, int chars) {
    return std::string("TZif2") + std::string(15, '\0') + be(0, 4) + be(0, 4) + be(0, 4) +
           be(times, 4) + be(types, 4) + be(chars, 4);
  };
  std::string bytes = header(0, 1, 1) + std::string(7, '\0') + header(1, 2, 4);
  bytes += be(at, 8) + '\1';
  bytes += be(3600, 4) + std::string(2, '\0') + be(7200, 4) + std::string(2, '\0');
  bytes += std::string("CET\0", 4) + '\n' + std::string(footer) + '\n';
  return bytes;
}

TEST_CASE("rules of zones are read", "[feed][unit]") {
  struct Case {
    std::string_view text;
    bool good;
    int standard = 0;
    std::optional<int> summer = std::nullopt;
  };
  static const Case kCases[] = {
      {"UTC0", true, 0},
      {"CET-1CEST,M3.5.0,M10.5.0/3", true, 3600, 7200},
      {"EST5EDT,M3.2.0,M11.1.0", true, -18000, -14400},
      {"<+0330>-3:30", true, 12600},
      {"<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", true, -10800, -7200},
      {"IST-1GMT0,M10.5.0,M3.5.0/1", true, 3600, 0},
      {"XXX3YYY,J60/0,300/24:00:01", true, -10800, -7200},
      {"", false},
      {"CE-1", false},
      {"CET", false},
      {"CET-1CEST", false},
      {"CET-1CEST,M3.5.0", false},
      {"CET-1CEST,M13.5.0,M10.5.0", false},
      {"CET-1CEST,M3.0.0,M10.5.0", false},
      {"CET-1CEST,M3.5.7,M10.5.0", false},
      {"CET-1CEST,J0,M10.5.0", false},
      {"CET-1CEST,J366,M10.5.0", false},
      {"CET-1CEST,M3.5.0,M10.5.0 ", false},
      {"<+03-3", false},
      {"CET-168", false},
      {"CET-1:60", false},
  };
  for (const Case& c : kCases) {
    INFO(c.text);
    const auto rule = parse_zone_rule(c.text);
    CHECK(rule.has_value() == c.good);
    if (rule && c.good) {
      CHECK(rule->standard == seconds{c.standard});
      CHECK(rule->summer.has_value() == c.summer.has_value());
      CHECK((rule->summer ? rule->summer->count() : 0) == c.summer.value_or(0));
    }
  }
}

TEST_CASE("offsets come from the transitions, then from the rule", "[feed][unit]") {
  // The last transition is in 1996; the rule is in force since.
  const auto zone = Zone::parse(
      tzif(utc(1996y / March / 31, 1h).time_since_epoch().count(), "CET-1CEST,M3.5.0,M10.5.0/3"));
  REQUIRE(zone.has_value());
  struct Case {
    sys_seconds time;
    seconds want;
  };
  const Case cases[] = {
      {utc(1990y / July / 1, 0s), 1h},     {utc(1996y / March / 31, 1h - 1s), 1h},
      {utc(1996y / March / 31, 1h), 2h},   {utc(1996y / October / 27, 1h - 1s), 2h},
      {utc(1996y / October / 27, 1h), 1h}, {utc(2026y / March / 29, 1h - 1s), 1h},
      {utc(2026y / March / 29, 1h), 2h},   {utc(2026y / October / 25, 1h - 1s), 2h},
      {utc(2026y / October / 25, 1h), 1h}, {utc(2026y / December / 31, 23h + 59min), 1h},
      {utc(2027y / January / 1, 0s), 1h},
  };
  for (const Case& c : cases) {
    INFO(c.time.time_since_epoch().count());
    CHECK(zone->offset_at(c.time) == c.want);
  }
}

TEST_CASE("local times mean one instant, two, or one that is shifted", "[feed][unit]") {
  const auto zone = Zone::parse(tzif(0, "CET-1CEST,M3.5.0,M10.5.0/3"));
  REQUIRE(zone.has_value());
  struct Case {
    std::string_view name;
    local_seconds time;
    sys_seconds earlier;
    sys_seconds later;
  };
  const Case cases[] = {
      {"winter", local(2026y / January / 5, 12h), utc(2026y / January / 5, 11h),
       utc(2026y / January / 5, 11h)},
      {"summer", local(2026y / July / 1, 12h), utc(2026y / July / 1, 10h),
       utc(2026y / July / 1, 10h)},
      {"before the skipped hour", local(2026y / March / 29, 2h - 1s),
       utc(2026y / March / 29, 1h - 1s), utc(2026y / March / 29, 1h - 1s)},
      {"in it", local(2026y / March / 29, 2h + 30min), utc(2026y / March / 29, 1h + 30min),
       utc(2026y / March / 29, 1h + 30min)},
      {"after it", local(2026y / March / 29, 3h), utc(2026y / March / 29, 1h),
       utc(2026y / March / 29, 1h)},
      {"before the doubled hour", local(2026y / October / 25, 2h - 1s),
       utc(2026y / October / 25, -1s), utc(2026y / October / 25, -1s)},
      {"in it", local(2026y / October / 25, 2h + 30min), utc(2026y / October / 25, 30min),
       utc(2026y / October / 25, 90min)},
      {"after it", local(2026y / October / 25, 3h), utc(2026y / October / 25, 2h),
       utc(2026y / October / 25, 2h)},
  };
  for (const Case& c : cases) {
    INFO(c.name);
    const report::LocalInstants got = zone->resolve(c.time);
    CHECK(got.earlier == c.earlier);
    CHECK(got.later == c.later);
  }
}

TEST_CASE("summer in the south spans the new year", "[feed][unit]") {
  const auto zone = Zone::parse(tzif(0, "AEST-10AEDT,M10.1.0,M4.1.0/3"));
  REQUIRE(zone.has_value());
  CHECK(zone->offset_at(utc(2026y / January / 1, 0s)) == 11h);
  CHECK(zone->offset_at(utc(2026y / April / 4, 16h - 1s)) == 11h);
  CHECK(zone->offset_at(utc(2026y / April / 4, 16h)) == 10h);
  CHECK(zone->offset_at(utc(2026y / October / 3, 16h - 1s)) == 10h);
  CHECK(zone->offset_at(utc(2026y / October / 3, 16h)) == 11h);
  CHECK(zone->offset_at(utc(2026y / December / 31, 23h)) == 11h);
}

TEST_CASE("damaged zone files are refused, wherever they are cut", "[feed][unit]") {
  const std::string good = tzif(0, "CET-1CEST,M3.5.0,M10.5.0/3");
  REQUIRE(Zone::parse(good).has_value());
  for (std::size_t size = 0; size < good.size(); ++size) {
    INFO(size);
    CHECK_FALSE(Zone::parse(std::string_view(good).substr(0, size)).has_value());
  }
  std::string huge_count = good;
  huge_count.replace(44 + 7 + 32, 4, "\x7f\xff\xff\xff");
  CHECK_FALSE(Zone::parse(huge_count).has_value());
  std::mt19937 random(1);  // no crash, whatever is wrong
  for (int round = 0; round < 20'000; ++round) {
    std::string bad = good;
    for (int flips = 0; flips < 3; ++flips) {
      bad[random() % bad.size()] = static_cast<char>(random());
    }
    if (const auto zone = Zone::parse(bad)) {
      CHECK(zone->resolve(local(2026y / October / 25, 2h)).later > utc(2000y / January / 1, 0s));
    }
  }
}

TEST_CASE("the zones of this machine agree with what is known", "[feed][unit]") {
  const auto berlin = load_zone("Europe/Berlin");
  if (!berlin) {
    WARN("not run: " << berlin.error().what);
    return;
  }
  CHECK(berlin->offset_at(utc(1990y / July / 1, 0s)) == 2h);
  CHECK(berlin->offset_at(utc(2026y / March / 29, 1h - 1s)) == 1h);
  CHECK(berlin->offset_at(utc(2026y / March / 29, 1h)) == 2h);
  CHECK(berlin->offset_at(utc(2099y / July / 1, 0s)) == 2h);
  const auto kolkata = load_zone("Asia/Kolkata");
  REQUIRE(kolkata.has_value());
  CHECK(kolkata->offset_at(utc(2026y / July / 1, 0s)) == 5h + 30min);
  const auto new_york = load_zone("America/New_York");
  REQUIRE(new_york.has_value());
  CHECK(new_york->offset_at(utc(2026y / November / 1, 6h - 1s)) == -4h);
  CHECK(new_york->offset_at(utc(2026y / November / 1, 6h)) == -5h);
}

TEST_CASE("zones are loaded by name from their directory", "[feed][unit]") {
  const LogDirectory directory;
  directory.write(tzif(0, "CET-1"), "Mine");
  directory.write("TZif2 but not really", "Broken");
  const std::string root = directory.file("");
  CHECK(load_zone("Mine", root).has_value());
  struct Case {
    std::string_view name;
    base::Error::Kind want;
  };
  static const Case kCases[] = {
      {"Broken", base::Error::Kind::Corrupt},
      {"Yours", base::Error::Kind::NotFound},
      {"../etc/passwd", base::Error::Kind::InvalidInput},
      {"/etc/passwd", base::Error::Kind::InvalidInput},
      {std::string_view("Mine\0", 5), base::Error::Kind::InvalidInput},
  };
  for (const Case& c : kCases) {
    INFO(c.name);
    const auto zone = load_zone(c.name, root);
    REQUIRE_FALSE(zone.has_value());
    CHECK(zone.error().kind == c.want);
  }
}

}  // namespace
}  // namespace rampart::feed
