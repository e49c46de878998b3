// Zone: what a local time of some place means, from the compiled time zone database.
//
//   load_zone("Europe/Berlin") -> 2026-07-01 12:00 there is 10:00 UTC
//
// mktime(3) knows only the process's own zone, and changing that is not safe in a program with
// threads.
//
// Source: RFC 8536 (TZif versions 1 to 4); POSIX.1-2017 8.3 TZ, with the hours of RFC 8536 3.3.1.
// Threads: a Zone is a plain value; resolve() and offset_at() are pure. load_zone() reads one file.
// Limits: a file of at most 256 KiB, 4,096 transitions; leap seconds ("right/") are not counted.

#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rampart/base/result.h"
#include "rampart/report/stamp.h"

namespace rampart::feed {

/// The day and time of the year at which summer time begins or ends.
struct ChangeDay {
  enum class Kind : std::uint8_t { MonthWeekDay, JulianWithoutLeapDay, DayOfYear };

  Kind kind = Kind::MonthWeekDay;
  int month = 0;                        ///< 1 to 12
  int week = 0;                         ///< 1 to 5; 5: the last
  int day = 0;                          ///< of the week (0: Sunday) or of the year
  std::chrono::seconds time{2 * 3600};  ///< local, as it is before the change
};

/// "CET-1CEST,M3.5.0,M10.5.0/3": what holds after the last transition of the file.
struct ZoneRule {
  std::chrono::seconds standard{0};  ///< east of UTC
  std::optional<std::chrono::seconds> summer;
  ChangeDay begin;
  ChangeDay end;
};

/// @return nullopt unless the whole text is one rule; names are not kept.
std::optional<ZoneRule> parse_zone_rule(std::string_view text);

class Zone {
 public:
  /// UTC.
  Zone() = default;

  /// @param bytes  a TZif file  @return nullopt if damaged
  static std::optional<Zone> parse(std::string_view bytes);

  /// What is added to UTC for local time at `time`.
  [[nodiscard]] std::chrono::seconds offset_at(std::chrono::sys_seconds time) const noexcept;

  /// The instants that a local time may mean; see report::LocalInstants.
  [[nodiscard]] report::LocalInstants resolve(std::chrono::local_seconds time) const noexcept;

 private:
  struct Transition {
    std::int64_t at;              ///< since 1970, UTC
    std::chrono::seconds offset;  ///< from then on
  };
  std::chrono::seconds before_first_{0};
  std::vector<Transition> transitions_;
  std::optional<ZoneRule> rule_;
};

/// Reads a zone by its IANA name; "" is the system's own (/etc/localtime; UTC where there is none).
/// @return NotFound without such a file, InvalidInput for what is no zone name, Corrupt
base::Result<Zone> load_zone(std::string_view name,
                             const std::string& directory = "/usr/share/zoneinfo");

}  // namespace rampart::feed
