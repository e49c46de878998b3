// What a reply means (class), and whom it concerns (scope).
//
// Pure: plain enumerations; any thread.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace rampart::reply {

/// The meaning of a reply. Exactly one per reply.
enum class ReplyClass : std::uint8_t {
  Delivered,       ///< 2xx
  MailboxUnknown,  ///< no such user
  /// the mailbox exists or existed but takes no mail: suspended, closed, inactive
  MailboxDisabled,
  MailboxFull,      ///< over quota
  MailboxMoved,     ///< the user has moved
  DomainUnknown,    ///< NXDOMAIN, no host, null MX
  Routing,          ///< relaying denied, loop, host not configured for the domain
  RateLimited,      ///< too much, too fast, too many connections; deferral because of volume
  Greylisted,       ///< first contact, come back later
  ReputationBlock,  ///< the sending address or domain is listed, banned or of bad standing
  SpamContent,      ///< this message looks like spam
  Virus,            ///< malware found
  AuthFailure,      ///< SPF, DKIM, DMARC, PTR, HELO, TLS, a sender domain that does not exist
  Policy,           ///< the receiving organisation does not want it, without a cause named
  MessageTooLarge,  ///< size
  System,           ///< the other system is down, busy, broken
  Network,          ///< no reply to speak of: refused, timed out, lost, temporary DNS failure
  Protocol,         ///< syntax, sequence, unsupported command
  Expired,          ///< queue lifetime over, no cause given
  Content,          ///< format, headers, forbidden attachment
  Undefined,        ///< nothing can be told
};
inline constexpr std::size_t kReplyClasses = 21;

/// Whom a reaction should concern.
enum class Scope : std::uint8_t { None, Recipient, Message, Sender, Host, Provider };

/// "rate_limited" and so on: the spelling in rules, configuration, logs and JSON.
std::string_view to_string(ReplyClass reply_class) noexcept;
std::optional<ReplyClass> parse_reply_class(std::string_view text) noexcept;

/// "recipient", "message", "sender", "host", "provider", "none".
std::string_view to_string(Scope scope) noexcept;
std::optional<Scope> parse_scope(std::string_view text) noexcept;

}  // namespace rampart::reply
