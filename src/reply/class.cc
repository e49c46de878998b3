#include "rampart/reply/class.h"

#include <array>

namespace rampart::reply {
namespace {

// In the order of the enumerators.
constexpr std::array<std::string_view, kReplyClasses> kClasses{
    "delivered",      "mailbox_unknown", "mailbox_disabled", "mailbox_full", "mailbox_moved",
    "domain_unknown", "routing",         "rate_limited",     "greylisted",   "reputation_block",
    "spam_content",   "virus",           "auth_failure",     "policy",       "message_too_large",
    "system",         "network",         "protocol",         "expired",      "content",
    "undefined"};
constexpr std::array<std::string_view, 6> kScopes{"none",   "recipient", "message",
                                                  "sender", "host",      "provider"};

static_assert(static_cast<std::size_t>(ReplyClass::Undefined) + 1 == kReplyClasses);

}  // namespace

std::string_view to_string(ReplyClass reply_class) noexcept {
  return kClasses[static_cast<std::size_t>(reply_class)];
}

std::optional<ReplyClass> parse_reply_class(std::string_view text) noexcept {
  for (std::size_t i = 0; i < kClasses.size(); ++i) {
    if (kClasses[i] == text) {
      return static_cast<ReplyClass>(i);
    }
  }
  return std::nullopt;
}

std::string_view to_string(Scope scope) noexcept {
  return kScopes[static_cast<std::size_t>(scope)];
}

std::optional<Scope> parse_scope(std::string_view text) noexcept {
  for (std::size_t i = 0; i < kScopes.size(); ++i) {
    if (kScopes[i] == text) {
      return static_cast<Scope>(i);
    }
  }
  return std::nullopt;
}

}  // namespace rampart::reply
