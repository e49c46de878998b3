// One spelling for a reply however it was reported: without what MTAs wrap around it, without codes
// repeated on every line, without the addresses it names.
//
//   host mx.example[192.0.2.1] said: 550-5.1.1 <u@example> No such 550 5.1.1 user (in reply to RCPT
//   TO command) -> code 550, enhanced 5.1.1, stage rcpt, text "<@> No such user"
//
// Source: RFC 5321 4.2 (replies), RFC 3463 (enhanced codes); the wrappings as Postfix 3.7 and
// Sendmail 8.17 log them ("host ... said:", "refused to talk to me:", "(in reply to ...)",
// "Deferred: 451 ...") and as RFC 3464 prints them ("smtp; 550 ...").
// Pure: every function may be called from any thread.
// Limits: looks at the first 16 KiB, keeps 4 KiB; linear time on any bytes.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "rampart/mail/enhanced_status_code.h"
#include "rampart/mail/reply.h"

namespace rampart::reply {

inline constexpr std::size_t kReplyBytesMax = 16 * 1024;  ///< the rest is not looked at
inline constexpr std::size_t kTextBytesMax = 4 * 1024;    ///< the rest is not matched

/// What the rules are matched against.
struct Normalised {
  std::uint16_t code = 0;  ///< 200..599, or 0: none
  std::optional<mail::EnhancedStatusCode> enhanced;
  mail::Stage stage = mail::Stage::Unknown;
  /// Text without leading and repeated codes, blanks folded to one, valid UTF-8 without control
  /// bytes (others become '?'); every address is written "@", so that no local part can look like a
  /// reason.
  std::string text;
};

/// Reads a reply as a server sent it, as an MTA logged it, or as a notification quotes it.
/// @param stage  the stage the caller knows; Unknown: the wrapping's, if it names one.
Normalised normalise(std::string_view reply, mail::Stage stage);

/// Reads code and enhanced code of a plain acceptance, "250 2.0.0 Ok: queued as 4XkPq1": most
/// replies are such, and nobody asks for their text.
/// @return what normalise() gives, but without text; nullopt where it takes normalise() to tell
std::optional<Normalised> read_acceptance(std::string_view reply, mail::Stage stage);

}  // namespace rampart::reply
