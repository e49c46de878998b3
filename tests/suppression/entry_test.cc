#include "rampart/suppression/entry.h"

#include <random>

#include "support/catch.h"

namespace rampart::suppression {
namespace {

const Options kAsWritten;

Options folding() {
  Options options;
  options.fold_local_part = true;
  options.ignore_subaddress = true;
  return options;
}

std::string key_of(std::string_view address, const Options& options) {
  return canonical_key(mail::parse_address(address).value(), options);
}

TEST_CASE("canonical_key follows the options", "[suppression][unit]") {
  struct Case {
    std::string_view address;
    std::string_view as_written;
    std::string_view folded;  ///< without "+tag"
  };
  static const Case kCases[] = {
      {"<User@EXAMPLE.Org>", "User@example.org", "user@example.org"},
      {"User+News@example.org", "User+News@example.org", "user@example.org"},
      {"user+a+b@example.org", "user+a+b@example.org", "user@example.org"},
      {"+user@example.org", "+user@example.org", "+user@example.org"},
      {"user+@example.org", "user+@example.org", "user@example.org"},
      {"user-news@example.org", "user-news@example.org", "user-news@example.org"},
      {"u@b\xC3\xBC"
       "cher.example",
       "u@xn--bcher-kva.example", "u@xn--bcher-kva.example"},
      {"\xC3\x9C@example.org", "\xC3\x9C@example.org", "\xC3\x9C@example.org"},
      {"root", "root", "root"},
      {"<>", "", ""},
      {"u@[192.0.2.1]", "u@[192.0.2.1]", "u@[192.0.2.1]"},
      // Quotes that are not needed are no way around an entry; others stay.
      {"\"User\"@example.org", "User@example.org", "user@example.org"},
      {"\"Us\\er+x\"@example.org", "User+x@example.org", "user@example.org"},
      {"\"two words+x\"@example.org", "\"two words+x\"@example.org", "\"two words+x\"@example.org"},
      {"\"a@b\"@example.org", "\"a@b\"@example.org", "\"a@b\"@example.org"},
      {"\"\"@example.org", "\"\"@example.org", "\"\"@example.org"},
      {"a\"b+c\"@example.org", "a\"b+c\"@example.org", "a\"b+c\"@example.org"},
      {"\"a..b\"@example.org", "\"a..b\"@example.org", "\"a..b\"@example.org"},
      {"\"a\"b\"@example.org", "\"a\"b\"@example.org", "\"a\"b\"@example.org"},
  };
  for (const Case& c : kCases) {
    INFO(c.address);
    const auto address = mail::parse_address(c.address);
    REQUIRE(address.has_value());
    CHECK(canonical_key(*address, kAsWritten) == c.as_written);
    CHECK(canonical_key(*address, folding()) == c.folded);
  }
}

TEST_CASE("canonical_key keeps apart what the options do not join", "[suppression][unit]") {
  CHECK(key_of("user@a.example", folding()) != key_of("user@b.example", folding()));
  CHECK(key_of("User@a.example", kAsWritten) != key_of("user@a.example", kAsWritten));
  CHECK(key_of("user+x@a.example", kAsWritten) != key_of("user@a.example", kAsWritten));
}

TEST_CASE("canonical_key of a canonical key is itself", "[suppression][property]") {
  std::mt19937 random(20260301);
  const std::string letters = "aZ+.\"\\ @-#\xC3\xA9";
  std::size_t read = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (auto size = random() % 10; size > 0; --size) {
      text += letters[random() % letters.size()];
    }
    const auto address = mail::parse_address(text + "@Example.ORG");
    if (!address || text.starts_with(' ')) {  // parse_key takes blanks off both ends
      continue;
    }
    ++read;
    for (const Options& options : {kAsWritten, folding()}) {
      const std::string once = canonical_key(*address, options);
      const auto again = mail::parse_address(once);
      if (!again || canonical_key(*again, options) != once) {
        FAIL(text << " gives " << once);
      }
      // What a list can name is the same key when it is read from a list.
      const auto listed = parse_key(text + "@Example.ORG", options);
      if (listed && (*listed != once || parse_key(once, options) != once)) {
        FAIL(text << " is listed as " << *listed << ", not " << once);
      }
    }
  }
  CHECK(read > 1000);
}

TEST_CASE("parse_key reads addresses and domains", "[suppression][unit]") {
  struct Case {
    std::string_view text;
    std::string_view want;
  };
  static const Case kCases[] = {
      {"user@example.org", "user@example.org"},
      {"  user@example.org\r\n", "user@example.org"},
      {"<User@Example.ORG.>", "User@example.org"},
      {"@Example.ORG", "@example.org"},
      {"<@example.org>", "@example.org"},
      {"@b\xC3\xBC"
       "cher.example",
       "@xn--bcher-kva.example"},
      {"a#b@example.org", "a#b@example.org"},
      {"o'brien@example.org", "o'brien@example.org"},
      {"stray..dots.@example.org", "stray..dots.@example.org"},
      {"\"two words\"@example.org", "\"two words\"@example.org"},
      {"\"user\"@example.org", "user@example.org"},
      {"user@a_b.example", "user@a_b.example"},
      {"user@localhost", "user@localhost"},
      {"user@[192.0.2.1]", "user@[192.0.2.1]"},
      {"a*b@example.org", "a*b@example.org"},
  };
  for (const Case& c : kCases) {
    INFO(c.text);
    CHECK(parse_key(c.text, kAsWritten) == std::optional<std::string>(c.want));
  }
  CHECK(parse_key("User+x@example.org", folding()) ==
        std::optional<std::string>("user@example.org"));
}

TEST_CASE("parse_key refuses what is not one address or domain", "[suppression][unit]") {
  for (const std::string_view bad :
       std::initializer_list<std::string_view>{"",
                                               "<>",
                                               "bob.example.com",
                                               "bob",
                                               "@",
                                               "a@",
                                               "<a@b.example",
                                               "a@b.example>",
                                               "<@>",
                                               "mailto:a@b.example",
                                               "a@b@c.example",
                                               "a b@c.example",
                                               "a@b c.example",
                                               "a@b.example,",
                                               "a@b.example;c@d.example",
                                               "a@b..example",
                                               "a@.example",
                                               "*@example.org",
                                               "@*.example.org",
                                               "@relay.example:a@b.example",
                                               "Bob <bob@example.org>",
                                               "a@b.example\nc@d.example",
                                               "\"a@b.example",
                                               "a\"b\"@c.example",
                                               std::string_view("a\0@b.example", 12),
                                               "a@[192.0.2.1",
                                               "a@b/c.example"}) {
    INFO(bad);
    CHECK_FALSE(parse_key(bad, kAsWritten).has_value());
  }
  CHECK_FALSE(parse_key("*+x@example.org", folding()).has_value());
  CHECK_FALSE(parse_key(std::string(2000, 'a') + "@b.example", kAsWritten).has_value());
  CHECK_FALSE(parse_key("a@" + std::string(300, 'b'), kAsWritten).has_value());
}

TEST_CASE("domain_key is the key that parse_key reads", "[suppression][unit]") {
  const auto domain = mail::parse_domain("Example.ORG").value();
  CHECK(domain_key(domain) == "@example.org");
  CHECK(parse_key("@EXAMPLE.org.", kAsWritten) == domain_key(domain));
}

TEST_CASE("reasons and kinds of change have fixed spellings", "[suppression][unit]") {
  const std::pair<Reason, std::string_view> reasons[] = {{Reason::Hard, "hard"},
                                                         {Reason::Soft, "soft"},
                                                         {Reason::Import, "import"},
                                                         {Reason::Operator, "operator"},
                                                         {Reason::Complaint, "complaint"}};
  for (const auto& [reason, text] : reasons) {
    CHECK(to_string(reason) == text);
    CHECK(parse_reason(text) == reason);
  }
  for (const char* bad : {"", "Hard", "hard ", "har", "hardy"}) {
    CHECK_FALSE(parse_reason(bad).has_value());
  }
  CHECK(to_string(Change::Kind::Added) == "added");
  CHECK(to_string(Change::Kind::Removed) == "removed");
  CHECK(to_string(Change::Kind::Expired) == "expired");
  CHECK(to_string(Change::Kind::Lifted) == "lifted");
  CHECK(to_string(Change::Kind::Contradicted) == "contradicted");
  CHECK(to_string(Change::Kind::Pending) == "pending");
  CHECK(to_string(Change::Kind::Cleared) == "cleared");
  CHECK(to_string(Change::Kind::Confirmed) == "confirmed");
}

}  // namespace
}  // namespace rampart::suppression
