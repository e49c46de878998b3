// The numbers of one flow in words, and the small phrases they are made of.
//
// Pure but for the system's time zone.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rampart/base/time.h"

#include "flow_words.h"
#include "json.h"

namespace rampart::cli {

/// The object or list of a key; an empty one if it is missing.
const Json& part(const Json& json, const char* key);
/// The number of a key, or 0.
double fraction_of(const Json& json, const char* key);

/// "14:20 (in 11m)".
std::string moment(std::optional<base::WallTime> time, base::WallTime now);
/// "15m": the seconds of a key.
std::string length(const Json& json, const char* key);
/// "109 s", "0.25 s".
std::string interval(double seconds);
/// "12%", "2.5%".
std::string percent(double share);
std::string share(std::uint64_t part, std::uint64_t whole);
/// "first; second", or the one that is not empty.
std::string either(const std::string& first, const std::string& second);
/// What is left of the day's allowance.
std::uint64_t left_of(const Json& facts);

/// Allowance, limit, pace, what is under way, level, plan, sender, log, over.
std::vector<FlowRow> fact_rows(const Json& flow, const Json& explanation, base::WallTime now);

}  // namespace rampart::cli
