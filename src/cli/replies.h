// The different replies that were learned from, as a table and as rules to paste.
//
// Pure but for the system's time zone.

#pragma once

#include <string>
#include <vector>

#include "rampart/store/records.h"

namespace rampart::cli {

/// @param classes  with their classes and rules
std::string render_replies(const std::vector<store::ReplyRecord>& replies,
                           bool classes,
                           bool colours);

/// Rules for the replies, ready to be completed in the file that [replies] file names. They load as
/// they are: each has a name of its own, and none catches the sample of a later one. A reply that
/// the rule for another one catches has none.
std::string suggest_rules(const std::vector<store::ReplyRecord>& replies);

}  // namespace rampart::cli
