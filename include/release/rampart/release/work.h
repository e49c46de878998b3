// What the root helper does for a request, and root at the command line by hand.
//
// Threads: from one thread at a time; waits for the MTA's programs.
// Errors: a program that cannot be run or fails; what has been done then is not known, and doing it
// again is harmless.

#pragma once

#include <set>
#include <string>
#include <vector>

#include "rampart/base/result.h"
#include "rampart/mail/hold_mark.h"
#include "rampart/release/mta_tools.h"
#include "rampart/release/protocol.h"

namespace rampart::release {

/// Releases or deletes messages that are held.
/// @param key  only those with a mark of this key; null: any, for who knows already which are ours
/// @return an answer for each ID, in the same order
base::Result<std::vector<Answer>> carry_out(const Request& request,
                                            const MtaTools& tools,
                                            const mail::HoldKey* key);

}  // namespace rampart::release
