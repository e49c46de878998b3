// One entry of the rule table: which replies it matches, and what they mean.
//
// Source: RFC 3463 (enhanced codes), RE2's syntax for `match`.
// Pure: plain values; distinct objects may be used from distinct threads.
// Errors: parse_* return nullopt for text that is no specification.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rampart/mail/enhanced_status_code.h"
#include "rampart/mail/reply.h"
#include "rampart/reply/class.h"

namespace rampart::reply {

/// A reply that the rule it belongs to must match, and that nothing before the rule may match.
struct Sample {
  std::string reply;
  std::string host;
  mail::Stage stage = mail::Stage::Unknown;
  std::optional<mail::EnhancedStatusCode> dsn;  ///< as the MTA reported it beside the text
  std::string provider;                         ///< "": the rule's provider
};

/// Patterns of which one must be found. Each is RE2's syntax, found anywhere in the normalised
/// text, any case, with one addition: a word group such as {mailbox} stands for what words.h lists.
struct Patterns {
  Patterns() = default;
  Patterns(std::string one) {  // NOLINT(google-explicit-constructor): one is the usual number
    if (!one.empty()) {
      any.push_back(std::move(one));
    }
  }
  Patterns(std::vector<std::string> several) : any(std::move(several)) {}  // NOLINT: as above
  [[nodiscard]] bool empty() const noexcept { return any.empty(); }
  std::vector<std::string> any;
};

struct Rule {
  std::string name;                 ///< unique, [a-z0-9-]
  Patterns match;                   ///< none: any text
  std::string provider;             ///< only replies of this provider's relays; "": of any
  std::vector<mail::Stage> stages;  ///< any of these; empty: any stage, and none known
  std::string code;                 ///< see CodeSet; "": any code or none
  std::string enhanced;             ///< see EnhancedSet; "": any code or none
  ReplyClass reply_class = ReplyClass::Undefined;
  Scope scope = Scope::None;
  std::string advice;           ///< for a postmaster; "": the advice of the class
  std::string url;              ///< the provider's page about it; "": none
  std::vector<Sample> samples;  ///< at least one
  std::string where;            ///< "replies.toml:118:1", for messages
};

/// Reply codes: "550", "55x", "4xx", or several of these separated by commas or blanks.
class CodeSet {
 public:
  /// True if nothing was asked for, or `code` is one of those asked for. 0 is "no code".
  [[nodiscard]] bool contains(std::uint16_t code) const noexcept;

 private:
  friend std::optional<CodeSet> parse_code_set(std::string_view text);
  struct Range {
    std::uint16_t first;
    std::uint16_t last;
  };
  std::vector<Range> ranges_;
};

/// @param text  "" gives the set that contains every code and "no code".
std::optional<CodeSet> parse_code_set(std::string_view text);

/// Enhanced codes: "5.1.1", "x.7.28" (any class), "5.7.x" (any detail), "5.7.606-649" (a range of
/// details, both ends included), or several of these separated by commas or blanks.
class EnhancedSet {
 public:
  /// True if nothing was asked for, or `code` is one of those asked for.
  [[nodiscard]] bool contains(const std::optional<mail::EnhancedStatusCode>& code) const noexcept;

 private:
  friend std::optional<EnhancedSet> parse_enhanced_set(std::string_view text);
  struct Pattern {
    std::uint8_t status_class;  ///< 2, 4, 5, or 0: any
    std::uint16_t subject_first;
    std::uint16_t subject_last;
    std::uint16_t detail_first;
    std::uint16_t detail_last;
  };
  std::vector<Pattern> patterns_;
};

/// @param text  "" gives the set that contains every code and "no code".
std::optional<EnhancedSet> parse_enhanced_set(std::string_view text);

}  // namespace rampart::reply
