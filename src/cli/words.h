// Times, addresses and reasons in words for people.
//
// Pure but for local_*, which read the system's time zone.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rampart/base/time.h"

namespace rampart::cli {

/// "14:20" today, "Sun 14:20" within the next six days, else "2026-12-01 14:20"; in local time.
std::string local_clock(base::WallTime time, base::WallTime now);
/// "2026-11-21 14:20" in local time.
std::string local_stamp(base::WallTime time);
/// "14:20:07" in local time.
std::string local_seconds(base::WallTime time);
/// "2026-11-21" in local time.
std::string local_date(base::WallTime time);

/// "6d 4h", "38m", "12s": two units at most, rounded down, for times that have passed.
std::string elapsed(base::Micros duration);

/// "b***@example.org"; "***@..." for local parts of one byte.
std::string masked(std::string_view address);

/// "waits for held mail ...": a ramp::Reason as it is written in JSON, in words.
std::string reason_in_words(std::string_view reason);

/// "12%", "2.5%".
std::string percent(double share);

/// One item as it is, several with commas: "gmail, yahoo".
std::string joined(const std::vector<std::string>& items);

}  // namespace rampart::cli
