// What a reply means and what rampart does about it, from the rule tables and the options alone.
//
// Pure.

#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>

#include "rampart/mail/enhanced_status_code.h"
#include "rampart/mail/reply.h"
#include "rampart/mail/report.h"
#include "rampart/policy/policy.h"
#include "rampart/reply/table.h"
#include "rampart/suppression/entry.h"

#include "json_fwd.h"

namespace rampart::cli {

/// One reply and what the person knows about it.
struct Asked {
  std::string reply;
  std::string host;
  std::string provider;
  mail::Stage stage = mail::Stage::Unknown;
  std::optional<mail::EnhancedStatusCode> dsn;
  std::optional<mail::DeliveryStatus> status;
};

/// How the provider was found.
enum class Origin : std::uint8_t { None, Given, Host, Text };

struct Explanation {
  reply::Classification found;
  std::string provider;  ///< "" unknown
  Origin origin = Origin::None;
  std::string rule;
  std::string where;
  std::string meaning;
  std::string retry;
  std::string action;
  std::string url;
  std::string reaction;   ///< what we do with the flow
  std::string recipient;  ///< suppressed or not, and why
};

/// Without a provider and without a host the text may tell the provider, if the rules of just one
/// match.
Explanation explain(const policy::Policy& policy, const Asked& asked);

std::string render(const Explanation& explanation, bool colours);
Json to_json(const Explanation& explanation);

/// "suppressed for 365d", "not suppressed (the reply is about the sender)": what becomes of the
/// recipient of a message without others.
std::string recipient_in_words(const suppression::Options& options,
                               const reply::Classification& found);
/// What a reply is to the recipient of a message without others.
suppression::Judgement judge(const reply::Classification& found, mail::Stage stage);
/// "temporary" and so on, as people say it.
std::string_view in_words(reply::Permanence permanence);

/// "5.1.1" wholly.
std::optional<mail::EnhancedStatusCode> parse_code(std::string_view text);

/// JSON lines in ({"id","reply","host","stage","dsn"}, all but the reply optional; also "action" as
/// in RFC 3464 2.3.3) and, in their order, out
/// ({"id","class","scope","permanence","suppress","rule"}, or {"id","error"}).
/// @return the number of lines that could not be read
std::size_t explain_lines(const policy::Policy& policy, std::istream& in, std::ostream& out);

}  // namespace rampart::cli
