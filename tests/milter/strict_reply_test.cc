#include "milter/strict_reply.h"

#include <algorithm>

#include "support/catch.h"

namespace rampart::milter {
namespace {

using Kind = engine::Verdict::Answer;

TEST_CASE("a good reply passes unchanged", "[milter][unit]") {
  const engine::Verdict verdict{Kind::Defer, "451", "4.7.1", "rampart: gmail is full until 15:05"};
  const StrictReply reply = strict_reply(verdict);
  CHECK(reply.code == "451");
  CHECK(reply.enhanced == "4.7.1");
  CHECK(reply.text == "rampart: gmail is full until 15:05");
  CHECK_FALSE(reply.corrected);
}

// Goal: no reply that makes an MTA answer something else, for every way of getting one wrong.
TEST_CASE("a code that an MTA would misread is replaced", "[milter][unit]") {
  struct Case {
    Kind answer;
    std::string code;
    std::string enhanced;
    bool kept;
  };
  const auto c = GENERATE(values<Case>({
      {Kind::Defer, "450", "4.2.1", true},       {Kind::Defer, "451", "5.1.1", false},
      {Kind::Defer, "550", "5.1.1", false},      {Kind::Defer, "550", "4.7.1", false},
      {Kind::Defer, "421", "4.7.1", false},      {Kind::Defer, "", "", false},
      {Kind::Defer, "451", "", false},           {Kind::Defer, "451", "4.7", false},
      {Kind::Defer, "451", "4.7.1.1", false},    {Kind::Defer, "451", "4.7.1000", false},
      {Kind::Defer, "451", "4.7.01", false},     {Kind::Defer, "451", "4.7.", false},
      {Kind::Defer, "451", "4..1", false},       {Kind::Defer, "451", "4.7.1 ", false},
      {Kind::Defer, "4511", "4.7.1", false},     {Kind::Defer, "45", "4.7.1", false},
      {Kind::Defer, "4x1", "4.7.1", false},      {Kind::Defer, "461", "4.7.1", false},
      {Kind::Defer, "250", "2.0.0", false},      {Kind::Defer, "451", "4.7.%", false},
      {Kind::Reject, "550", "5.1.1", true},      {Kind::Reject, "554", "5.7.26", true},
      {Kind::Reject, "451", "4.7.1", false},     {Kind::Reject, "550", "4.7.1", false},
      {Kind::Reject, "550\r\n", "5.1.1", false}, {Kind::Reject, "550", "5.1.1\n", false},
  }));
  CAPTURE(c.code, c.enhanced);
  const StrictReply reply = strict_reply({c.answer, c.code, c.enhanced, "rampart: text"});
  CHECK(reply.corrected != c.kept);
  if (c.kept) {
    CHECK(reply.code == c.code);
    CHECK(reply.enhanced == c.enhanced);
  } else {
    CHECK(reply.code == (c.answer == Kind::Reject ? "550" : "451"));
    CHECK(reply.enhanced == (c.answer == Kind::Reject ? "5.7.1" : "4.7.1"));
  }
}

TEST_CASE("every text becomes printable, bounded, ours", "[milter][unit]") {
  std::string all_bytes = "rampart: ";
  for (int byte = 0; byte < 256; ++byte) {
    all_bytes += static_cast<char>(byte);
  }
  const std::string text = GENERATE_COPY(
      std::string(), std::string("   "), std::string("50% of limit"), std::string("a\r\n250 ok"),
      std::string("rampart: \xc3\xa9"), std::string(10000, 'x'), all_bytes, std::string("%s%n"));
  for (const Kind answer : {Kind::Defer, Kind::Reject}) {
    const StrictReply reply = strict_reply({answer, "", "", text});
    CAPTURE(text, reply.text);
    CHECK(reply.corrected);
    CHECK(reply.text.starts_with("rampart: "));
    CHECK(reply.text.size() <= kReplyBytesMax);
    CHECK(std::all_of(reply.text.begin(), reply.text.end(),
                      [](char c) { return c >= ' ' && c <= '~' && c != '%'; }));
    CHECK(reply.code[0] == reply.enhanced[0]);
  }
}

TEST_CASE("strict_text keeps what is good and cuts at the bound", "[milter][unit]") {
  CHECK(strict_text("rampart: full, back at 15:05 (gmail)") ==
        "rampart: full, back at 15:05 (gmail)");
  CHECK(strict_text("a%b\tc\r\nd\x7f") == "a?b?c??d?");
  CHECK(strict_text("abcdef", 3) == "abc");
  CHECK(strict_text("").empty());
}

}  // namespace
}  // namespace rampart::milter
