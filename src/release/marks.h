// Finds the marks in a message's header.
//
// Pure: every function may be called from any thread.

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rampart::release {

/// Values of the header mail::kHoldMarkHeader, without the blanks around them. A line that begins
/// with a blank continues the one before and is none.
/// @param header  header lines; ends where they end
std::vector<std::string> find_marks(std::string_view header);

/// The same in a queue file of Sendmail's, where a header line begins with "H?FLAGS?".
/// Source: Sendmail Installation and Operation Guide, appendix B ("The qf file").
std::vector<std::string> find_marks_in_queue_file(std::string_view file);

}  // namespace rampart::release
