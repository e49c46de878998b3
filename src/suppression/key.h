// Reads a key as a person or a list wrote it, and says what is wrong with one that cannot be read.
//
// Pure: every function may be called from any thread.

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "rampart/suppression/options.h"

namespace rampart::suppression {

struct KeyProblem {
  std::size_t at = 0;  ///< offset into the text
  std::string text;    ///< for a person
};

/// As parse_key, for a text without blanks around it.
/// @param problem  set where nullopt is returned
std::optional<std::string> read_key(std::string_view text,
                                    const Options& options,
                                    KeyProblem& problem);

}  // namespace rampart::suppression
