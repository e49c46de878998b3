// What a session adds to mail so that notices about it are believed, and what it reads of them.

#include <string>
#include <vector>

#include "support/catch.h"

#include "milter/fake_decider.h"
#include "milter/recorded_changes.h"
#include "milter/session.h"

namespace rampart::milter {
namespace {

using test::FakeDecider;
using test::RecordedChanges;
using Strings = std::vector<std::string>;

constexpr std::string_view kQueueId = "4Xk2Pq1z9Rz";
constexpr const char* kToken = "0123456789abcdef0123456789abcdef";

void begin_message(Session& session, std::string_view sender) {
  session.on_mail(sender, {"", "smtp", ""});
  session.on_rcpt("<one@b.example>", {"", "smtp"});
}

TEST_CASE("the token goes into a header of its own", "[milter][unit]") {
  FakeDecider decider;
  Session session(decider, OnError::Accept);
  begin_message(session, "<news@a.example>");
  decider.ending.token = kToken;
  RecordedChanges changes;
  session.on_eom(kQueueId, changes);
  CHECK(changes.headers == Strings{std::string("X-Rampart-Id: ") + kToken});

  SECTION("beside the tag") {
    begin_message(session, "<news@a.example>");
    decider.ending.tag = "sender=a.example";
    RecordedChanges both;
    session.on_eom(kQueueId, both);
    CHECK(both.headers ==
          Strings{"X-Rampart: sender=a.example", std::string("X-Rampart-Id: ") + kToken});
  }
}

TEST_CASE("what is no token is not added", "[milter][unit]") {
  const auto token = GENERATE(
      as<std::string>{}, "", "0123456789abcdef0123456789abcde", "0123456789abcdef0123456789abcdef0",
      "0123456789ABCDEF0123456789ABCDEF", "0123456789abcdef0123456789abcdeg",
      "0123456789abcdef\n123456789abcdef", "0123456789abcdef 123456789abcdef");
  CAPTURE(token);
  FakeDecider decider;
  Session session(decider, OnError::Accept);
  begin_message(session, "<news@a.example>");
  decider.ending.token = token;
  RecordedChanges changes;
  session.on_eom(kQueueId, changes);
  CHECK(changes.headers.empty());
}

TEST_CASE("mail without a sender is not marked", "[milter][unit]") {
  const bool reads = GENERATE(false, true);
  FakeDecider decider;
  Session session(decider, OnError::Accept, reads);
  begin_message(session, "<>");
  session.on_header("X-Rampart-Id", "old");
  decider.ending.token = kToken;
  decider.ending.tag = "sender=<>";
  RecordedChanges changes;
  CHECK(session.on_eom(kQueueId, changes).kind == Answer::Kind::Continue);
  CHECK(changes.headers.empty());
}

TEST_CASE("an older token is removed where headers are read", "[milter][unit]") {
  const bool reads = GENERATE(false, true);
  CAPTURE(reads);
  const std::string added = std::string("X-Rampart-Id: ") + kToken;
  FakeDecider decider;
  Session session(decider, OnError::Accept, reads);
  begin_message(session, "<news@a.example>");
  session.on_header("X-Rampart-Id", "ffffffffffffffffffffffffffffffff");
  session.on_header("Subject", "X-Rampart-Id: x");
  session.on_header("X-Rampart", "x");
  session.on_header("x-rampart-ID", "anything");
  decider.ending.token = kToken;
  RecordedChanges changes;
  session.on_eom(kQueueId, changes);
  CHECK(changes.headers ==
        (reads ? Strings{"-X-Rampart-Id: 2", "-X-Rampart-Id: 1", added} : Strings{added}));

  // The next message of the session has none.
  begin_message(session, "<news@a.example>");
  RecordedChanges next;
  session.on_eom(kQueueId, next);
  CHECK(next.headers == Strings{added});

  SECTION("but not where none is added") {
    begin_message(session, "<news@a.example>");
    session.on_header("X-Rampart-Id", "x");
    decider.ending.token.clear();
    RecordedChanges none;
    session.on_eom(kQueueId, none);
    CHECK(none.headers.empty());
  }
  SECTION("and not without end") {
    begin_message(session, "<news@a.example>");
    for (int i = 0; i < 1000; ++i) {
      session.on_header("X-Rampart-Id", "x");
    }
    RecordedChanges many;
    session.on_eom(kQueueId, many);
    CHECK(many.headers.size() == (reads ? 17U : 1U));
  }
}

TEST_CASE("mail with the null sender is read, and offered once it is accepted", "[milter][unit]") {
  const auto sender = GENERATE(as<std::string>{}, "<>", "");
  FakeDecider decider;
  Session session(decider, OnError::Accept, true);
  begin_message(session, sender);
  session.on_header("Subject", "Undelivered");
  session.on_header("Content-Type", "multipart/report;\n\tboundary=x");
  CHECK(session.on_body("one\r\n") == Body::Wanted);
  CHECK(session.on_body("two\r\n") == Body::Wanted);
  CHECK(decider.messages.empty());
  RecordedChanges changes;
  CHECK(session.on_eom(kQueueId, changes).kind == Answer::Kind::Continue);
  const std::string whole =
      "Subject: Undelivered\r\nContent-Type: multipart/report;\r\n\tboundary=x\r\n\r\none\r\n"
      "two\r\n";
  CHECK(decider.messages == Strings{whole});
  CHECK(decider.committed == 1);

  SECTION("each message of a session by itself") {
    begin_message(session, sender);
    session.on_header("A", "1");
    session.on_eom(kQueueId, changes);
    CHECK(decider.messages == Strings{whole, "A: 1\r\n\r\n"});
  }
  SECTION("an aborted one not at all") {
    begin_message(session, sender);
    session.on_header("A", "1");
    session.on_body("x");
    session.on_abort();
    begin_message(session, sender);
    session.on_header("B", "2");
    session.on_eom(kQueueId, changes);
    CHECK(decider.messages == Strings{whole, "B: 2\r\n\r\n"});
  }
  SECTION("nor one that the next MAIL ends") {
    begin_message(session, sender);
    session.on_header("A", "1");
    begin_message(session, sender);
    session.on_eom(kQueueId, changes);
    CHECK(decider.messages == Strings{whole, "\r\n"});
  }
}

TEST_CASE("mail of a sender, or without the option, is not read", "[milter][unit]") {
  const auto [reads, sender] = GENERATE(table<bool, std::string>({
      {true, "<news@a.example>"},
      {true, "<<>>"},
      {true, "<@>"},
      {false, "<>"},
      {false, "<news@a.example>"},
  }));
  CAPTURE(reads, sender);
  FakeDecider decider;
  Session session(decider, OnError::Accept, reads);
  begin_message(session, sender);
  session.on_header("A", "1");
  CHECK(session.on_body("x") == Body::Unwanted);
  RecordedChanges changes;
  session.on_eom(kQueueId, changes);
  CHECK(decider.messages.empty());
}

TEST_CASE("no more than the largest size is wanted", "[milter][unit]") {
  FakeDecider decider;
  Session session(decider, OnError::Accept, true);
  begin_message(session, "<>");
  session.on_header("A", "1");
  std::size_t sent = 0;
  while (session.on_body(std::string(65535, 'x')) == Body::Wanted) {
    ++sent;
  }
  CHECK(sent == 3);  // and a fourth, which reached it
  RecordedChanges changes;
  session.on_eom(kQueueId, changes);
  REQUIRE(decider.messages.size() == 1);
  CHECK(decider.messages[0].size() == kMessageBytesMax);
}

// Goal: a bounce is delivered whatever happens to what is learned from it.
TEST_CASE("a failed offer refuses nothing", "[milter][unit]") {
  FakeDecider decider;
  Session session(decider, OnError::Tempfail, true);
  begin_message(session, "<>");
  session.on_header("A", "1");
  decider.fail_at = "offer";
  RecordedChanges changes;
  CHECK_THROWS(session.on_eom(kQueueId, changes));
  CHECK(session.after_eom_error().kind == Answer::Kind::Continue);
  CHECK(decider.committed == 1);
  decider.fail_at.clear();
  begin_message(session, "<>");
  session.on_header("B", "2");
  session.on_eom(kQueueId, changes);
  CHECK(decider.messages == Strings{"B: 2\r\n\r\n"});
}

}  // namespace
}  // namespace rampart::milter
