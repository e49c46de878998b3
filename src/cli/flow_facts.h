// The numbers of one flow in words, and the small phrases they are made of.
//
// Pure but for the system's time zone.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rampart/base/time.h"
#include "rampart/engine/status.h"

#include "flow_words.h"

namespace rampart::cli {

/// "14:20 (in 11m)". @param time  as the service answers it
std::string moment(base::WallTime time, base::WallTime now);
/// "109 s", "0.25 s".
std::string interval(base::Micros length);
std::string share(std::uint64_t part, std::uint64_t whole);
/// The nearest whole number: the last recipients of a sender are counted with weights.
std::uint64_t rounded(double count);
/// "first; second", or the one that is not empty.
std::string either(const std::string& first, const std::string& second);
/// What is left of the day's allowance.
std::uint32_t left_of(const ramp::Allowance& allowance);

/// Allowance, limit, pace, what is under way, level, plan, sender, log, over.
std::vector<FlowRow> fact_rows(const engine::FlowStatus& flow,
                               const ramp::Explanation& explanation,
                               base::WallTime now);

}  // namespace rampart::cli
