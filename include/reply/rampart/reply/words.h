// Word groups: what servers write for the same thing, in the languages they write it in, so that a
// rule can say {mailbox}{..}{missing} instead of listing the products.
//
// Pure: constant data; any thread.
// Errors: an unknown group is named in the error.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rampart/base/result.h"

namespace rampart::reply {

struct WordGroup {
  std::string_view name;  ///< "mailbox", written {mailbox} in a pattern
  std::string_view pattern;
  std::string_view meaning;
};

/// All groups, in the order in which they are documented.
const std::vector<WordGroup>& word_groups();

/// Replaces each {name} by a group of the pattern's alternatives. Repeats such as {2,5} stay.
base::Result<std::string> expand_words(std::string_view pattern);

}  // namespace rampart::reply
