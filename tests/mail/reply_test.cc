#include "rampart/mail/reply.h"

#include "support/catch.h"

namespace rampart::mail {
namespace {

TEST_CASE("parse_reply reads the codes and keeps the text", "[mail][unit]") {
  struct Case {
    std::string_view text;
    int code;
    std::string_view enhanced;
  };
  static const Case kCases[] = {
      {"550 5.1.1 No such user", 550, "5.1.1"},
      {"421-4.7.28 Gmail", 421, "4.7.28"},
      {"550 #5.1.0 Address rejected", 550, "5.1.0"},
      {"550 No such user", 550, ""},
      {"550", 550, ""},
      {"250 2.0.0: ok", 250, "2.0.0"},
      {"Connection refused", 0, ""},
      {"5501 users", 0, ""},
      {"650 5.1.1 x", 0, ""},
      {"4.4.1 timed out", 0, "4.4.1"},
      {"", 0, ""},
      {"552 5.2.2.1 x", 552, ""},
  };
  for (const Case& c : kCases) {
    INFO(c.text);
    const Reply reply = parse_reply(c.text, Stage::Rcpt);
    CHECK(reply.code == c.code);
    CHECK((reply.enhanced ? to_string(*reply.enhanced) : "") == c.enhanced);
    CHECK(reply.text == c.text);
    CHECK(reply.stage == Stage::Rcpt);
  }
}

TEST_CASE("stages have one name each", "[mail][unit]") {
  for (int i = 0; i <= static_cast<int>(Stage::EndOfData); ++i) {
    const auto stage = static_cast<Stage>(i);
    CHECK(parse_stage(to_string(stage)) == stage);
  }
  CHECK(parse_stage("eod") == Stage::EndOfData);
  CHECK_FALSE(parse_stage("RCPT").has_value());
}

}  // namespace
}  // namespace rampart::mail
