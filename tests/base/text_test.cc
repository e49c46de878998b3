#include "rampart/base/text.h"

#include "support/catch.h"

namespace rampart::base {
namespace {

TEST_CASE("case is folded for ASCII only", "[base][unit]") {
  CHECK(to_lower("ABC-xyz\xC4") == "abc-xyz\xC4");
  CHECK(equal_ignoring_case("Example.ORG", "eXAMPLE.org"));
  CHECK_FALSE(equal_ignoring_case("a", "ab"));
  CHECK(contains_ignoring_case("Host said: RAMPART: no", "rampart:"));
  CHECK_FALSE(contains_ignoring_case("ramp", "rampart"));
  CHECK(contains_ignoring_case("", ""));
}

TEST_CASE("trim and split return views of the parts", "[base][unit]") {
  CHECK(trim(" \t a b \r\n") == "a b");
  CHECK(trim(" \r\n").empty());
  CHECK(split("a,,b", ',') == std::vector<std::string_view>{"a", "", "b"});
  CHECK(split("", ',') == std::vector<std::string_view>{""});
}

TEST_CASE("parse_uint takes the whole text", "[base][unit]") {
  CHECK(parse_uint("0") == 0U);
  CHECK(parse_uint("18446744073709551615") == 18446744073709551615ULL);
  for (const std::string_view bad : {"", "-1", "+1", " 1", "1 ", "1x", "18446744073709551616"}) {
    INFO(bad);
    CHECK_FALSE(parse_uint(bad).has_value());
  }
}

TEST_CASE("printable leaves nothing that could forge a line", "[base][unit]") {
  CHECK(printable("a\nb\x1b[31m\x7f\xE9 z") == "a?b?[31m?? z");
  CHECK(printable("abcdef", 3) == "abc...");
  CHECK(printable("abc", 3) == "abc");
}

TEST_CASE("find_nearest suggests near words only", "[base][unit]") {
  const std::vector<std::string_view> keys{"allowance", "growth", "start", "max"};
  CHECK(find_nearest("alowance", keys) == "allowance");
  CHECK(find_nearest("grwoth", keys) == "growth");
  CHECK(find_nearest("mx", keys) == "max");
  CHECK(find_nearest("zebra", keys).empty());
  CHECK(find_nearest("q", keys).empty());
}

}  // namespace
}  // namespace rampart::base
