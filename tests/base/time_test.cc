#include "rampart/base/time.h"

#include "support/catch.h"

namespace rampart::base {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only

TEST_CASE("parse_duration wants a unit", "[base][unit]") {
  struct Case {
    std::string_view text;
    std::optional<Micros> want;
  };
  static const Case kCases[] = {
      {"90s", 90s},
      {"15m", 15min},
      {"6h", 6h},
      {"45d", 24h * 45},
      {"2w", 24h * 14},
      {"1h30m", 90min},
      {"250ms", 250ms},
      {"0s", 0s},
      {"", std::nullopt},
      {"90", std::nullopt},
      {"s", {}},
      {"1x", {}},
      {"-1s", {}},
      {"1 s", {}},
      {"1.5h", {}},
      {"1S", {}},
      {"37000d", {}},
      {"99999999999999999999s", {}},
      {"9223372036854775807w", {}},
  };
  for (const Case& c : kCases) {
    INFO(c.text);
    CHECK(parse_duration(c.text) == c.want);
  }
}

TEST_CASE("format_duration rounds up and shows two units", "[base][unit]") {
  struct Case {
    Micros value;
    std::string_view want;
  };
  static const Case kCases[] = {
      {0s, "0s"},       {-5s, "0s"},       {1us, "1ms"},           {250ms, "250ms"},
      {1s, "1s"},       {1s + 1us, "2s"},  {59s, "59s"},           {59s + 1us, "1m"},
      {90s, "1m 30s"},  {15min, "15m"},    {1h + 30min, "1h 30m"}, {3599s + 1us, "1h"},
      {3661s, "1h 2m"}, {24h * 45, "45d"}, {24h + 1s, "1d 1h"},    {23h + 59min + 59s, "1d"},
  };
  for (const Case& c : kCases) {
    INFO(c.value.count());
    CHECK(format_duration(c.value) == c.want);
  }
}

TEST_CASE("RFC 3339 stamps are read and written", "[base][unit]") {
  const auto time = parse_rfc3339("2026-11-21T00:03:38.123456+00:00");
  REQUIRE(time.has_value());
  CHECK(time->time_since_epoch() == Micros{1'795'219'418'123'456LL});
  CHECK(format_utc(*time) == "2026-11-21T00:03:38Z");
  CHECK(parse_rfc3339("2026-11-21T01:03:38.123456+01:00") == time);
  CHECK(parse_rfc3339("2026-11-20T23:33:38.123456-00:30") == time);
  CHECK(parse_rfc3339("2026-11-21T00:03:38Z").has_value());
  for (const std::string_view bad :
       {"", "2026-11-21", "2026-13-21T00:03:38Z", "2026-02-30T00:03:38Z", "2026-11-21T24:00:00Z",
        "2026-11-21T00:03:38", "2026-11-21T00:03:38.Z", "2026-11-21T00:03:38+0100",
        "2026-11-21T00:03:38Z ", "2026-11-21 00:03:38Z", "1969-11-21T00:03:38Z"}) {
    INFO(bad);
    CHECK_FALSE(parse_rfc3339(bad).has_value());
  }
}

TEST_CASE("format_clock names the day only when it is another one", "[base][unit]") {
  const WallTime now = *parse_rfc3339("2026-11-21T15:00:00Z");
  CHECK(format_clock(now + 5min, now) == "15:05");
  CHECK(format_clock(now + 5min + 1us, now) == "15:06");
  CHECK(format_clock(now + 9h, now) == "2026-11-22 00:00");
}

}  // namespace
}  // namespace rampart::base
