// What old logs showed, put into a live flow.
//
// Pure: any thread.

#pragma once

#include "rampart/ramp/flow.h"

namespace rampart::ramp {

/// Raises levels and bests of `live` to those of `seeded`, which was charged and reported to from
/// old logs. A limit is taken over if it is in force at Context::now and newer than the live one.
/// Nothing else of a flow that has a history of its own changes: no counter, no pause.
///
/// A flow never used also takes over the volume of the last 24 hours, as far as the logs reach:
/// what went out today counts today, and becomes a level tomorrow, no sooner than it would have
/// live.
/// @param context  `now` is the machine's time
/// @return whether `live` changed; the same call again changes nothing
bool merge_history(Flow& live, const Flow& seeded, const Context& context);

}  // namespace rampart::ramp
