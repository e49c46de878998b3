#include "rampart/reply/class.h"

#include <array>
#include <set>

#include "rampart/reply/advice.h"
#include "support/catch.h"

#include "reply/rules_file.h"

namespace rampart::reply {
namespace {

TEST_CASE("every class has one name and advice", "[reply][unit]") {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kReplyClasses; ++i) {
    const auto reply_class = static_cast<ReplyClass>(i);
    const std::string_view name = to_string(reply_class);
    INFO(name);
    CHECK(names.insert(name).second);
    CHECK(advice(reply_class).meaning.ends_with('.'));
    CHECK(advice(reply_class).action.ends_with('.'));
    CHECK(advice(reply_class).rampart_does.ends_with('.'));
    CHECK_FALSE(to_string(advice(reply_class).retry).empty());
  }
  CHECK(to_string(ReplyClass::RateLimited) == "rate_limited");
  CHECK(to_string(ReplyClass::MessageTooLarge) == "message_too_large");
  CHECK(to_string(ReplyClass::Undefined) == "undefined");
}

// DESIGN's table of classes, one line each, by name: F what it does to the flow, R what it says of
// the recipient.
TEST_CASE("a class does to flow and recipient what its line says", "[reply][unit]") {
  using F = FlowEffect;
  using R = RecipientEffect;
  struct Line {
    std::string_view name;
    FlowEffect flow;
    RecipientEffect recipient;
    bool slows;
    bool bounce;
    bool blames;
  };
  const std::array<Line, kReplyClasses> lines{{
      {"auth_failure", F::None, R::None, false, false, false},
      {"content", F::None, R::None, false, false, false},
      {"delivered", F::Delivered, R::Clears, false, false, false},
      {"domain_unknown", F::Bounce, R::BlamesDomain, false, true, false},
      {"expired", F::None, R::Soft, false, false, false},
      {"greylisted", F::None, R::None, false, false, false},
      {"mailbox_disabled", F::Bounce, R::BlamesAddress, false, true, true},
      {"mailbox_full", F::None, R::Full, false, false, false},
      {"mailbox_moved", F::Bounce, R::BlamesAddress, false, true, true},
      {"mailbox_unknown", F::Bounce, R::BlamesAddress, false, true, true},
      {"message_too_large", F::None, R::None, false, false, false},
      {"network", F::None, R::Soft, false, false, false},
      {"policy", F::None, R::Soft, false, false, false},
      {"protocol", F::None, R::None, false, false, false},
      {"rate_limited", F::RateLimited, R::None, true, false, false},
      {"reputation_block", F::Block, R::None, true, false, false},
      {"routing", F::None, R::Soft, false, false, false},
      {"spam_content", F::None, R::None, false, false, false},
      {"system", F::None, R::Soft, false, false, false},
      {"undefined", F::Unexplained, R::None, false, false, false},
      {"virus", F::None, R::None, false, false, false},
  }};
  std::set<ReplyClass> seen;
  for (const Line& line : lines) {
    INFO(line.name);
    const auto reply_class = test::class_named(line.name);
    CHECK(seen.insert(reply_class).second);
    CHECK(traits(reply_class).flow == line.flow);
    CHECK(traits(reply_class).recipient == line.recipient);
    CHECK(is_bounce(reply_class) == line.bounce);
    CHECK(blames_address(reply_class) == line.blames);
    for (int i = 0; i <= static_cast<int>(Scope::Provider); ++i) {
      const auto scope = static_cast<Scope>(i);
      INFO(to_string(scope));
      const bool own_limit = reply_class == ReplyClass::RateLimited &&
                             (scope == Scope::Recipient || scope == Scope::Message);
      CHECK(slows_flow(reply_class, scope) == (line.slows && !own_limit));
      CHECK(flow_effect(reply_class, scope) == (own_limit ? F::None : line.flow));
    }
  }
}

TEST_CASE("every scope has one name", "[reply][unit]") {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kScopes; ++i) {
    CHECK(names.insert(to_string(static_cast<Scope>(i))).second);
  }
  CHECK(to_string(Scope::None) == "none");
  CHECK(to_string(Scope::Provider) == "provider");
}

}  // namespace
}  // namespace rampart::reply
