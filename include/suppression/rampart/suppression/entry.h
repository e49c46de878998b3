// Addresses and domains that must not be mailed: entries, evidence, and the changes between them.
//
// Source: RFC 5321 4.1.2 (quoted local parts), RFC 5233 (subaddresses), RFC 7505 (null MX).
// Pure: no clock, no IO; time is an argument. Distinct objects may be used from distinct threads.
// Units: days are UTC days since 1970-01-01.
// Limits: at most 64 days of evidence are kept, the first always among them.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rampart/base/time.h"
#include "rampart/mail/address.h"
#include "rampart/mail/reply.h"
#include "rampart/reply/class.h"
#include "rampart/suppression/options.h"

namespace rampart::suppression {

/// Why an entry exists.
enum class Reason : std::uint8_t { Hard, Soft, Import, Operator, Complaint };
std::string_view to_string(
    Reason reason) noexcept;  ///< "hard", "soft", "import", "operator", "complaint"
std::optional<Reason> parse_reason(std::string_view text) noexcept;

/// One suppressed address or domain.
struct Entry {
  std::string key;     ///< canonical: "user@example.org", or "@example.org" for the whole domain
  std::string sender;  ///< "" for all senders, or one sender's name
  Reason reason = Reason::Operator;
  std::string
      evidence;  ///< the reply that showed it, printable, or a person's words, or the list file
  std::string queue_id;  ///< of the message that was refused, or ""
  std::string rule;      ///< the reply rule, or ""
  base::WallTime since{};
  std::optional<base::WallTime> until;  ///< nullopt: for ever
  /// Provider whose replies failed en masse when this was learned ("*": the whole host); "": in
  /// force. A pending entry defers instead of rejecting.
  std::string pending{};

  friend bool operator==(const Entry&, const Entry&) = default;
};

/// Bad replies about one address that did not suffice yet.
struct Evidence {
  std::string key;
  std::string sender;  ///< "" for hard causes, which are everyone's
  std::uint32_t hard_bounces = 0;
  std::vector<std::int32_t> unknown_domain_days;  ///< day numbers, distinct, rising, at most 64
  std::vector<std::int32_t> soft_days;            ///< day numbers, distinct, rising, at most 64

  friend bool operator==(const Evidence&, const Evidence&) = default;
};

/// One line of the history that `rampart suppression why` prints.
struct Change {
  enum class Kind : std::uint8_t {
    Added,
    Removed,
    Expired,
    Lifted,
    Contradicted,
    Pending,    ///< learned during a mass failure: defers until confirmed or cleared
    Cleared,    ///< was pending and is gone: the mailbox took mail, or a person said so
    Confirmed,  ///< was pending and is in force
  };
  Kind kind = Kind::Added;
  std::string key;
  std::string sender;
  Reason reason = Reason::Operator;
  base::WallTime time{};
  std::string origin;  ///< "reply", "list", "operator root", ...
  std::string text;    ///< evidence or a person's words

  friend bool operator==(const Change&, const Change&) = default;
};
/// "added", "removed", "expired", "lifted", "contradicted", "pending", "cleared", "confirmed".
std::string_view to_string(Change::Kind kind) noexcept;

/// The comparable spelling of an address: domain in IDNA ASCII lower case, local part as written or
/// folded and without "+tag", as the options say, and without quotes that it does not need. An
/// address without a domain gives its local part, the null sender "".
std::string canonical_key(const mail::Address& address, const Options& options);
/// "@example.org".
std::string domain_key(const mail::Domain& domain);

/// Reads what a person typed or a list holds: "user@example.org" or "@example.org", with or without
/// angle brackets and blanks around it.
/// @return the canonical key, or nullopt: also for patterns, URLs ("mailto:") and several at once.
std::optional<std::string> parse_key(std::string_view text, const Options& options);

/// One classified reply about a recipient.
struct Bounce {
  reply::ReplyClass reply_class = reply::ReplyClass::Undefined;
  bool permanent = false;
  mail::Stage stage = mail::Stage::Unknown;
  bool rule_suppresses = false;  ///< the rule table says the reply shows that the address is dead
  bool names_mailbox = false;    ///< the text blames the mailbox in words
  std::uint32_t transaction_recipients = 0;  ///< of the message; 0 unknown
  bool null_mx = false;                      ///< RFC 7505: the domain takes no mail
};

/// What to do about a recipient after a reply.
enum class Judgement : std::uint8_t {
  None,
  Hard,           ///< counts as a hard bounce
  DomainUnknown,  ///< counts once a day
  Soft,           ///< soft evidence, once a day
  Clears,         ///< a delivery: forget evidence
};

/// Suppresses only on a permanent reply that blames the address: at RCPT; at unknown stage when the
/// text names the mailbox; at end of data when the message had one recipient and the text names the
/// mailbox. Everything else is at most soft evidence.
///
/// A mailbox that is unknown, disabled or moved is Hard if the rule suppresses, otherwise Soft;
/// where the reply may be about the message, the sender or the host instead, it is None. An unknown
/// domain is Hard with a null MX, DomainUnknown without, Soft in a temporary reply, and None before
/// RCPT: it is the sender's there.
Judgement judge(const Bounce& bounce) noexcept;

/// Adds one judgement to the evidence. @return the entry to add once the evidence suffices.
/// What suffices once suffices again: the caller forgets evidence together with the entry.
/// @param evidence  its key and sender are set by the caller; updated
/// @param entry     key ("": that of the evidence), evidence text, queue ID and rule for the entry
///                  that may result; sender (hard: all, soft: that of the evidence), reason, since
///                  and until are set here
std::optional<Entry> weigh(Evidence& evidence,
                           Judgement judgement,
                           Entry entry,
                           const Options& options,
                           base::WallTime now);

}  // namespace rampart::suppression
