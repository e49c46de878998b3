// What a reply means (class), whom it concerns (scope), and what follows from these alone.
//
//   mailbox_unknown -> a bounce for the flow; blames the address for the recipient
//
// The table of traits is the only place that says what a class does. What else decides is with
// those who know it: how often and when for a flow (ramp), the stage and the other recipients for a
// suppression (suppression).
//
// Pure: plain enumerations and constant data; any thread.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
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
inline constexpr std::size_t kScopes = 6;

/// What a class does to the flow, whose sender and host have to bear it.
enum class FlowEffect : std::uint8_t {
  None,         ///< settles the recipient, teaches nothing
  Delivered,    ///< counts to the level, ends the doubling of pauses
  Bounce,       ///< counts in the sender's share of recipients that do not exist
  RateLimited,  ///< "too fast": a pause, and a limit where it lasts
  Block,        ///< a longer pause, and a limit
  Unexplained,  ///< nothing is known; several in a row count as one of the two above
};

/// What a class says of the recipient, if the reply is about the recipient at all.
enum class RecipientEffect : std::uint8_t {
  None,
  Clears,         ///< took mail: earlier evidence is void
  BlamesAddress,  ///< the mailbox is gone: suppress if permanent
  BlamesDomain,   ///< gone at once with a null MX, otherwise after several days
  Full,           ///< soft evidence where the reply may be about the recipient
  Soft,           ///< soft evidence at any stage
};

struct ClassTraits {
  std::string_view name;  ///< the spelling in rules, configuration, logs and JSON
  FlowEffect flow = FlowEffect::None;
  RecipientEffect recipient = RecipientEffect::None;
};

/// In the order of the enumerators.
inline constexpr std::array<ClassTraits, kReplyClasses> kClassTraits{{
    {"delivered", FlowEffect::Delivered, RecipientEffect::Clears},
    {"mailbox_unknown", FlowEffect::Bounce, RecipientEffect::BlamesAddress},
    {"mailbox_disabled", FlowEffect::Bounce, RecipientEffect::BlamesAddress},
    {"mailbox_full", FlowEffect::None, RecipientEffect::Full},
    {"mailbox_moved", FlowEffect::Bounce, RecipientEffect::BlamesAddress},
    {"domain_unknown", FlowEffect::Bounce, RecipientEffect::BlamesDomain},
    {"routing", FlowEffect::None, RecipientEffect::Soft},
    {"rate_limited", FlowEffect::RateLimited, RecipientEffect::None},
    {"greylisted", FlowEffect::None, RecipientEffect::None},
    {"reputation_block", FlowEffect::Block, RecipientEffect::None},
    {"spam_content", FlowEffect::None, RecipientEffect::None},
    {"virus", FlowEffect::None, RecipientEffect::None},
    {"auth_failure", FlowEffect::None, RecipientEffect::None},
    {"policy", FlowEffect::None, RecipientEffect::Soft},
    {"message_too_large", FlowEffect::None, RecipientEffect::None},
    {"system", FlowEffect::None, RecipientEffect::Soft},
    {"network", FlowEffect::None, RecipientEffect::Soft},
    {"protocol", FlowEffect::None, RecipientEffect::None},
    {"expired", FlowEffect::None, RecipientEffect::Soft},
    {"content", FlowEffect::None, RecipientEffect::None},
    {"undefined", FlowEffect::Unexplained, RecipientEffect::None},
}};
static_assert(static_cast<std::size_t>(ReplyClass::Undefined) + 1 == kReplyClasses);

constexpr const ClassTraits& traits(ReplyClass reply_class) noexcept {
  return kClassTraits[static_cast<std::size_t>(reply_class)];
}

/// A limit of one recipient or one message slows nobody else down.
constexpr FlowEffect flow_effect(ReplyClass reply_class, Scope scope) noexcept {
  const FlowEffect effect = traits(reply_class).flow;
  const bool narrow = scope == Scope::Recipient || scope == Scope::Message;
  return effect == FlowEffect::RateLimited && narrow ? FlowEffect::None : effect;
}

/// The provider wants less of the flow, or nothing: such replies are what is called throttles.
constexpr bool slows_flow(ReplyClass reply_class, Scope scope) noexcept {
  const FlowEffect effect = flow_effect(reply_class, scope);
  return effect == FlowEffect::RateLimited || effect == FlowEffect::Block;
}

/// Counts against the sender who mails such recipients.
constexpr bool is_bounce(ReplyClass reply_class) noexcept {
  return traits(reply_class).flow == FlowEffect::Bounce;
}

/// The mailbox itself is at fault, not its domain.
constexpr bool blames_address(ReplyClass reply_class) noexcept {
  return traits(reply_class).recipient == RecipientEffect::BlamesAddress;
}

/// "rate_limited" and so on.
constexpr std::string_view to_string(ReplyClass reply_class) noexcept {
  return traits(reply_class).name;
}

/// "none", "recipient", "message", "sender", "host", "provider".
constexpr std::string_view to_string(Scope scope) noexcept {
  constexpr std::array<std::string_view, kScopes> kNames{"none",   "recipient", "message",
                                                         "sender", "host",      "provider"};
  return kNames[static_cast<std::size_t>(scope)];
}

}  // namespace rampart::reply
