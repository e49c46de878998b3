// What a server said: reply code, enhanced status code, text, and the SMTP stage it answered.
//
// Source: RFC 5321 4.2 (replies), RFC 3463 (enhanced codes).
// Pure: plain values and total functions; any thread.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "rampart/mail/enhanced_status_code.h"

namespace rampart::mail {

/// The part of the SMTP conversation that a reply answered.
enum class Stage : std::uint8_t {
  Unknown,
  Connect,  ///< greeting, TCP connection, TLS handshake
  Helo,     ///< EHLO or HELO
  Mail,
  Rcpt,
  Data,       ///< the DATA command itself
  EndOfData,  ///< the final dot: concerns the message
};

/// "connect", "helo", "mail", "rcpt", "data", "end-of-data", "unknown".
std::string_view to_string(Stage stage) noexcept;
/// The inverse of to_string; also accepts "eod", "starttls" and "auth" (both: helo).
std::optional<Stage> parse_stage(std::string_view text) noexcept;

struct Reply {
  std::uint16_t code = 0;  ///< 200..599, or 0: none was given (connection failures)
  std::optional<EnhancedStatusCode> enhanced;
  std::string text;  ///< whole text, codes included, continuation lines joined by blanks
  Stage stage = Stage::Unknown;

  friend bool operator==(const Reply&, const Reply&) = default;
};

/// Reads the codes at the start of `text` ("550 5.1.1 No such user", "421-4.7.28 ...", "550 #5.1.0
/// ...").
/// @return the reply with `text` kept whole; code 0 and no enhanced code if it starts with neither.
Reply parse_reply(std::string_view text, Stage stage);

}  // namespace rampart::mail
