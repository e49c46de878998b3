// The words in the parentheses of a delivery line: what the remote said, and to which command.
//
// Source: Postfix 3.7 as measured; the sentences are those of smtp(8).
// Pure.

#pragma once

#include <optional>
#include <string_view>

#include "rampart/mail/reply.h"
#include "rampart/mail/report.h"

namespace rampart::report {

/// Unwraps the text of a delivery that is not "sent".
/// @param text    All between the parentheses.
/// @param whole   False if the line was cut before the closing parenthesis.
/// @return        Code 0 and `text` itself if no remote spoke.
mail::Reply unwrap_reply(std::string_view text, bool whole);

/// Reads "host X refused to talk to me: ..." and "host X said: ...".
struct HostWords {
  mail::Relay relay;
  mail::Reply reply;
};
std::optional<HostWords> parse_host_words(std::string_view text, bool whole);

/// The host of "connect to X: ...", as in "connect to 127.0.0.1[127.0.0.1]:10024: Connection
/// refused".
std::optional<mail::Relay> find_connect_target(std::string_view text);

}  // namespace rampart::report
