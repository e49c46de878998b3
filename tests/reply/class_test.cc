#include "rampart/reply/class.h"

#include <set>

#include "rampart/reply/advice.h"
#include "support/catch.h"

namespace rampart::reply {
namespace {

TEST_CASE("every class has one name and advice", "[reply][unit]") {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kReplyClasses; ++i) {
    const auto reply_class = static_cast<ReplyClass>(i);
    const std::string_view name = to_string(reply_class);
    INFO(name);
    CHECK(parse_reply_class(name) == reply_class);
    CHECK(names.insert(name).second);
    CHECK(advice(reply_class).meaning.ends_with('.'));
    CHECK(advice(reply_class).action.ends_with('.'));
    CHECK(advice(reply_class).rampart_does.ends_with('.'));
    CHECK_FALSE(to_string(advice(reply_class).retry).empty());
  }
  CHECK(to_string(ReplyClass::RateLimited) == "rate_limited");
  CHECK(to_string(ReplyClass::MessageTooLarge) == "message_too_large");
  CHECK(to_string(ReplyClass::Undefined) == "undefined");
  for (const std::string_view wrong : {"", "Delivered", "rate-limited", "rate_limited ", "spam"}) {
    CHECK_FALSE(parse_reply_class(wrong).has_value());
  }
}

TEST_CASE("every scope has one name", "[reply][unit]") {
  for (int i = 0; i <= static_cast<int>(Scope::Provider); ++i) {
    const auto scope = static_cast<Scope>(i);
    CHECK(parse_scope(to_string(scope)) == scope);
  }
  CHECK(to_string(Scope::None) == "none");
  CHECK(to_string(Scope::Provider) == "provider");
  CHECK_FALSE(parse_scope("Sender").has_value());
  CHECK_FALSE(parse_scope("").has_value());
}

}  // namespace
}  // namespace rampart::reply
