#include "rampart/suppression/list.h"

#include "support/catch.h"

namespace rampart::suppression {
namespace {

const Options kOptions;
using Keys = std::vector<std::string>;

TEST_CASE("parse_list reads entries, comments and blank lines", "[suppression][unit]") {
  const List list = parse_list(
      "\xEF\xBB\xBF# do not mail\r\n"
      "user@example.org\r\n"
      "\r\n"
      "  @Example.NET  # the whole domain\n"
      "\t# Latin-1 in a comment: \xE9\n"
      "<a@b.example>\t#x\n"
      "a#b@b.example\n"
      "\"quoted #not a comment\"@b.example # but this\n"
      "user@EXAMPLE.org\n"
      "last@b.example",
      kOptions);
  CHECK(list.keys == Keys{"user@example.org", "@example.net", "a@b.example", "a#b@b.example",
                          "\"quoted #not a comment\"@b.example", "last@b.example"});
  CHECK(list.lines == 10);
  CHECK(list.repeats == 1);
  CHECK(list.bad_lines == 0);
  CHECK(list.errors.empty());
}

TEST_CASE("parse_list of nothing", "[suppression][unit]") {
  for (const std::string_view text : {"", "\xEF\xBB\xBF"}) {
    const List list = parse_list(text, kOptions);
    CHECK(list.keys.empty());
    CHECK(list.lines == 0);
    CHECK(list.errors.empty());
  }
  CHECK(parse_list("\n", kOptions).lines == 1);
  CHECK(parse_list("\n\n", kOptions).lines == 2);
  CHECK(parse_list("a@b.example\n", kOptions).lines == 1);
}

TEST_CASE("parse_list says where a line is wrong and why", "[suppression][unit]") {
  struct Case {
    std::string_view line;
    std::size_t column;
    std::string_view text;
  };
  static const Case kCases[] = {
      {"bob.example.com", 1, "no @ in \"bob.example.com\""},
      {"   bob.example.com # typo", 4, "no @ in \"bob.example.com\""},
      {"@", 2, "no domain after @ in \"@\""},
      {"a@", 3, "no domain after @ in \"a@\""},
      {"<a@>", 4, "no domain after @ in \"<a@>\""},
      {"<a@b.example", 1, "no > in \"<a@b.example\""},
      {"a@b.example>", 12, "unexpected \">\" in \"a@b.example>\""},
      {"mailto:a@b.example", 7, "unexpected \":\" in \"mailto:a@b.example\""},
      {"a@b.example, c@d.example", 2, "unexpected \"@\" in \"a@b.example, c@d.example\""},
      {"a@b.example,", 12, "unexpected \",\" in \"a@b.example,\""},
      {"a@b.example c", 12, "unexpected blank in \"a@b.example c\""},
      {" a b@c.example", 3, "unexpected blank in \"a b@c.example\""},
      {"a@b.example#no comment", 12, "unexpected \"#\" in \"a@b.example#no comment\""},
      {"a@b..example", 3, "bad domain in \"a@b..example\""},
      {"a@b\xEF\xBC\x9F.example", 3, "bad domain in \"a@b???.example\""},  // full-width "?"
      {"*@b.example", 1, "no patterns: \"@b.example\" is the whole domain"},
      {"a\x01@b.example", 2, "control byte in \"a?@b.example\""},
      {"a@b.example\rc@d.example", 2, "unexpected \"@\" in \"a@b.example?c@d.example\""},
      {"a\xE9@b.example", 2, "not UTF-8"},
      {"\xFF\xFE", 1, "not UTF-8"},
      {"\xEF\xBB\xBF"
       "a",
       1, "byte order mark in \"???a\""},
      {"a\xEF\xBB\xBF@b.example", 2, "byte order mark in \"a???@b.example\""},
  };
  for (const Case& c : kCases) {
    INFO(c.line);
    const List list =
        parse_list("x@b.example\n" + std::string(c.line) + "\ny@b.example\n", kOptions);
    CHECK(list.keys == Keys{"x@b.example", "y@b.example"});
    CHECK(list.bad_lines == 1);
    REQUIRE(list.errors.size() == 1);
    CHECK(list.errors[0].line == 2);
    CHECK(list.errors[0].column == c.column);
    CHECK(list.errors[0].text == c.text);
  }
}

TEST_CASE("parse_list takes UTF-8 as RFC 3629 defines it", "[suppression][unit]") {
  struct Case {
    std::string_view bytes;
    bool good;
  };
  static const Case kCases[] = {
      {"\xC3\xA9", true},
      {"\xE2\x82\xAC", true},
      {"\xF0\x9F\x93\xA7", true},
      {"\xED\x9F\xBF", true},
      {"\xF4\x8F\xBF\xBF", true},
      {"\xC0\xAF", false},
      {"\xC1\xBF", false},
      {"\xE0\x9F\xBF", false},
      {"\xED\xA0\x80", false},
      {"\xF0\x8F\xBF\xBF", false},
      {"\xF4\x90\x80\x80", false},
      {"\xF5\x80\x80\x80", false},
      {"\x80", false},
      {"\xC3", false},
      {"\xE2\x82", false},
      {"\xE2\x82\xE2", false},
      {"\xF0\x9F\x93", false},
  };
  for (const Case& c : kCases) {
    const List list = parse_list(std::string(c.bytes) + "@b.example", kOptions);
    INFO(std::string("bytes ") + std::to_string(static_cast<unsigned char>(c.bytes[0])));
    CHECK(list.errors.empty() == c.good);
    CHECK(list.keys.size() == (c.good ? 1 : 0));
  }
}

TEST_CASE("parse_list refuses lines over 4 KiB and no others", "[suppression][unit]") {
  const std::string fits = "a@b.example #" + std::string(4096 - 13, 'x');
  REQUIRE(fits.size() == 4096);
  const List list = parse_list(fits + "\r\n" + fits + "x\nc@b.example\n", kOptions);
  CHECK(list.keys == Keys{"a@b.example", "c@b.example"});
  REQUIRE(list.errors.size() == 1);
  CHECK(list.errors[0].line == 2);
  CHECK(list.errors[0].column == 4097);
  CHECK(list.errors[0].text == "line longer than 4096 bytes");
}

TEST_CASE("parse_list counts every bad line and keeps the first errors", "[suppression][unit]") {
  std::string text;
  for (int i = 0; i < 5000; ++i) {
    text += "bad\n";
  }
  const List list = parse_list(text + "a@b.example\n", kOptions);
  CHECK(list.bad_lines == 5000);
  CHECK(list.errors.size() == kListErrorsMax);
  CHECK(list.errors.back().line == kListErrorsMax);
  CHECK(list.keys.size() == 1);
}

TEST_CASE("parse_list finds repeats among many keys", "[suppression][unit]") {
  std::string text;
  for (int i = 0; i < 20'000; ++i) {
    text += "user" + std::to_string(i % 7'000) + "@example.org\n";
  }
  const List list = parse_list(text, kOptions);
  CHECK(list.keys.size() == 7'000);
  CHECK(list.repeats == 13'000);
  CHECK(list.keys.front() == "user0@example.org");
  CHECK(list.keys.back() == "user6999@example.org");
}

TEST_CASE("a list of keys reads back as the same keys", "[suppression][property]") {
  Options options;
  options.fold_local_part = true;
  const List first = parse_list(
      "B+x@EXAMPLE.org\n@Example.net\n\"a b\"@c.example\n\"#d\"@e.example\na#b@c.example\n",
      options);
  for (const std::string& key : first.keys) {
    CHECK(parse_key(key, options) == key);
  }
  CHECK(first.keys == Keys{"b+x@example.org", "@example.net", "\"a b\"@c.example", "#d@e.example",
                           "a#b@c.example"});
}

}  // namespace
}  // namespace rampart::suppression
