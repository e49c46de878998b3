// Time stamps at the start of log lines, "Nov 21 00:03:38 ..." and
// "2026-11-21T00:03:38.123456+00:00 ...", as instants.
//
// Source: RFC 3164 4.1.2 (traditional stamp: no year, local time), RFC 3339.
// Pure: a StampReader holds state but reads no clock and no time zone; what "now" is and what local
// time means are told to it. Distinct objects may be used from distinct threads.
// Limits: a log that is silent for more than a year, or a first line more than a year older than
// the reference, is dated a year late: the stamp does not say otherwise.

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "rampart/base/time.h"

namespace rampart::report {

/// What a local civil time may mean: the same instant twice as a rule; two instants in the hour
/// that is repeated when summer time ends. In the hour that is skipped in spring: the same instant
/// twice, computed with either offset.
struct LocalInstants {
  base::WallTime earlier;
  base::WallTime later;
};

/// The time zone of a source of lines. Must not throw.
using LocalTimeRule = std::function<LocalInstants(std::chrono::local_seconds)>;

/// A zone without summer time, `east` of UTC.
LocalTimeRule fixed_offset(std::chrono::seconds east);

/// All of a StampReader that must be kept to go on reading later.
struct StampState {
  std::int64_t last_micros = 0;  ///< last instant read, since 1970; 0: none yet

  friend bool operator==(const StampState&, const StampState&) = default;
};

/// Reads the stamps of one source of lines, in order.
///
/// The year of a traditional stamp is the one that lets the log go on from the last stamp (a step
/// back of up to a day is taken for a clock that was set, not for a year that went by) and that
/// does not lie more than a day after the reference. In a doubled hour, time does not go back more
/// than 5 minutes.
class StampReader {
 public:
  /// @param rule       What traditional stamps mean; empty: they are UTC.
  /// @param reference  A time that no line can lie behind: now for a live log, the time of the last
  ///                   modification for an old file.
  StampReader(LocalTimeRule rule, base::WallTime reference, StampState state = {});

  /// To be told before each batch of lines of a live log.
  void set_reference(base::WallTime reference) noexcept;
  [[nodiscard]] StampState state() const noexcept { return state_; }

  /// Takes a stamp and the blanks behind it off the front of `line`.
  /// @return  The instant, not after the reference; nullopt and `line` unchanged if there is no
  ///          stamp.
  std::optional<base::WallTime> consume(std::string_view& line);

 private:
  [[nodiscard]] base::WallTime resolve(const std::chrono::month_day& date,
                                       std::chrono::seconds time_of_day) const;
  [[nodiscard]] base::WallTime to_utc(std::chrono::local_seconds civil) const;
  base::WallTime note(base::WallTime time) noexcept;

  LocalTimeRule rule_;
  base::WallTime reference_;
  StampState state_;
  // The second last resolved: thousands of lines share one.
  std::chrono::month_day memo_date_{};
  std::chrono::seconds memo_time_{-1};
  base::WallTime memo_result_;
};

}  // namespace rampart::report
