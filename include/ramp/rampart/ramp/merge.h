// What old logs showed, put into a live flow.
//
// Pure: any thread.

#pragma once

#include "rampart/ramp/flow.h"

namespace rampart::ramp {

/// Raises levels and bests of `live` to those of `seeded`, which was charged and reported to from
/// old logs. A limit is taken over if it is in force at Context::now and newer than the live one.
/// Pauses, and what is under way, stay as they are.
///
/// Of the last 24 hours the volume before the flow was first used here is taken over, as far as the
/// logs reach: what went out today counts today, and becomes a level tomorrow, no sooner than it
/// would have live. From its first use on a flow has counted by itself, and the logs tell of the
/// same mail: the hour of its first use counts as the logs or the flow have it, whichever is more,
/// and later hours stay as they are.
/// Mail that the logs tell of and that is yet to be reported to the flow would count twice: the
/// caller sees to it that there is none.
/// @param context  `now` is the machine's time
/// @return whether `live` changed; the same call again changes nothing
bool merge_history(Flow& live, const Flow& seeded, const Context& context);

}  // namespace rampart::ramp
