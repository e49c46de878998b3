// Checks of calls, text and the shape of the repository. Each adds what it finds.
//
// Pure: every function may be called from any thread.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "source.h"

namespace rampart::tidy {

/// Calls that have a better replacement here: clocks, sleeps, C parsing, processes. In rooms only.
void check_calls(const Source& source, Findings& findings);

/// Length of file and lines, tabs, blanks at line ends, the last line end.
void check_text(const Source& source, Findings& findings);

/// Left-over marks in comments, and paths of the developers' own machines.
void check_words(const Source& source, Findings& findings);

/// A .cc that no CMake file beside it or above it in `cmake_text` names.
void check_listed(std::string_view path, std::string_view cmake_text, Findings& findings);

/// @param names  of all entries at the top of the repository
void check_top_level(const std::vector<std::string>& names, Findings& findings);

}  // namespace rampart::tidy
