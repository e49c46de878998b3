#include "feed/zone.h"

#include <cstdlib>
#include <ctime>

#include "support/catch.h"

#include "log_directory.h"

namespace rampart::feed {
namespace {

using namespace std::chrono;  // NOLINT(google-build-using-namespace): calendar literals

local_seconds local(year_month_day date, seconds time) {
  return local_days{date} + time;
}
base::WallTime utc(year_month_day date, seconds time) {
  return sys_days{date} + time;
}

std::string be(std::int64_t value, int size) {
  std::string bytes;
  for (int shift = 8 * (size - 1); shift >= 0; shift -= 8) {
    bytes += static_cast<char>(value >> shift & 0xFF);
  }
  return bytes;
}

// Standard and summer time of a place.
struct Place {
  std::string_view standard;
  seconds standard_offset;
  std::string_view summer;
  seconds summer_offset;
  bool south = false;  // summer in the middle of the year is winter
};

constexpr Place kBerlin{"CET", 1h, "CEST", 2h};

// A version 2 file with an empty first block and the two transitions of 1996, if there is a summer.
std::string tzif(const Place& place, std::string_view footer) {
  const auto header = [](int times, int types, std::size_t chars) {
    return std::string("TZif2") + std::string(15, '\0') + be(0, 4) + be(0, 4) + be(0, 4) +
           be(times, 4) + be(types, 4) + be(static_cast<std::int64_t>(chars), 4);
  };
  const auto seconds_of = [](base::WallTime time) {
    return duration_cast<seconds>(time.time_since_epoch()).count();
  };
  const std::string names = std::string(place.standard) + '\0' + std::string(place.summer) + '\0';
  const bool changes = place.standard_offset != place.summer_offset;
  std::string bytes =
      header(0, 1, 1) + std::string(7, '\0') + header(changes ? 2 : 0, 2, names.size());
  if (changes) {
    bytes += be(seconds_of(utc(1996y / March / 31, 1h)), 8);
    bytes += be(seconds_of(utc(1996y / October / 27, 1h)), 8);
    bytes += place.south ? std::string("\0\1", 2) : std::string("\1\0", 2);
  }
  bytes += be(place.standard_offset.count(), 4) + std::string(2, '\0');
  bytes += be(place.summer_offset.count(), 4) + '\1' + static_cast<char>(place.standard.size() + 1);
  return bytes + names + '\n' + std::string(footer) + '\n';
}

// Of a file of our own, written under a name of its own: what was loaded once stays.
base::Result<report::LocalTimeRule> load(std::string_view bytes) {
  const LogDirectory directory;
  directory.write(std::string(bytes), "Zone");
  return load_zone("Zone", directory.file(""));
}

TEST_CASE("local times mean what the rule of the zone says", "[feed][unit]") {
  struct Case {
    Place place;
    std::string_view rule;
    local_seconds time;
    base::WallTime want;
  };
  constexpr Place kNewYork{"EST", -5h, "EDT", -4h};
  constexpr Place kSydney{"AEST", 10h, "AEDT", 11h, true};
  constexpr Place kDublin{"IST", 1h, "GMT", 0h, true};  // winter is the exception
  constexpr Place kNuuk{"-03", -3h, "-02", -2h};
  const Case cases[] = {
      {{"UTC", 0h, "UTC", 0h}, "UTC0", local(2026y / July / 1, 12h), utc(2026y / July / 1, 12h)},
      {{"+0330", 3h + 30min, "+0330", 3h + 30min},
       "<+0330>-3:30",
       local(2026y / July / 1, 12h),
       utc(2026y / July / 1, 8h + 30min)},
      {kNewYork, "EST5EDT,M3.2.0,M11.1.0", local(2026y / July / 1, 12h),
       utc(2026y / July / 1, 16h)},
      {kNewYork, "EST5EDT,M3.2.0,M11.1.0", local(2026y / January / 5, 12h),
       utc(2026y / January / 5, 17h)},
      {kNuuk, "<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", local(2026y / July / 1, 12h),
       utc(2026y / July / 1, 14h)},
      {kDublin, "IST-1GMT0,M10.5.0,M3.5.0/1", local(2026y / July / 1, 12h),
       utc(2026y / July / 1, 11h)},
      {kDublin, "IST-1GMT0,M10.5.0,M3.5.0/1", local(2026y / January / 5, 12h),
       utc(2026y / January / 5, 12h)},
      {{"XXX", -3h, "YYY", -2h},
       "XXX3YYY,J60/0,300/24:00:01",
       local(2026y / July / 1, 12h),
       utc(2026y / July / 1, 14h)},
      // Summer in the south spans the new year.
      {kSydney, "AEST-10AEDT,M10.1.0,M4.1.0/3", local(2026y / January / 1, 11h),
       utc(2026y / January / 1, 0h)},
      {kSydney, "AEST-10AEDT,M10.1.0,M4.1.0/3", local(2026y / July / 1, 10h),
       utc(2026y / July / 1, 0h)},
      {kSydney, "AEST-10AEDT,M10.1.0,M4.1.0/3", local(2026y / December / 31, 23h),
       utc(2026y / December / 31, 12h)},
  };
  for (const Case& c : cases) {
    INFO(c.rule);
    const auto zone = load(tzif(c.place, c.rule));
    REQUIRE(zone.has_value());
    CHECK(base::format_utc((*zone)(c.time).earlier) == base::format_utc(c.want));
    CHECK((*zone)(c.time).later == c.want);
  }
}

TEST_CASE("offsets come from the transitions, then from the rule", "[feed][unit]") {
  // The last transitions are those of 1996; the rule is in force since.
  const auto zone = load(tzif(kBerlin, "CET-1CEST,M3.5.0,M10.5.0/3"));
  REQUIRE(zone.has_value());
  struct Case {
    local_seconds time;
    seconds offset;
  };
  const Case cases[] = {
      {local(1990y / July / 1, 0s), 1h},     {local(1996y / March / 31, 2h - 1s), 1h},
      {local(1996y / March / 31, 3h), 2h},   {local(1996y / October / 27, 2h - 1s), 2h},
      {local(1996y / October / 27, 3h), 1h}, {local(2026y / March / 29, 2h - 1s), 1h},
      {local(2026y / March / 29, 3h), 2h},   {local(2026y / October / 25, 2h - 1s), 2h},
      {local(2026y / October / 25, 3h), 1h}, {local(2026y / December / 31, 23h + 59min), 1h},
      {local(2027y / January / 1, 0s), 1h},  {local(2099y / July / 1, 0s), 2h},
  };
  for (const Case& c : cases) {
    INFO(c.time.time_since_epoch().count());
    const base::WallTime want{c.time.time_since_epoch() - c.offset};
    CHECK((*zone)(c.time).earlier == want);
    CHECK((*zone)(c.time).later == want);
  }
}

TEST_CASE("local times mean one instant, two, or one that is shifted", "[feed][unit]") {
  const auto zone = load(tzif(kBerlin, "CET-1CEST,M3.5.0,M10.5.0/3"));
  REQUIRE(zone.has_value());
  struct Case {
    std::string_view name;
    local_seconds time;
    base::WallTime earlier;
    base::WallTime later;
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
    const report::LocalInstants got = (*zone)(c.time);
    CHECK(got.earlier == c.earlier);
    CHECK(got.later == c.later);
  }
}

TEST_CASE("damaged zone files are refused, wherever they are cut", "[feed][unit]") {
  const std::string good = tzif(kBerlin, "CET-1CEST,M3.5.0,M10.5.0/3");
  REQUIRE(load(good).has_value());
  for (std::size_t size = 0; size < good.size(); ++size) {
    INFO(size);
    const auto zone = load(std::string_view(good).substr(0, size));
    REQUIRE_FALSE(zone.has_value());
    CHECK(zone.error().kind == base::Error::Kind::Corrupt);
  }
  for (const std::size_t header : {0U, 44U + 7U}) {
    for (std::size_t count = 20; count < 44; count += 4) {
      INFO(header + count);
      std::string huge = good;
      huge.replace(header + count, 4, "\x7f\xff\xff\xff");
      CHECK_FALSE(load(huge).has_value());
    }
  }
  CHECK_FALSE(load(good + std::string(256 * 1024, '\n')).has_value());
}

TEST_CASE("the zones of this machine agree with what is known", "[feed][unit]") {
  const auto berlin = load_zone("Europe/Berlin");
  if (!berlin) {
    WARN("not run: " << berlin.error().what);
    return;
  }
  CHECK((*berlin)(local(1990y / July / 1, 2h)).earlier == utc(1990y / July / 1, 0s));
  CHECK((*berlin)(local(2026y / March / 29, 2h - 1s)).later == utc(2026y / March / 29, 1h - 1s));
  CHECK((*berlin)(local(2026y / March / 29, 3h)).earlier == utc(2026y / March / 29, 1h));
  CHECK((*berlin)(local(2099y / July / 1, 2h)).earlier == utc(2099y / July / 1, 0s));
  const auto kolkata = load_zone("Asia/Kolkata");
  REQUIRE(kolkata.has_value());
  CHECK((*kolkata)(local(2026y / July / 1, 5h + 30min)).later == utc(2026y / July / 1, 0s));
  const auto new_york = load_zone("America/New_York");
  REQUIRE(new_york.has_value());
  const report::LocalInstants twice = (*new_york)(local(2026y / November / 1, 1h));
  CHECK(twice.earlier == utc(2026y / November / 1, 5h));
  CHECK(twice.later == utc(2026y / November / 1, 6h));
}

// Goal: neither $TZ nor $TZDIR of whoever started the program moves a stamp.
TEST_CASE("zones do not depend on the environment", "[feed][unit]") {
  const LogDirectory directory;
  directory.write(tzif({"XXX", 5h, "XXX", 5h}, "XXX-5"), "Kolkata");
  ::setenv("TZDIR", directory.file("").c_str(), 1);
  ::setenv("TZ", "Kolkata", 1);
  CHECK_FALSE(load_zone("Kolkata").has_value());
  const auto utc_zone = load_zone("Etc/UTC");
  ::unsetenv("TZDIR");
  ::unsetenv("TZ");
  if (!utc_zone) {
    WARN("not run: " << utc_zone.error().what);
    return;
  }
  CHECK((*utc_zone)(local(2026y / July / 1, 5h)).later == utc(2026y / July / 1, 5h));
}

TEST_CASE("without a name the system's own zone counts", "[feed][unit]") {
  const auto zone = load_zone("");
  REQUIRE(zone.has_value());
  // What the C library makes of /etc/localtime.
  const char* set = std::getenv("TZ");
  const std::string before = set != nullptr ? set : "";
  ::unsetenv("TZ");
  std::tm civil{};
  civil.tm_year = 126;
  civil.tm_mon = 6;
  civil.tm_mday = 1;
  civil.tm_hour = 12;
  civil.tm_isdst = -1;
  const auto want = sys_seconds{seconds{std::mktime(&civil)}};
  if (set != nullptr) {
    ::setenv("TZ", before.c_str(), 1);
  }
  CHECK((*zone)(local(2026y / July / 1, 12h)).earlier == want);
}

TEST_CASE("zones are loaded by name from their directory", "[feed][unit]") {
  const LogDirectory directory;
  directory.write(tzif({"CET", 1h, "CET", 1h}, "CET-1"), "Mine");
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
