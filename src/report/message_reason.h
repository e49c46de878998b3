// The reply in what a notification gives as the reason.
//
// Pure, linear time.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "rampart/mail/reply.h"

namespace rampart::report {

/// Looks for a reply code where one may stand (at the start of a line, behind "said:", before an
/// enhanced code, ...), else for an enhanced code. The text is what begins with the code, else all;
/// lines are joined. The stage is what the words around it say: "after RCPT TO", "in reply to end
/// of DATA command".
/// @param reason  One or more lines.
mail::Reply read_reason(std::string_view reason);

/// The first enhanced code in a text: "#5.1.1", "(5.1.1)", not a part of an address or a version.
std::optional<mail::EnhancedStatusCode> find_enhanced(std::string_view text);

/// The joined text of a transcript's lines without "<<<", ">>>".
std::string join_lines(std::string_view lines);

}  // namespace rampart::report
