// The status screen.
//
// Pure but for the system's time zone.

#pragma once

#include <cstddef>
#include <string>

#include "rampart/base/time.h"
#include "rampart/control/answers.h"

#include "arguments.h"
#include "table.h"

namespace rampart::cli {

/// Drops the flows that the arguments leave out. Idle ones are dropped for the table only.
/// @return how many idle flows were dropped
std::size_t filter_flows(engine::Status& status, const Arguments& arguments, bool drop_idle);

/// Header, table, footer and warnings.
std::string render_status(const control::StatusAnswer& answer,
                          std::size_t idle_hidden,
                          bool colours);

/// "paused until 14:20 (gmail-rate)": the STATE column.
std::string state_in_words(const engine::FlowStatus& flow, base::WallTime now);
Colour colour_of(ramp::FlowStatus state) noexcept;
/// A pause that only a person ends.
bool is_for_ever(base::WallTime until, base::WallTime now) noexcept;

}  // namespace rampart::cli
