#include "cli/explain.h"

#include <sstream>

#include "rampart/config/config.h"
#include "support/catch.h"

namespace rampart::cli {
namespace {

const policy::Policy& shipped() {
  static const config::Loaded kLoaded = config::load({"", RAMPART_SOURCE_DIR "/conf"});
  REQUIRE(kLoaded.config != nullptr);
  return *kLoaded.config->policy;
}

Explanation explained(const char* reply,
                      mail::Stage stage = mail::Stage::Unknown,
                      const char* host = "") {
  Asked asked;
  asked.reply = reply;
  asked.stage = stage;
  asked.host = host;
  return explain(shipped(), asked);
}

TEST_CASE("a reply of Gmail is known by its text", "[cli]") {
  const std::string text =
      render(explained("421 4.7.28 Gmail has detected an unusual rate of unsolicited mail"), false);
  CAPTURE(text);
  CHECK(text.find("class       temporary, rate_limited\n"
                  "scope       sender\n"
                  "provider    gmail (from the reply text)\n"
                  "rule        gmail-rate   ") == 0);
  CHECK(text.find(
            "what we do  pause the flow for 15m, doubling on repeat up to 6h, then one message "
            "at a time until one is delivered; deferral that lasts 1h teaches a limit for 4d\n"
            "recipient   not suppressed (the reply is about the sender)\n") != std::string::npos);
}

TEST_CASE("what several replies without a known reason do is told", "[cli]") {
  for (const char* reply : {"451 4.7.500 xyzzy", "450 xyzzy", "499 xyzzy"}) {
    CAPTURE(reply);
    CHECK(explained(reply, mail::Stage::Rcpt).reaction ==
          "nothing to the flow the first time; 2 such replies in a row, with no delivery between, "
          "count as \"too fast\"");
  }
  CHECK(explained("451 4.3.0 queue file write error", mail::Stage::EndOfData).reaction ==
        "nothing to the flow; the MTA's queue retries");
}

TEST_CASE("the host decides before the text", "[cli]") {
  const Explanation other = explained("421 4.7.28 Gmail has detected an unusual rate",
                                      mail::Stage::Unknown, "mx.elsewhere.example");
  CHECK(other.origin == Origin::None);
  CHECK(other.provider.empty());
  const Explanation own =
      explained("421 4.7.28 x", mail::Stage::Unknown, "gmail-smtp-in.l.google.com");
  CHECK(own.origin == Origin::Host);
  CHECK(own.provider == "gmail");
}

TEST_CASE("what happens to the recipient", "[cli]") {
  struct Case {
    const char* reply;
    mail::Stage stage;
    const char* expected;
  };
  using mail::Stage;
  const std::array<Case, 6> cases{{
      {"550 5.1.1 No such user", Stage::Rcpt, "suppressed for 365d"},
      {"450 4.1.1 No such user", Stage::Rcpt, "not suppressed yet: "},
      {"250 2.0.0 OK", Stage::EndOfData, "not suppressed; earlier failures are forgotten"},
      {"452 4.2.2 mailbox is full", Stage::Rcpt,
       "not suppressed yet: after failures on 4 different days"},
      {"554 5.7.1 message looks like spam", Stage::EndOfData,
       "not suppressed (the reply is about the"},
      {"421 4.3.2 system shutting down", Stage::Connect, "not suppressed"},
  }};
  for (const Case& c : cases) {
    CAPTURE(c.reply);
    const std::string recipient = explained(c.reply, c.stage).recipient;
    CAPTURE(recipient);
    CHECK(recipient.starts_with(c.expected));
  }
}

TEST_CASE("JSON lines keep their order, and bad ones are told with their number", "[cli]") {
  std::istringstream in(
      "{\"id\":\"a\",\"reply\":\"550 5.1.1 No such "
      "user\",\"stage\":\"rcpt\",\"host\":null,\"extra\":[1]}\n"
      "\n"
      "nonsense\n"
      "{\"id\":7,\"reply\":\"421 4.7.28 x\",\"host\":\"gmail-smtp-in.l.google.com\"}\n"
      "{\"id\":\"c\"}\n"
      "{\"id\":\"d\",\"reply\":\"550 bytes \xff\xfe\"}\n"
      "{\"reply\":\"250 OK\"}");
  std::ostringstream out;
  CHECK(explain_lines(shipped(), in, out) == 3);
  std::istringstream lines(out.str());
  std::string line;
  REQUIRE(std::getline(lines, line));
  CHECK(
      line ==
      R"({"id":"a","class":"mailbox_unknown","scope":"recipient","permanence":"permanent","suppress":true,"rule":"mailbox-no-such"})");
  REQUIRE(std::getline(lines, line));
  CHECK(line == R"({"id":null,"error":"line 3: no JSON object"})");
  REQUIRE(std::getline(lines, line));
  CHECK(line.starts_with(R"({"id":7,"class":"rate_limited")"));
  REQUIRE(std::getline(lines, line));
  CHECK(line == R"({"id":"c","error":"line 5: \"reply\" is missing or no text"})");
  REQUIRE(std::getline(lines, line));
  CHECK(line == R"({"id":null,"error":"line 6: no JSON object"})");  // JSON is UTF-8
  REQUIRE(std::getline(lines, line));
  CHECK(line.starts_with(R"({"id":null,"class":"delivered")"));
  CHECK_FALSE(std::getline(lines, line));
}

TEST_CASE("enhanced codes are read whole", "[cli]") {
  CHECK(parse_code("5.1.1").has_value());
  CHECK_FALSE(parse_code("5.1.1 x").has_value());
  CHECK_FALSE(parse_code("").has_value());
}

}  // namespace
}  // namespace rampart::cli
