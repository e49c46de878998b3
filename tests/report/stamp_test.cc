#include "rampart/report/stamp.h"

#include <string>

#include "support/catch.h"

namespace rampart::report {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only
using base::format_utc;
using base::WallTime;

WallTime at(std::string_view text) {
  const auto time = base::parse_rfc3339(text);
  REQUIRE(time.has_value());
  return *time;
}

// What the reader makes of a line that is one stamp; "-" if it is none.
std::string read(StampReader& reader, std::string_view stamp) {
  std::string line(stamp);
  line += " host postfix/smtp[1]: x";
  std::string_view view = line;
  const auto time = reader.consume(view);
  if (time) {
    CHECK(view == "host postfix/smtp[1]: x");
  } else {
    CHECK(view == line);
  }
  return time ? format_utc(*time) : "-";
}

// Central Europe: one hour east, two from 2026-03-29 01:00 UTC to 2026-10-25 01:00 UTC.
LocalInstants central_europe(std::chrono::local_seconds civil) {
  using std::chrono::local_days;
  const WallTime winter{civil.time_since_epoch() - 1h};
  const WallTime summer{civil.time_since_epoch() - 2h};
  const WallTime spring = at("2026-03-29T01:00:00Z");
  const WallTime autumn = at("2026-10-25T01:00:00Z");
  const bool may_be_summer = summer >= spring && summer < autumn;
  const bool may_be_winter = winter < spring || winter >= autumn;
  if (may_be_summer && may_be_winter) {
    return {summer, winter};
  }
  return may_be_summer ? LocalInstants{summer, summer} : LocalInstants{winter, winter};
}

TEST_CASE("stamps are read in both spellings", "[report][unit]") {
  struct Case {
    std::string_view stamp;
    std::string_view expected;
  };
  static const Case kCases[] = {
      {"Nov 21 00:03:38", "2026-11-21T00:03:38Z"},
      {"Nov  1 23:59:59", "2026-11-01T23:59:59Z"},
      {"Nov 01 23:59:59", "2026-11-01T23:59:59Z"},
      {"Nov 21 00:03:38.999999", "2026-11-21T00:03:38Z"},
      {"Jun 30 23:59:60", "2026-07-01T00:00:00Z"},
      {"2026-11-21T00:03:38.123456+00:00", "2026-11-21T00:03:38Z"},
      {"2026-11-21T00:03:38Z", "2026-11-21T00:03:38Z"},
      {"2026-11-21T02:03:38+02:00", "2026-11-21T00:03:38Z"},
      // Near misses.
      {"", "-"},
      {"Nov 21 00:03", "-"},
      {"Nov 21 00:03:3", "-"},
      {"Nov 21 24:03:38", "-"},
      {"Nov 21 00:60:38", "-"},
      {"Nov 21 00:03:61", "-"},
      {"Nov 31 00:03:38", "-"},
      {"Nov  0 00:03:38", "-"},
      {"Nov 2100:03:38 ", "-"},
      {"nov 21 00:03:38", "-"},
      {"Nob 21 00:03:38", "-"},
      {"Nov 21 00:03:38x", "-"},
      {"Nov 21  0:03:38", "-"},
      {"2026-11-21 00:03:38", "-"},
      {"2026-11-21T00:03:38", "-"},
      {"2026-13-21T00:03:38Z", "-"},
  };
  for (const Case& c : kCases) {
    INFO(c.stamp);
    StampReader reader({}, at("2026-12-01T00:00:00Z"));
    CHECK(read(reader, c.stamp) == c.expected);
  }
}

TEST_CASE("fractions of a second are kept", "[report][unit]") {
  StampReader reader({}, at("2026-12-01T00:00:00Z"));
  std::string_view line = "Nov 21 00:03:38.250 host x";
  CHECK(reader.consume(line) == at("2026-11-21T00:03:38.25Z"));
}

TEST_CASE("a traditional stamp gets the year that the reference allows", "[report][unit]") {
  struct Case {
    std::string_view reference;
    std::string_view stamp;
    std::string_view expected;
  };
  static const Case kCases[] = {
      {"2026-11-21T12:00:00Z", "Nov 21 11:59:00", "2026-11-21T11:59:00Z"},
      {"2026-11-21T12:00:00Z", "Nov 22 11:59:00", "2026-11-21T12:00:00Z"},  // clock ahead: clamped
      {"2026-11-21T12:00:00Z", "Nov 22 12:01:00", "2025-11-22T12:01:00Z"},  // a year old
      {"2026-01-01T00:10:00Z", "Dec 31 23:59:00", "2025-12-31T23:59:00Z"},
      {"2025-12-31T23:59:00Z", "Jan  1 00:10:00", "2025-12-31T23:59:00Z"},
      {"2026-11-21T12:00:00Z", "Feb 29 11:59:00", "2024-02-29T11:59:00Z"},
  };
  for (const Case& c : kCases) {
    INFO(c.reference << " " << c.stamp);
    StampReader reader({}, at(c.reference));
    CHECK(read(reader, c.stamp) == c.expected);
  }
}

TEST_CASE("the year goes on where the log does", "[report][unit]") {
  // A log of two years, read long afterwards: only its first stamp depends on the reference.
  StampReader reader({}, at("2026-06-01T00:00:00Z"),
                     {at("2023-12-30T00:00:00Z").time_since_epoch().count()});
  CHECK(read(reader, "Dec 31 23:59:59") == "2023-12-31T23:59:59Z");
  CHECK(read(reader, "Jan  1 00:00:00") == "2024-01-01T00:00:00Z");
  CHECK(read(reader, "Sep  1 00:00:00") == "2024-09-01T00:00:00Z");
  CHECK(read(reader, "Aug 31 23:00:00") == "2024-08-31T23:00:00Z");  // the clock was set back
  CHECK(read(reader, "Mar  1 00:00:00") == "2025-03-01T00:00:00Z");
  CHECK(read(reader, "Jan  1 00:00:00") == "2026-01-01T00:00:00Z");
  CHECK(read(reader, "Dec 31 23:59:58") ==
        "2025-12-31T23:59:58Z");  // out of order over the year's end
  CHECK(read(reader, "Jan  1 00:00:01") == "2026-01-01T00:00:01Z");
}

TEST_CASE("a step back that nothing explains stays within what has been", "[report][unit]") {
  StampReader reader({}, at("2026-11-21T12:00:00Z"));
  CHECK(read(reader, "Nov 21 11:00:00") == "2026-11-21T11:00:00Z");
  CHECK(read(reader, "Nov 10 11:00:00") == "2026-11-10T11:00:00Z");
  CHECK(read(reader, "Nov 21 11:00:01") == "2026-11-21T11:00:01Z");
}

TEST_CASE("a stamp from the future is clamped and does not date what follows", "[report][unit]") {
  StampReader reader({}, at("2026-11-21T12:00:00Z"));
  CHECK(read(reader, "2031-01-01T00:00:00Z") == "2026-11-21T12:00:00Z");
  CHECK(read(reader, "Nov 21 11:00:00") == "2026-11-21T11:00:00Z");
  reader.set_reference(at("2026-11-21T12:30:00Z"));
  CHECK(read(reader, "Nov 21 12:29:00") == "2026-11-21T12:29:00Z");
  CHECK(read(reader, "Nov 21 12:31:00") == "2026-11-21T12:30:00Z");
  reader.set_reference(at("2026-11-21T12:40:00Z"));
  CHECK(read(reader, "Nov 21 12:31:00") == "2026-11-21T12:31:00Z");
}

TEST_CASE("traditional stamps are local to their source", "[report][unit]") {
  StampReader reader(fixed_offset(9h), at("2026-01-01T00:00:00Z"));
  CHECK(read(reader, "Jan  1 05:00:00") == "2025-12-31T20:00:00Z");
  CHECK(read(reader, "2025-12-31T20:00:01Z") == "2025-12-31T20:00:01Z");
  StampReader west(fixed_offset(-5h), at("2026-01-01T06:00:00Z"));
  CHECK(read(west, "Dec 31 23:00:00") == "2026-01-01T04:00:00Z");
}

TEST_CASE("the doubled hour is decided by the last stamp", "[report][unit]") {
  StampReader reader(central_europe, at("2026-12-01T00:00:00Z"));
  CHECK(read(reader, "Oct 25 01:59:59") == "2026-10-24T23:59:59Z");
  CHECK(read(reader, "Oct 25 02:00:00") == "2026-10-25T00:00:00Z");
  CHECK(read(reader, "Oct 25 02:59:59") == "2026-10-25T00:59:59Z");
  CHECK(read(reader, "Oct 25 02:56:00") ==
        "2026-10-25T00:56:00Z");  // disorder, not the second hour
  CHECK(read(reader, "Oct 25 02:59:59") == "2026-10-25T00:59:59Z");
  CHECK(read(reader, "Oct 25 02:00:00") == "2026-10-25T01:00:00Z");
  CHECK(read(reader, "Oct 25 02:00:00") == "2026-10-25T01:00:00Z");
  CHECK(read(reader, "Oct 25 02:59:59") == "2026-10-25T00:59:59Z");  // disorder again
  CHECK(read(reader, "Oct 25 02:04:00") == "2026-10-25T01:04:00Z");
  CHECK(read(reader, "Oct 25 02:30:00") == "2026-10-25T01:30:00Z");
  CHECK(read(reader, "Oct 25 02:59:59") == "2026-10-25T01:59:59Z");
  CHECK(read(reader, "Oct 25 03:00:00") == "2026-10-25T02:00:00Z");
}

TEST_CASE("reading goes on from a kept state", "[report][unit]") {
  StampReader first(central_europe, at("2026-12-01T00:00:00Z"));
  CHECK(read(first, "Oct 25 02:59:59") == "2026-10-25T00:59:59Z");
  CHECK(read(first, "Oct 25 02:10:00") == "2026-10-25T01:10:00Z");
  StampReader second(central_europe, at("2027-12-01T00:00:00Z"), first.state());
  CHECK(second.state() == first.state());
  CHECK(read(second, "Oct 25 02:10:00") == "2026-10-25T01:10:00Z");
  CHECK(read(second, "Dec 31 00:00:00") == "2026-12-30T23:00:00Z");
}

}  // namespace
}  // namespace rampart::report
