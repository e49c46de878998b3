// The last gate before words reach an MTA: whatever comes in, what goes out is a reply that no MTA
// misreads.
//
// Source: RFC 5321 4.2 (reply codes), RFC 2034 section 4 (the classes must agree). Measured: an
// unescaped '%' makes Sendmail 8.17 answer "550 5.7.1 Command rejected" instead of a 451; "451
// 5.1.1" makes Postfix 3.7 answer "451 4.3.5" to every later recipient of the session; 421 closes
// the connection.
// Pure: every function may be called from any thread.

#pragma once

#include <string>
#include <string_view>

#include "rampart/engine/transaction.h"

namespace rampart::milter {

inline constexpr std::size_t kReplyBytesMax = 400;

/// A refusal as smfi_setreply takes it: code[0] == enhanced[0], which is '4' or '5'.
struct StrictReply {
  std::string code;      ///< "451"
  std::string enhanced;  ///< "4.7.1"
  std::string text;  ///< "rampart: ...", 1 to kReplyBytesMax bytes of printable ASCII without '%'
  bool corrected = false;  ///< something had to be changed: a bug of whoever made it
};

/// @param verdict  Defer or Reject; its answer decides the class, a code that disagrees is replaced
///                 by 451 4.7.1 or 550 5.7.1.
StrictReply strict_reply(const engine::Verdict& verdict);

/// Printable ASCII without '%', at most `bytes_max` bytes; other bytes become '?'.
std::string strict_text(std::string_view text, std::size_t bytes_max = kReplyBytesMax);

}  // namespace rampart::milter
