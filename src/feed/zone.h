// What local times of some place mean, from the compiled time zone database.
//
//   load_zone("Europe/Berlin") -> 2026-07-01 12:00 there is 10:00 UTC
//
// mktime(3) knows only the process's own zone, and changing that is not safe in a program with
// threads.
//
// Source: RFC 8536, as cctz reads it.
// Limits: a file of at most 256 KiB; a rule for the future counts if at least two transitions stand
// before it, as in every zone that has one.
// Threads: any. load_zone() reads one file, once in a process; the environment is not asked.

#pragma once

#include <string>
#include <string_view>

#include "rampart/base/result.h"
#include "rampart/report/stamp.h"

namespace rampart::feed {

/// Loads a zone by its IANA name; "" is the system's own (/etc/localtime; UTC where there is none).
/// A time that occurs twice means two instants, one that is skipped the instant an hour later on
/// the clock.
/// @return NotFound without such a file, InvalidInput for what is no zone name, Corrupt
base::Result<report::LocalTimeRule> load_zone(std::string_view name,
                                              const std::string& directory = "/usr/share/zoneinfo");

}  // namespace rampart::feed
