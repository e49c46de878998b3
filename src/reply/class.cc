#include "rampart/reply/class.h"

#include <array>

namespace rampart::reply {
namespace {

constexpr std::array<std::string_view, 6> kScopes{"none",   "recipient", "message",
                                                  "sender", "host",      "provider"};

}  // namespace

std::optional<ReplyClass> parse_reply_class(std::string_view text) noexcept {
  for (std::size_t i = 0; i < kReplyClasses; ++i) {
    if (kClassTraits[i].name == text) {
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
