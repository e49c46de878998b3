// The rule table: a reply -> its class, whom it concerns, and the rule that said so.
//
//   "421 4.7.28 Gmail has detected an unusual rate of mail ..." -> rate_limited, sender, gmail-rate
//
// Order: the operator's rules, then shipped rules of the relay's provider, then shipped rules with
// a text to match, then those with enhanced codes only, then those with reply codes or stages only;
// within each of these the order of the file. The first rule that matches wins.
// Two answers need no rule and come first: a 2xx ("code-2xx"), and no code from an MTA that says
// the message was sent ("status-sent"). One comes last: "no-rule".
//
// Threads: a Table never changes after compile(); const functions may be called from any thread.
// Errors: compile() names every bad rule and sample, not only the first.
// Limits: text as bounded by normalise.h; time is linear in it whatever the bytes.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "rampart/base/result.h"
#include "rampart/mail/enhanced_status_code.h"
#include "rampart/mail/reply.h"
#include "rampart/mail/report.h"
#include "rampart/reply/class.h"
#include "rampart/reply/rule.h"

namespace rampart::reply {

/// Whether trying again may help, as the reply code says; without a code as the enhanced code says;
/// without either as the MTA's status says.
enum class Permanence : std::uint8_t { Unknown, None, Transient, Permanent };

/// "unknown", "none" (a delivery), "transient", "permanent".
std::string_view to_string(Permanence permanence) noexcept;

/// One reply and what is known about where it came from. Views are used during the call only.
struct Question {
  std::string_view reply;     ///< as sent, as logged, or as a notification quotes it
  std::string_view provider;  ///< that owns the relay host; "": unknown
  std::string_view host;      ///< relay host; "": none or unknown
  mail::Stage stage = mail::Stage::Unknown;
  /// The MTA's own opinion beside the text, used where the text has no enhanced code. Leave it out
  /// where it is made up: Sendmail reports 5.1.1 for every 550 at RCPT that has none.
  std::optional<mail::EnhancedStatusCode> dsn;
  std::optional<mail::DeliveryStatus> status;  ///< what the MTA made of it, where known
};

struct Classification {
  ReplyClass reply_class = ReplyClass::Undefined;
  Scope scope = Scope::None;
  Permanence permanence = Permanence::Unknown;
  /// This reply alone shows that the address is dead: permanent, of a class that blames the
  /// address, not given before RCPT, and not known from Question::dsn alone. At the end of data
  /// only if blames_address or null_mx; whether the message had
  /// other recipients is the caller's to know. A missing domain may be a broken resolver: see
  /// null_mx.
  bool suppress = false;
  bool blames_address = false;  ///< a rule matched text about the mailbox, not only a code
  bool code_alone = false;      ///< a shipped rule knows its reply code, but nothing of its text
  bool null_mx = false;         ///< the domain itself says that it takes no mail (RFC 7505)
  mail::Stage stage = mail::Stage::Unknown;  ///< the caller's, or the one the wrapping names
  std::uint16_t code = 0;                    ///< the reply's own; 0: none
  std::optional<mail::EnhancedStatusCode> enhanced;  ///< the text's, else Question::dsn
  std::uint32_t rule = 0;                            ///< index for Table::rule
};

/// Nothing is known of its reason: no rule knows it, or all that is known is a reply code that says
/// "not now", which may be a queue that is full or a limit.
bool is_unexplained(const Classification& found) noexcept;

/// The class by which a flow learns from the reply: Undefined where it is unexplained.
ReplyClass counts_as(const Classification& found) noexcept;

/// Name prefix of rules that recognise a null MX: "null-mx", "null-mx-code".
inline constexpr std::string_view kNullMxRule = "null-mx";

/// What compile() tries out.
enum class Checks : std::uint8_t {
  All,       ///< every pattern and every sample: `config check`, tests
  Operator,  ///< those of the operator's rules: start-up, which the shipped table has passed before
};

class Table {
 public:
  /// Checks and compiles the rules. Patterns that are not checked are compiled when a reply first
  /// needs them; one with a mistake then matches nothing.
  /// @param operator_rules  evaluated before all shipped rules, in their order.
  /// @return an error whose text has one line "where: error: ..." for each bad pattern, code, name
  ///         or sample. A sample must be matched by its own rule and by none before it; shipped
  ///         samples are tried without the operator's rules, which may overrule them on purpose.
  static base::Result<Table> compile(std::vector<Rule> operator_rules,
                                     std::vector<Rule> shipped_rules,
                                     Checks checks = Checks::All);

  /// Copies share what was built.
  Table(const Table&) noexcept;
  Table& operator=(const Table&) noexcept;
  Table(Table&&) noexcept;
  Table& operator=(Table&&) noexcept;
  ~Table();

  /// Never fails: bytes that no rule knows are ReplyClass::Undefined, rule "no-rule".
  [[nodiscard]] Classification classify(const Question& question) const;

  /// @param index  from Classification::rule or below size(); anything else is a bug of the caller.
  [[nodiscard]] const Rule& rule(std::uint32_t index) const;
  /// Number of rules: operator's, shipped, then the built-in ones.
  [[nodiscard]] std::size_t size() const noexcept;

 private:
  struct Impl;
  explicit Table(std::unique_ptr<const Impl> impl);
  std::shared_ptr<const Impl> impl_;
};

}  // namespace rampart::reply
