// What to do about replies that no rule knows: count the same kind once, and offer a rule for it.
//
//   "550 5.7.1 [192.0.2.1] xyz id=4Xk2Pq1z9Rz" -> "550 5.7.1 [IP] xyz id=ID"
//
// Source: RFC 5321 4.2 (replies); TOML 1.0 for the rule.
// Pure: every function may be called from any thread.
// Limits: linear in the reply, of which normalise.h bounds what is looked at.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "rampart/reply/table.h"

namespace rampart::reply {

inline constexpr std::size_t kGeneralBytesMax = 200;

/// The reply with what differs from case to case replaced: addresses "@", URL, IP, HOST, ID and N.
/// Code and enhanced code stay in front. At most kGeneralBytesMax bytes of valid UTF-8 without
/// control bytes; "" for a reply without words.
std::string generalise(std::string_view reply);

/// A rule for replies of this kind, ready to be put into a file of the operator's own: TOML that
/// the rule loader takes and whose sample its pattern matches. Its class is "undefined", to be
/// changed; name and pattern come from the words of the reply.
/// @param question  the reply no rule knows, its provider and stage; provider "": for any
std::string suggest_rule(const Question& question);

}  // namespace rampart::reply
