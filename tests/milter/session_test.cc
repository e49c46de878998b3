#include "milter/session.h"

#include <string>
#include <utility>
#include <vector>

#include "rampart/telemetry/counter.h"
#include "support/catch.h"

#include "milter/fake_decider.h"
#include "milter/recorded_changes.h"

namespace rampart::milter {
namespace {

using Kind = Answer::Kind;
using test::FakeDecider;
using test::RecordedChanges;

constexpr std::string_view kQueueId = "4Xk2Pq1z9Rz";

// A message of an SMTP client up to the end of its recipients.
void begin_message(Session& session,
                   const std::vector<std::string>& recipients,
                   std::string_view sender = "<news@a.example>") {
  session.on_mail(sender, {"", "smtp", ""});
  for (const std::string& recipient : recipients) {
    session.on_rcpt(recipient, {"", "smtp"});
  }
}

TEST_CASE("the client is told to the engine as MAIL finds it", "[milter][unit]") {
  FakeDecider decider;
  Session session(decider, OnError::Accept);
  session.on_connect("client.example", "192.0.2.7");
  session.on_mail("<news@a.example>", {"", "smtp", "joe@a.example"});
  session.on_rcpt("<User@B.example>", {"", "relay"});
  REQUIRE(decider.clients.size() == 1);
  CHECK(decider.clients[0].host == "client.example");
  CHECK(decider.clients[0].address == "192.0.2.7");
  CHECK(decider.clients[0].auth == "joe@a.example");
  CHECK_FALSE(decider.clients[0].non_smtp);
  REQUIRE(decider.recipients.size() == 1);
  CHECK(to_string(decider.recipients[0].address) == "User@b.example");
  CHECK(decider.recipients[0].spelling == "<User@B.example>");
  CHECK(decider.recipients[0].mailer == "relay");
}

TEST_CASE("envelope senders are read in every spelling", "[milter][unit]") {
  const auto [spelling, sender] = GENERATE(table<std::string, std::string>({
      {"<news@a.example>", "news@a.example"},
      {"news@a.example", "news@a.example"},
      {"<>", ""},
      {"", ""},
      {"<@relay.example:news@a.example>", "news@a.example"},
      {"<\"a b\"@a.example>", "\"a b\"@a.example"},
      {"<root>", "root"},
  }));
  FakeDecider decider;
  Session session(decider, OnError::Accept);
  session.on_mail(spelling, {"", "smtp", ""});
  CAPTURE(spelling);
  REQUIRE(decider.senders.size() == 1);
  CHECK(decider.senders[0] == sender);
}

TEST_CASE("a non-SMTP session is known by queue ID, mailer and spelling", "[milter][unit]") {
  struct Case {
    std::string sender;
    std::string queue_id;
    std::string mailer;
    bool non_smtp;
  };
  const auto c = GENERATE(values<Case>({
      {"news@a.example", "8CA19A9A6C1", "", true},
      {"", "8CA19A9A6C1", "", true},
      {"<news@a.example>", "", "smtp", false},                 // Postfix smtpd(8)
      {"<news@a.example>", "6AL0MUPN006589", "esmtp", false},  // Sendmail
      {"<news@a.example>", "6AL0MUPN006589", "", false},       // Sendmail, other macro list
      {"news@a.example", "8CA19A9A6C1", "smtp", false},
      {"news@a.example", "", "", false},
      {"<>", "", "", false},
  }));
  FakeDecider decider;
  Session session(decider, OnError::Accept);
  session.on_mail(c.sender, {c.queue_id, c.mailer, ""});
  CAPTURE(c.sender, c.queue_id, c.mailer);
  CHECK(decider.clients.at(0).non_smtp == c.non_smtp);
}

TEST_CASE("each recipient gets its own answer", "[milter][unit]") {
  FakeDecider decider;
  Session session(decider, OnError::Accept);
  session.on_mail("<news@a.example>", {"", "smtp", ""});
  CHECK(session.on_rcpt("<one@b.example>", {"", "smtp"}).kind == Kind::Continue);
  const Answer deferred = session.on_rcpt("<defer@b.example>", {"", "smtp"});
  CHECK(deferred.kind == Kind::Defer);
  CHECK(deferred.reply.code == "451");
  CHECK(deferred.reply.text == "rampart: full");
  const Answer rejected = session.on_rcpt("<reject@b.example>", {"", "smtp"});
  CHECK(rejected.kind == Kind::Reject);
  CHECK(rejected.reply.enhanced == "5.1.1");
  CHECK(session.on_rcpt("<two@b.example>", {"", "smtp"}).kind == Kind::Continue);
  RecordedChanges changes;
  CHECK(session.on_eom(kQueueId, changes).kind == Kind::Continue);
  CHECK(decider.committed == 2);
}

// Goal: where a refusal would park a message for ever, nothing is refused whatever the engine says.
TEST_CASE("null senders and non-SMTP sessions are never refused", "[milter][unit]") {
  const auto [sender, queue_id, mailer] = GENERATE(table<std::string, std::string, std::string>({
      {"<>", "", "smtp"},
      {"", "8CA19A9A6C1", ""},
      {"news@a.example", "8CA19A9A6C1", ""},
  }));
  FakeDecider decider;
  Session session(decider, OnError::Tempfail);
  CAPTURE(sender, queue_id);
  session.on_mail(sender, {queue_id, mailer, ""});
  CHECK(session.on_rcpt("defer@b.example", {queue_id, ""}).kind == Kind::Continue);
  CHECK(session.on_rcpt("reject@b.example", {queue_id, ""}).kind == Kind::Continue);
  CHECK(session.after_rcpt_error().kind == Kind::Continue);
  CHECK(session.after_eom_error().kind == Kind::Continue);
}

TEST_CASE("a null sender's message is never held", "[milter][unit]") {
  FakeDecider decider;
  decider.ending.hold = true;
  decider.ending.hold_reason = "rampart: full";
  Session session(decider, OnError::Accept);
  begin_message(session, {"<one@b.example>"}, "<>");
  RecordedChanges changes;
  CHECK(session.on_eom(kQueueId, changes).kind == Kind::Continue);
  CHECK(changes.held.empty());
  CHECK(decider.went_out == std::vector<std::string>{std::string(kQueueId)});
}

TEST_CASE("the queue ID is the last one the MTA gave", "[milter][unit]") {
  struct Case {
    std::string mail;
    std::string rcpt;
    std::string data;
    std::string eom;
    std::string committed;
  };
  const auto c = GENERATE(values<Case>({
      {"", "", "", "1C07DAB2668", "1C07DAB2668"},             // Postfix, one recipient
      {"", "1C07DAB2668", "", "1C07DAB2668", "1C07DAB2668"},  // Postfix, from the second recipient
      {"6AL0MUPN006589", "", "", "", "6AL0MUPN006589"},       // Sendmail
      {"", "", "1C07DAB2668", "", "1C07DAB2668"},
      {"", "1C07DAB2668", "", "95239A9A667", "95239A9A667"},
      {"", "", "", "", ""},
      {"", "", "", "ALL", ""},
      {"", "1C07DAB2668", "", "x y z 1 2 3", "1C07DAB2668"},
  }));
  FakeDecider decider;
  Session session(decider, OnError::Accept);
  CAPTURE(c.mail, c.rcpt, c.data, c.eom);
  session.on_mail("<news@a.example>", {c.mail, "smtp", ""});
  session.on_rcpt("<one@b.example>", {c.rcpt, "smtp"});
  session.on_data(c.data);
  RecordedChanges changes;
  session.on_eom(c.eom, changes);
  CHECK(decider.queue_ids.at(0) == c.committed);
}

TEST_CASE("a queue ID does not survive into the next message", "[milter][unit]") {
  FakeDecider decider;
  Session session(decider, OnError::Accept);
  RecordedChanges changes;
  begin_message(session, {"<one@b.example>"});
  session.on_eom("1C07DAB2668", changes);
  begin_message(session, {"<two@b.example>"});
  session.on_eom("", changes);
  CHECK(decider.queue_ids == std::vector<std::string>{"1C07DAB2668", ""});
}

TEST_CASE("reservations are given back however a transaction ends", "[milter][unit]") {
  FakeDecider decider;
  Session session(decider, OnError::Accept);
  begin_message(session, {"<one@b.example>", "<two@b.example>"});
  REQUIRE(decider.reserved == 2);
  SECTION("RSET") {
    session.on_abort();
  }
  SECTION("close") {
    session.on_close();
  }
  SECTION("RSET and close, as for a lost client") {
    session.on_abort();
    session.on_abort();
    session.on_close();
  }
  SECTION("MAIL without RSET") {
    session.on_mail("<other@a.example>", {"", "smtp", ""});
  }
  SECTION("MAIL that is not understood") {
    session.on_mail("<\x01>", {"", "smtp", ""});
  }
  SECTION("error at end of message") {
    decider.fail_at = "commit";
    RecordedChanges changes;
    CHECK_THROWS(session.on_eom(kQueueId, changes));
    session.after_eom_error();
  }
  CHECK(decider.reserved == 0);
  CHECK(decider.committed == 0);
  CHECK(decider.aborts == 1);
}

TEST_CASE("close after end of message gives nothing back", "[milter][unit]") {
  FakeDecider decider;
  Session session(decider, OnError::Accept);
  begin_message(session, {"<one@b.example>"});
  RecordedChanges changes;
  session.on_eom(kQueueId, changes);
  session.on_close();
  CHECK(decider.committed == 1);
  CHECK(decider.aborts == 0);
}

TEST_CASE("addresses that make no sense are accepted and not counted", "[milter][unit]") {
  const auto address = GENERATE(as<std::string>{}, "<news@a.example", "<@>", "<a@>", "<@b.example>",
                                "<a\x01@b.example>", "<a@b..example>", "<a@b c>", "<<a@b.example>>",
                                "<a@b\r\n.example>", "<" + std::string(5000, 'a') + "@b.example>",
                                "<" + std::string(2000, 'a') + "@b.example>");
  CAPTURE(address);
  FakeDecider decider;
  RecordedChanges changes;
  const auto before = telemetry::counter("milter_not_understood_total").value();

  Session as_sender(decider, OnError::Tempfail);
  as_sender.on_mail(address, {"", "smtp", ""});
  CHECK(as_sender.on_rcpt("<reject@b.example>", {"", "smtp"}).kind == Kind::Continue);
  CHECK(as_sender.on_eom(kQueueId, changes).kind == Kind::Continue);
  CHECK(decider.senders.empty());

  Session as_recipient(decider, OnError::Tempfail);
  as_recipient.on_mail("<news@a.example>", {"", "smtp", ""});
  CHECK(as_recipient.on_rcpt(address, {"", "smtp"}).kind == Kind::Continue);
  CHECK(decider.recipients.empty());
  CHECK(telemetry::counter("milter_not_understood_total").value() == before + 2);
}

TEST_CASE("a null recipient is accepted and not counted", "[milter][unit]") {
  FakeDecider decider;
  Session session(decider, OnError::Accept);
  session.on_mail("<news@a.example>", {"", "smtp", ""});
  CHECK(session.on_rcpt("<>", {"", "smtp"}).kind == Kind::Continue);
  CHECK(decider.recipients.empty());
}

TEST_CASE("commands out of order do nothing", "[milter][unit]") {
  FakeDecider decider;
  Session session(decider, OnError::Tempfail);
  RecordedChanges changes;
  CHECK(session.on_rcpt("<reject@b.example>", {"", "smtp"}).kind == Kind::Continue);
  CHECK(session.on_eom(kQueueId, changes).kind == Kind::Continue);
  session.on_abort();
  session.on_close();
  CHECK(decider.recipients.empty());
  CHECK(decider.aborts == 0);
}

TEST_CASE("recipients beyond the limit are deferred", "[milter][unit]") {
  FakeDecider decider;
  Session session(decider, OnError::Accept);
  session.on_mail("<news@a.example>", {"", "smtp", ""});
  for (std::size_t i = 0; i < kRecipientsMax; ++i) {
    session.on_rcpt("<u" + std::to_string(i) + "@b.example>", {"", "smtp"});
  }
  session.on_rcpt("<defer@b.example>", {"", "smtp"});
  CHECK(decider.reserved == static_cast<int>(kRecipientsMax));
  const Answer answer = session.on_rcpt("<more@b.example>", {"", "smtp"});
  CHECK(answer.kind == Kind::Defer);
  CHECK(answer.reply.code == "451");
  CHECK(answer.reply.enhanced == "4.5.3");
  CHECK(decider.reserved == static_cast<int>(kRecipientsMax));
}

TEST_CASE("refused recipients do not fill the limit", "[milter][unit]") {
  FakeDecider decider;
  Session session(decider, OnError::Accept);
  session.on_mail("<news@a.example>", {"", "smtp", ""});
  for (std::size_t i = 0; i < kRecipientsMax; ++i) {
    session.on_rcpt("<defer@b.example>", {"", "smtp"});
  }
  CHECK(session.on_rcpt("<one@b.example>", {"", "smtp"}).kind == Kind::Continue);
}

TEST_CASE("a non-SMTP session has no limit of recipients", "[milter][unit]") {
  FakeDecider decider;
  Session session(decider, OnError::Tempfail);
  session.on_mail("news@a.example", {"8CA19A9A6C1", "", ""});
  for (std::size_t i = 0; i < kRecipientsMax + 1; ++i) {
    REQUIRE(session.on_rcpt("u@b.example", {"8CA19A9A6C1", ""}).kind == Kind::Continue);
  }
  CHECK(decider.reserved == static_cast<int>(kRecipientsMax));
}

TEST_CASE("what the engine wants at the end is done to the message", "[milter][unit]") {
  FakeDecider decider;
  Session session(decider, OnError::Accept);
  RecordedChanges changes;
  begin_message(session, {"<one@b.example>", "<two@b.example>", "<three@c.example>"});
  SECTION("nothing") {
    session.on_eom(kQueueId, changes);
    CHECK(changes.removed.empty());
    CHECK(changes.held.empty());
    CHECK(changes.headers.empty());
  }
  SECTION("hold, with a reason that no MTA misreads") {
    decider.ending.hold = true;
    decider.ending.hold_reason = "rampart: 50% used\r\nX: y";
    session.on_eom(kQueueId, changes);
    CHECK(changes.held == std::vector<std::string>{"rampart: 50? used??X: y"});
  }
  SECTION("tag") {
    decider.ending.tag = "action=tag\r\nBcc: all@b.example";
    session.on_eom(kQueueId, changes);
    CHECK(changes.headers == std::vector<std::string>{"X-Rampart: action=tag??Bcc: all@b.example"});
  }
  SECTION("drop") {
    decider.ending.drop = {"<one@b.example>", "<three@c.example>"};
    session.on_eom(kQueueId, changes);
    CHECK(changes.removed == decider.ending.drop);
    CHECK(changes.held.empty());
  }
  SECTION("drop and hold") {
    decider.ending.drop = {"<one@b.example>"};
    decider.ending.hold = true;
    decider.ending.hold_reason = "rampart: full";
    const bool fails = GENERATE(false, true);
    changes.refuse = fails ? "<one@b.example>" : "";
    const std::uint64_t failed = telemetry::counter("milter_changes_failed_total").value();
    session.on_eom(kQueueId, changes);
    CHECK(changes.removed == decider.ending.drop);
    CHECK(changes.held == std::vector<std::string>{"rampart: full"});
    // It must not go by itself to a recipient that was to be dropped.
    CHECK(decider.for_person ==
          (fails ? std::vector<std::string>{std::string(kQueueId)} : std::vector<std::string>{}));
    CHECK(telemetry::counter("milter_changes_failed_total").value() == failed + (fails ? 1U : 0U));
  }
}

// Goal: no way of dropping loses a message: without recipients both MTAs forget it without a trace.
TEST_CASE("a message that would lose all its recipients is held instead", "[milter][unit]") {
  struct Case {
    std::vector<std::string> recipients;
    std::vector<std::string> drop;
    bool held;
  };
  const auto c = GENERATE(values<Case>({
      {{"<a@b.example>"}, {"<a@b.example>"}, true},
      {{"<a@b.example>", "<a@b.example>"}, {"<a@b.example>"}, true},
      {{"<a@b.example>", "a@b.example"}, {"<a@b.example>"}, true},
      {{"<a@b.example>", "<c@b.example>"}, {"<c@b.example>", "<a@b.example>"}, true},
      {{"<a@b.example>", "<c@b.example>"}, {"<a@b.example>"}, false},
      {{"<a@b.example>", "<c@b.example>"}, {"<a@b.example>", "<a@b.example>"}, false},
      {{"<a@b.example>", "<\x01>"},
       {"<a@b.example>"},
       false},  // one is left, though not understood
      {{"<a@b.example>", "<defer@b.example>"}, {"<a@b.example>"}, true},
  }));
  FakeDecider decider;
  Session session(decider, OnError::Accept);
  begin_message(session, c.recipients);
  decider.ending.drop = c.drop;
  RecordedChanges changes;
  session.on_eom(kQueueId, changes);
  CAPTURE(c.recipients, c.drop);
  CHECK(changes.held.empty() != c.held);
  CHECK(changes.removed.empty() == c.held);
}

TEST_CASE("a recipient that cannot be removed holds the message", "[milter][unit]") {
  FakeDecider decider;
  Session session(decider, OnError::Accept);
  begin_message(session, {"<a@b.example>", "<c@b.example>", "<d@b.example>"});
  decider.ending.drop = {"<a@b.example>", "<c@b.example>"};
  RecordedChanges changes;
  changes.refuse = "<a@b.example>";
  session.on_eom(kQueueId, changes);
  CHECK(changes.removed.size() == 2);
  CHECK(changes.held.size() == 1);
  CHECK(decider.went_out.empty());
  CHECK(decider.for_person.empty());  // the engine holds nothing
}

TEST_CASE("held mail of the engine's is marked, and no other", "[milter][unit]") {
  struct Case {
    bool hold;
    bool marks;
    std::string queue_id;
    std::string sender;
    std::vector<std::string> headers;
  };
  const auto c = GENERATE(values<Case>({
      {true, true, "4Xk2Pq1z9Rz", "<a@a.example>", {"X-Rampart-Held: mark of 4Xk2Pq1z9Rz"}},
      {true, false, "4Xk2Pq1z9Rz", "<a@a.example>", {}},
      {false, true, "4Xk2Pq1z9Rz", "<a@a.example>", {}},  // held for another reason: see below
      {true, true, "", "<a@a.example>", {}},
      {true, true, "4Xk2Pq1z9Rz", "<>", {}},
  }));
  FakeDecider decider;
  decider.marks = c.marks;
  Session session(decider, OnError::Accept);
  begin_message(session, {"<u@b.example>"}, c.sender);
  decider.ending.hold = c.hold;
  decider.ending.drop = {"<u@b.example>"};
  RecordedChanges changes;
  session.on_eom(c.queue_id, changes);
  CAPTURE(c.hold, c.marks, c.queue_id, c.sender);
  CHECK(changes.headers == c.headers);
  CHECK(changes.held.size() == (c.sender == "<>" ? 0U : 1U));
}

TEST_CASE("the engine is told when the MTA cannot hold", "[milter][unit]") {
  FakeDecider decider;
  Session session(decider, OnError::Accept);
  begin_message(session, {"<a@b.example>"});
  decider.ending.hold = true;
  RecordedChanges changes;
  changes.can_hold = false;
  CHECK(session.on_eom(kQueueId, changes).kind == Kind::Continue);
  CHECK(decider.went_out == std::vector<std::string>{std::string(kQueueId)});
}

TEST_CASE("errors are answered as configured", "[milter][unit]") {
  const OnError on_error = GENERATE(OnError::Accept, OnError::Tempfail);
  const std::string fail_at = GENERATE("begin", "decide", "commit");
  const Kind expected = on_error == OnError::Accept ? Kind::Continue : Kind::Defer;
  FakeDecider decider;
  decider.fail_at = fail_at;
  Session session(decider, on_error);
  CAPTURE(fail_at);
  RecordedChanges changes;
  if (fail_at == "begin") {
    CHECK_THROWS(session.on_mail("<news@a.example>", {"", "smtp", ""}));
    CHECK(session.on_rcpt("<one@b.example>", {"", "smtp"}).kind == expected);
  } else {
    session.on_mail("<news@a.example>", {"", "smtp", ""});
    if (fail_at == "decide") {
      CHECK_THROWS(session.on_rcpt("<one@b.example>", {"", "smtp"}));
      const Answer answer = session.after_rcpt_error();
      CHECK(answer.kind == expected);
      if (expected == Kind::Defer) {
        CHECK(answer.reply.code == "451");
        CHECK(answer.reply.enhanced == "4.3.0");
      }
    } else {
      session.on_rcpt("<one@b.example>", {"", "smtp"});
      CHECK_THROWS(session.on_eom(kQueueId, changes));
      CHECK(session.after_eom_error().kind == expected);
    }
  }
  // The next message is not affected.
  decider.fail_at.clear();
  begin_message(session, {"<one@b.example>"});
  CHECK(session.on_eom(kQueueId, changes).kind == Kind::Continue);
  CHECK(decider.committed == 1);
}

TEST_CASE("an error while giving back ends the transaction all the same", "[milter][unit]") {
  FakeDecider decider;
  Session session(decider, OnError::Accept);
  begin_message(session, {"<one@b.example>"});
  decider.fail_at = "abort";
  CHECK_THROWS(session.on_abort());
  decider.fail_at.clear();
  session.on_close();
  CHECK(decider.aborts == 1);
}

}  // namespace
}  // namespace rampart::milter
