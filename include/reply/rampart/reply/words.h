// Word groups: what servers write for the same thing, in the languages they write it in, so that a
// rule can say {mailbox}{..}{missing} instead of listing the products.
//
// Pure: constant data; any thread.
// Errors: an unknown group is named in the error.

#pragma once

#include <string>
#include <string_view>

#include "rampart/base/result.h"

namespace rampart::reply {

/// Replaces each {name} by a group of the pattern's alternatives. Repeats such as {2,5} stay.
base::Result<std::string> expand_words(std::string_view pattern);

}  // namespace rampart::reply
