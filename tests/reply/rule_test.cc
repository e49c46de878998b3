#include "rampart/reply/rule.h"

#include "support/catch.h"

namespace rampart::reply {
namespace {

std::optional<mail::EnhancedStatusCode> code(std::string_view text) {
  return mail::consume_enhanced_status_code(text);
}

TEST_CASE("code sets", "[reply][unit]") {
  struct Case {
    std::string_view set;
    std::uint16_t code;
    bool contained;
  };
  static const Case kCases[] = {
      {"", 0, true},           {"", 550, true},
      {"550", 550, true},      {"550", 551, false},
      {"550", 0, false},       {"55x", 550, true},
      {"55x", 559, true},      {"55x", 549, false},
      {"55x", 560, false},     {"4xx", 400, true},
      {"4xx", 499, true},      {"4xx", 500, false},
      {"4xx", 399, false},     {"421, 45x", 421, true},
      {"421, 45x", 452, true}, {"421, 45x", 422, false},
      {"421 450", 450, true},
  };
  for (const Case& c : kCases) {
    INFO(c.set << " " << c.code);
    const auto set = parse_code_set(c.set);
    REQUIRE(set.has_value());
    CHECK(set->contains(c.code) == c.contained);
  }
  for (const std::string_view bad :
       {"x", "5", "5500", "650", "150", "5x0", "xxx", ",", " ", "-50", "55X", "550;551"}) {
    INFO(bad);
    CHECK_FALSE(parse_code_set(bad).has_value());
  }
}

TEST_CASE("enhanced code sets", "[reply][unit]") {
  struct Case {
    std::string_view set;
    std::string_view code;
    bool contained;
  };
  static const Case kCases[] = {
      {"", "", true},
      {"", "5.1.1", true},
      {"5.1.1", "5.1.1", true},
      {"5.1.1", "4.1.1", false},
      {"5.1.1", "5.1.10", false},
      {"5.1.1", "", false},
      {"x.7.28", "4.7.28", true},
      {"x.7.28", "5.7.28", true},
      {"x.7.28", "5.7.2", false},
      {"5.7.x", "5.7.0", true},
      {"5.7.x", "5.7.999", true},
      {"5.7.x", "5.6.1", false},
      {"5.7.606-649", "5.7.606", true},
      {"5.7.606-649", "5.7.649", true},
      {"5.7.606-649", "5.7.605", false},
      {"5.7.606-649", "5.7.650", false},
      {"5.1.1, x.2.2", "4.2.2", true},
      {"5.1.1 x.2.2", "5.1.1", true},
      {"5.1.1, x.2.2", "5.1.2", false},
  };
  for (const Case& c : kCases) {
    INFO(c.set << " " << c.code);
    const auto set = parse_enhanced_set(c.set);
    REQUIRE(set.has_value());
    CHECK(set->contains(code(c.code)) == c.contained);
  }
  for (const std::string_view bad : {"5", "5.1", "5.1.1.1", "3.1.1", "5.1.", "5..1", "5.1.2-1",
                                     "5.1.1000", "5.1.a", "xx.1.1", ",", "5.1.-3"}) {
    INFO(bad);
    CHECK_FALSE(parse_enhanced_set(bad).has_value());
  }
}

}  // namespace
}  // namespace rampart::reply
