// What the codes of replies mean by themselves, for people: a table to look things up in.
//
// Source: RFC 5321 4.2.3, RFC 7504 (521, 556); the IANA registry of enhanced status codes: RFC
// 3463, 3886, 4468, 4865, 4954, 5248, 6531, 6710, 6758, 7293, 7372, 7505; and codes outside of it
// that Exchange, sendmail descendants and providers use.
// Pure: constant data; any thread.
// Limits: a rule that knows the text of a reply is always better than these lines.

#pragma once

#include <string_view>
#include <vector>

#include "rampart/reply/class.h"

namespace rampart::reply {

struct CodeLine {
  /// "550"; "X.7.1" for both 4.7.1 and 5.7.1; "(time-out)" and "(refused)" where there was no reply
  std::string_view code;
  std::string_view meaning;  ///< one sentence
  std::string_view action;   ///< what to do first
  /// what a reply with this code alone is most likely about; Undefined: it may be anything
  ReplyClass reply_class = ReplyClass::Undefined;
};

/// Reply codes ascending, then the two without one, then enhanced codes ascending.
const std::vector<CodeLine>& code_lines();

}  // namespace rampart::reply
