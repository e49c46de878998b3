// The literal texts that any match of a pattern must contain.
//
//   "(user|account) .*unknown"  ->  one branch that needs ("user " or "account ") and "unknown"
//
// Pure: any thread. Sound for RE2's syntax with case ignored: a text that lacks a factor of a
// branch cannot match it. What is not understood needs nothing.

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rampart::reply {

/// Alternatives of which one must occur.
using Factor = std::vector<std::string>;

/// One alternative of the outermost level of a pattern.
struct Branch {
  std::string pattern;          ///< RE2
  std::vector<Factor> factors;  ///< each must be met; texts are folded, see fold_case
  /// The pattern is nothing but the texts of its only factor: meeting it is a match.
  bool literal = false;
};

/// The branches of a pattern; a text matches the pattern if it matches one of them.
std::vector<Branch> branches_of(std::string_view pattern);

/// Lower case of the scripts whose letters literals may contain: ASCII, Latin-1 and Cyrillic, and
/// whatever else RE2 takes for one of these letters. The text does not grow.
void fold_case(std::string& text) noexcept;

}  // namespace rampart::reply
