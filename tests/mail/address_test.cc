#include "rampart/mail/address.h"

#include "rampart/mail/queue_id.h"
#include "support/catch.h"

namespace rampart::mail {
namespace {

TEST_CASE("parse_address gives one spelling for all that mean the same", "[mail][unit]") {
  struct Case {
    std::string_view text;
    std::string_view want;
  };
  static const Case kCases[] = {
      {"<user@example.org>", "user@example.org"},
      {"user@example.org", "user@example.org"},
      {"<User@EXAMPLE.Org.>", "User@example.org"},
      {"<>", ""},
      {"", ""},
      {"root", "root"},
      {"<@relay.example,@b.example:user@example.org>", "user@example.org"},
      {"<\"a@b\"@example.org>", "\"a@b\"@example.org"},
      {"\"x, relay=evil, status=sent (250 ok)\"@sink.example",
       "\"x, relay=evil, status=sent (250 ok)\"@sink.example"},
      {"user@b\xC3\xBC"
       "cher.example",
       "user@xn--bcher-kva.example"},
      {"user@a_b.example", "user@a_b.example"},
      {"user@[192.0.2.1]", "user@[192.0.2.1]"},
  };
  for (const Case& c : kCases) {
    INFO(c.text);
    const auto got = parse_address(c.text);
    REQUIRE(got.has_value());
    CHECK(to_string(*got) == c.want);
  }
}

TEST_CASE("parse_address refuses what no MTA would accept", "[mail][unit]") {
  for (const std::string_view bad : std::initializer_list<std::string_view>{
           "<user@example.org", "user@", "@example.org", "a@b c", "a@b..c", "a@.b",
           "us\ner@b.example", "user@[192.0.2.1", "user@b.example>",
           std::string_view("a\0b@c.example", 13)}) {
    INFO(bad);
    CHECK_FALSE(parse_address(bad).has_value());
  }
  CHECK_FALSE(parse_address(std::string(2000, 'a') + "@b.example").has_value());
  CHECK_FALSE(parse_address("a@" + std::string(300, 'b')).has_value());
}

TEST_CASE("full-width characters do not become separators", "[mail][unit]") {
  // U+FF20 is a full-width '@', U+3002 a full stop: converted they would make another address.
  const auto at = parse_domain(
      "b\xEF\xBC\xA0"
      "c.example");
  REQUIRE(at.has_value());
  CHECK(at->text().find('@') == std::string::npos);
  const auto stops = parse_domain(
      "a\xE3\x80\x82\xE3\x80\x82"
      "b");
  REQUIRE(stops.has_value());
  CHECK(stops->text().find("..") == std::string::npos);
}

TEST_CASE("is_within is anchored at a label", "[mail][unit]") {
  CHECK(is_within("mx.google.com", "google.com"));
  CHECK(is_within("google.com", "google.com"));
  CHECK_FALSE(is_within("evilgoogle.com", "google.com"));
  CHECK_FALSE(is_within("google.com.evil.example", "google.com"));
  CHECK_FALSE(is_within("google.com", ""));
}

TEST_CASE("parse_queue_id refuses the names that mean every message or none", "[mail][unit]") {
  for (const std::string_view good :
       {"4Xk2Pq1z9Rz", "1C07DAB2668", "6AL0MUPN006589", "A1B2C", "CAFEBABEDAD"}) {
    CHECK(parse_queue_id(good).has_value());
  }
  for (const std::string_view bad : {"", "ALL", "NOQUEUE", "warning", "A1B2", "1C07DAB26 8",
                                     "-H123456", "123456789012345678901", "1C07DAB266;"}) {
    INFO(bad);
    CHECK_FALSE(parse_queue_id(bad).has_value());
  }
}

}  // namespace
}  // namespace rampart::mail
