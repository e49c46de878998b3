#include "rampart/reply/normalise.h"

#include <string>

#include "support/catch.h"

namespace rampart::reply {
namespace {

using mail::Stage;

TEST_CASE("normalise takes off what was put around a reply", "[reply][unit]") {
  struct Case {
    std::string_view reply;
    int code;
    std::string_view enhanced;
    Stage stage;
    std::string_view text;
  };
  static const Case kCases[] = {
      // As servers send it.
      {"550 5.1.1 No such user", 550, "5.1.1", Stage::Unknown, "No such user"},
      {"550 No such user", 550, "", Stage::Unknown, "No such user"},
      {"550", 550, "", Stage::Unknown, ""},
      {"550 #5.1.0 Address rejected.", 550, "5.1.0", Stage::Unknown, "Address rejected."},
      {"550 sorry, no mailbox (#5.1.1)", 550, "5.1.1", Stage::Unknown,
       "sorry, no mailbox (#5.1.1)"},
      {"550-5.1.1 No such 550-5.1.1 user. See 550 5.1.1 https://a.example", 550, "5.1.1",
       Stage::Unknown, "No such user. See https://a.example"},
      {"554-gmx.net ESMTP 554-No SMTP service 554 See b", 554, "", Stage::Unknown,
       "gmx.net ESMTP No SMTP service See b"},
      {"421-4.7.28 Gmail", 421, "4.7.28", Stage::Unknown, "Gmail"},
      {"550\r\n\t two   blanks \r\n", 550, "", Stage::Unknown, "two blanks"},
      // A number that only looks like the code stays.
      {"452 the limit is 452 messages", 452, "", Stage::Unknown, "the limit is 452 messages"},
      {"5501 users", 0, "", Stage::Unknown, "5501 users"},
      {"550 5.1.1.1 is no code", 550, "", Stage::Unknown, "5.1.1.1 is no code"},
      {"421 deferred - 4.16.50", 421, "", Stage::Unknown, "deferred - 4.16.50"},
      {"550 listed: 5.2.3.4", 550, "", Stage::Unknown, "listed: 5.2.3.4"},
      // As Postfix logs it.
      {"host mx.example[192.0.2.1] said: 550 5.1.1 Unknown (in reply to RCPT TO command)", 550,
       "5.1.1", Stage::Rcpt, "Unknown"},
      {"host mx.example[192.0.2.1] said: 554 5.7.1 No (in reply to end of DATA command)", 554,
       "5.7.1", Stage::EndOfData, "No"},
      {"host mx.example[192.0.2.1] said: 451 4.7.650 Busy (in reply to MAIL FROM command)", 451,
       "4.7.650", Stage::Mail, "Busy"},
      {"host mx.example[192.0.2.1] refused to talk to me: 421 4.7.0 [TSS04] x", 421, "4.7.0",
       Stage::Connect, "[TSS04] x"},
      {"connect to mx.example[192.0.2.1]: server refused to talk to me: 451 later", 451, "",
       Stage::Connect, "later"},
      {"delivery temporarily suspended: host mx.example[192.0.2.1] refused to talk to me: 421 x",
       421, "", Stage::Connect, "x"},
      {"connect to mx.example[192.0.2.1]:25: Connection refused", 0, "", Stage::Unknown,
       "connect to mx.example[192.0.2.1]:25: Connection refused"},
      {"lost connection with mx.example[192.0.2.1] while sending RCPT TO", 0, "", Stage::Rcpt,
       "lost connection with mx.example[192.0.2.1] while sending RCPT TO"},
      {"conversation with mx.example[192.0.2.1] timed out while receiving the initial server "
       "greeting",
       0, "", Stage::Connect,
       "conversation with mx.example[192.0.2.1] timed out while receiving the initial server "
       "greeting"},
      // As Sendmail logs it, and as notifications print it.
      {"Deferred: 451 4.7.1 later", 451, "4.7.1", Stage::Unknown, "later"},
      {"smtp; 550 5.1.1 gone", 550, "5.1.1", Stage::Unknown, "gone"},
      {"smtp;550 gone", 550, "", Stage::Unknown, "gone"},
      {"x-postfix; unknown user: \"a\"", 0, "", Stage::Unknown, "unknown user: \"a\""},
      {"Remote server returned '550 5.4.1 denied'", 550, "5.4.1", Stage::Unknown,
       "Remote server returned '550 5.4.1 denied'"},
      // Only the last "(in reply to ...)" is the MTA's.
      {"host a[192.0.2.1] said: 550 (in reply to MAIL FROM command) (in reply to RCPT TO command)",
       550, "", Stage::Rcpt, "(in reply to MAIL FROM command)"},
  };
  for (const Case& c : kCases) {
    INFO(c.reply);
    const Normalised n = normalise(c.reply, Stage::Unknown);
    CHECK(n.code == c.code);
    CHECK((n.enhanced ? to_string(*n.enhanced) : "") == c.enhanced);
    CHECK(n.stage == c.stage);
    CHECK(n.text == c.text);
  }
}

TEST_CASE("the caller's stage outranks the wrapping's", "[reply][unit]") {
  const auto n =
      normalise("host a[192.0.2.1] said: 550 x (in reply to RCPT TO command)", Stage::Mail);
  CHECK(n.stage == Stage::Mail);
  CHECK(n.text == "x");
}

TEST_CASE("addresses are hidden so that a local part is no reason", "[reply][unit]") {
  struct Case {
    std::string_view reply;
    std::string_view text;
  };
  static const Case kCases[] = {
      {"550 <no.such.user@spam.example>: rejected", "<@>: rejected"},
      {"550 user+tag@example.org. Bye", "@. Bye"},
      {"550 not allowed...u@example.org", "not allowed...@"},
      {"550 <\"mailbox full\"@example.org> x", "<@> x"},
      {"550 at @ alone", "at @ alone"},
      {"550 RCPT TO:<a@b>", "RCPT TO:<@>"},
      {"550 \"@", "\"@"},
  };
  for (const Case& c : kCases) {
    INFO(c.reply);
    CHECK(normalise(c.reply, Stage::Rcpt).text == c.text);
  }
}

TEST_CASE("bytes are cleaned", "[reply][unit]") {
  using namespace std::string_literals;
  CHECK(normalise("550 a\0b\x7f"s, Stage::Rcpt).text == "a b");
  CHECK(normalise("550 pl\xC3\xA9in", Stage::Rcpt).text == "pl\xC3\xA9in");
  CHECK(normalise("550 pl\xE9in", Stage::Rcpt).text == "pl?in");
  CHECK(normalise("550 \xED\xA0\x80", Stage::Rcpt).text == "???");  // a surrogate
  CHECK(normalise("550 \xC0\xAF", Stage::Rcpt).text == "??");       // overlong
  CHECK(normalise("550 \xF0\x9F\x98\x80", Stage::Rcpt).text == "\xF0\x9F\x98\x80");
  CHECK(normalise("550 cut \xF0\x9F\x98", Stage::Rcpt).text == "cut ???");
  CHECK(normalise("", Stage::Rcpt).text.empty());
}

TEST_CASE("the text is bounded and cut between characters", "[reply][unit]") {
  std::string reply = "550 x";
  while (reply.size() < 3 * kReplyBytesMax) {
    reply += "\xC3\xA9";
  }
  const Normalised n = normalise(reply, Stage::Rcpt);
  CHECK(n.text.size() <= kTextBytesMax);
  CHECK(n.text.size() >= kTextBytesMax - 3);
  CHECK(static_cast<unsigned char>(n.text.back()) == 0xA9);
}

TEST_CASE("an acceptance reads the same without its text", "[reply][unit]") {
  using namespace std::string_literals;
  for (const std::string& reply :
       {"250 2.0.0 Ok: queued as 4XkPq1"s, "250 2.1.5 (in reply to RCPT TO command)"s,
        "250 #2.6.0 <1@a.example> Queued"s, "250 2.0.0"s, "221 2.0.0 550 5.1.1 no"s,
        "250  2.0.0\x01Ok"s}) {
    CAPTURE(reply);
    const auto read = read_acceptance(reply, Stage::EndOfData);
    const Normalised whole = normalise(reply, Stage::EndOfData);
    REQUIRE(read.has_value());
    CHECK(read->code == whole.code);
    CHECK(read->enhanced == whole.enhanced);
    CHECK(read->stage == whole.stage);
    CHECK_FALSE(read_acceptance(reply, Stage::Unknown).has_value());
  }
  for (const std::string& reply :
       {""s, "250"s, "250 Ok"s, "250-2.0.0 Ok"s, "550 5.1.1 no"s, "2500 2.0.0 Ok"s,
        " 250 2.0.0 Ok"s, "2x0 2.0.0 Ok"s, "250 \t2.0.0 Ok"s, "250 2.0.0x"s,
        "host a said: 250 2.0.0 Ok"s}) {
    CAPTURE(reply);
    CHECK_FALSE(read_acceptance(reply, Stage::EndOfData).has_value());
  }
}

}  // namespace
}  // namespace rampart::reply
