// The two kinds of time, and their spellings.
//
// Wall time is what is stored, shown and compared with log lines; steady time is for timeouts
// within one process. They are different types and never mix.
//
// Source: RFC 3339 (written stamps); operators' durations as Postfix writes them (postconf(5)).
// Pure: apart from Clock, no function reads a clock or the time zone.
// Units: microseconds throughout; counts before 1970 are not produced.

#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace rampart::base {

using Micros = std::chrono::microseconds;
using WallTime = std::chrono::sys_time<Micros>;
using SteadyTime = std::chrono::time_point<std::chrono::steady_clock, Micros>;

/// Where time comes from. Everything outside this room gets a Clock& or an argument `now`.
/// Threads: any function from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual WallTime wall_now() const noexcept = 0;
  [[nodiscard]] virtual SteadyTime steady_now() const noexcept = 0;
};

/// The machine's own clocks.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] WallTime wall_now() const noexcept override;
  [[nodiscard]] SteadyTime steady_now() const noexcept override;
};

/// Parses "90s", "15m", "6h", "45d", "2w" or a sum such as "1h30m"; also "250ms".
/// @return nullopt for a number without unit, an unknown unit, a negative or an overlong (> 100
///         years) value.
std::optional<Micros> parse_duration(std::string_view text) noexcept;

/// Shortest exact spelling in at most two units: "15m", "1h 30m", "45d"; below a second "250ms".
/// Rounds up to the smaller unit shown, because a waiting time told too short is an invitation too
/// early.
std::string format_duration(Micros duration);

/// "2026-11-21T15:05:00Z": UTC, whole seconds, rounded down.
std::string format_utc(WallTime time);

/// "15:05" if `time` falls on the same UTC day as `now`, else "2026-11-22 15:05". Used in replies.
std::string format_clock(WallTime time, WallTime now);

/// Parses RFC 3339 stamps, "2026-11-21T00:03:38.123456+00:00" or with "Z".
/// @return nullopt if the text is not wholly one stamp.
std::optional<WallTime> parse_rfc3339(std::string_view text) noexcept;

/// Whole days since 1970-01-01 UTC.
inline long long day_number(WallTime time) noexcept {
  return std::chrono::floor<std::chrono::days>(time).time_since_epoch().count();
}

/// Whole hours since 1970-01-01 UTC.
inline long long hour_number(WallTime time) noexcept {
  return std::chrono::floor<std::chrono::hours>(time).time_since_epoch().count();
}

}  // namespace rampart::base
