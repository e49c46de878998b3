// Mails about mails: who is believed, and what they change.

#include "rampart/mail/notice_outcome.h"
#include "rampart/mail/trail_event.h"

#include "fixture.h"

namespace rampart::test {
namespace {

using Kind = mail::NoticeOutcome::Kind;

constexpr std::string_view kUnknown = "smtp; 550 5.1.1 The account does not exist";

policy::Options with_token() {
  policy::Options options = strict_options();
  options.token = true;
  options.reads_notices = true;
  options.host_names = {"mta1.a.example"};
  return options;
}

struct Told {
  std::string recipient = "bob@gmail.example";
  std::string original;
  std::string action = "failed";
  std::string status = "5.1.1";
  std::string diagnostic = std::string(kUnknown);
};

// A notice as RFC 3464 has it; `returned` is the header of the returned message.
std::string dsn(const std::vector<Told>& recipients,
                std::string_view returned,
                std::string_view reporting = "mx.google.example") {
  std::string text =
      "From: Mail Delivery System <MAILER-DAEMON@" + std::string(reporting) +
      ">\r\nTo: x@a.example\r\nSubject: Undelivered Mail Returned to Sender\r\n"
      "MIME-Version: 1.0\r\nAuto-Submitted: auto-replied\r\n"
      "Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\n\r\n"
      "--b\r\nContent-Type: text/plain\r\n\r\nIt could not be delivered.\r\n\r\n"
      "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; " +
      std::string(reporting) + "\r\n";
  for (const Told& one : recipients) {
    text += "\r\n";
    if (!one.original.empty()) {
      text += "Original-Recipient: rfc822;" + one.original + "\r\n";
    }
    text += "Final-Recipient: rfc822; " + one.recipient + "\r\nAction: " + one.action +
            "\r\nStatus: " + one.status + "\r\nDiagnostic-Code: " + one.diagnostic + "\r\n";
  }
  return text + "\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\nFrom: x@a.example\r\n" +
         std::string(returned) + "Subject: news\r\n\r\n--b--\r\n";
}

std::string header(std::string_view token) {
  return "X-Rampart-Id: " + std::string(token) + "\r\n";
}

std::string complaint(std::string_view token, std::string_view about) {
  return "From: <feedback@isp.example>\r\nSubject: abuse report\r\nMIME-Version: 1.0\r\n"
         "Content-Type: multipart/report; report-type=feedback-report; boundary=\"b\"\r\n\r\n"
         "--b\r\nContent-Type: text/plain\r\n\r\nA complaint.\r\n\r\n--b\r\n"
         "Content-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\n"
         "User-Agent: x/1\r\nVersion: 1\r\n" +
         (about.empty() ? std::string{} : "Original-Rcpt-To: <" + std::string(about) + ">\r\n") +
         "\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: x@a.example\r\n" +
         (token.empty() ? std::string{} : header(token)) +
         "Subject: news\r\n\r\nHello\r\n--b--\r\n";
}

mail::NoticeOutcome take(Bench& bench, const std::string& bytes) {
  const auto outcome = bench.engine->learn_message(bytes, bench.clock.wall_now(), "test");
  REQUIRE(outcome.has_value());
  return *outcome;
}

std::string token_of(Bench& bench,
                     const std::vector<std::string>& recipients,
                     std::string_view queue_id) {
  const auto ending = bench.send_to("x@a.example", recipients, queue_id);
  REQUIRE(ending.has_value());
  REQUIRE(ending->token.size() == 32);
  REQUIRE(bench.engine->sync(std::chrono::seconds{10}).has_value());
  return ending->token;
}

TEST_CASE("a token goes out only where it is asked for and can be kept", "[engine][unit]") {
  Bench plain;
  const auto without = plain.send_to("x@a.example", {"bob@gmail.example"}, "A00001");
  CHECK((without && without->token.empty()));
  Bench bench(with_token());
  const std::string first = token_of(bench, {"bob@gmail.example"}, "A00001");
  CHECK(first != token_of(bench, {"eve@gmail.example"}, "A00002"));
  const auto bounce = bench.send_to("<>", {"bob@gmail.example"}, "A00003");
  CHECK((bounce && bounce->token.empty()));
  engine::Transaction nameless = bench.begin("x@a.example");
  bench.ask(nameless, "bob@gmail.example");
  CHECK(bench.engine->commit(nameless, {}).token.empty());
}

TEST_CASE("a notice with the token suppresses, once", "[engine][unit]") {
  Bench bench(with_token());
  const std::string token = token_of(bench, {"Bob@gmail.example"}, "A00001");
  const std::string bytes = dsn({{}}, header(token));
  const auto outcome = take(bench, bytes);
  CHECK(outcome.kind == Kind::Counted);
  CHECK(outcome.recipients == 1);
  CHECK(outcome.queue_id == "A00001");
  CHECK(bench.engine->status().suppressed == 1);
  CHECK(take(bench, bytes).kind == Kind::Repeated);
  bench.restart();
  CHECK(take(bench, bytes).kind == Kind::Repeated);
  const auto why = bench.engine->why_suppressed("Bob@gmail.example");  // as it was written
  REQUIRE(why.has_value());
  REQUIRE(why->entries.size() == 1);
  REQUIRE(why->history.size() == 1);
  auto again = bench.begin("x@a.example");
  CHECK(bench.ask(again, "Bob@gmail.example").answer == engine::Verdict::Answer::Reject);
  const auto events = bench.engine->events_of(*mail::parse_queue_id("A00001"));
  REQUIRE(events.has_value());
  REQUIRE(events->size() == 2);
  CHECK(events->at(0).what == "accepted");
  CHECK(events->at(1).what == "notice: failed");
  CHECK(events->at(1).rule == "user-unknown");
}

TEST_CASE("a notice that this host's token does not vouch for changes nothing", "[engine][unit]") {
  Bench bench(with_token());
  const std::string token = token_of(bench, {"bob@gmail.example"}, "A00001");
  struct Case {
    std::string name;
    std::string bytes;
    Kind want;
  };
  const Told eve{"eve@gmail.example", "", "failed", "5.1.1", std::string(kUnknown)};
  const std::vector<Case> cases{
      {"no token", dsn({{}}, ""), Kind::NotOurs},
      {"a made-up token", dsn({{}}, header(std::string(32, 'a'))), Kind::NotOurs},
      {"a token cut by the remote", dsn({{}}, header(token.substr(0, 30))), Kind::NotOurs},
      {"the token of the notice itself", header(token) + dsn({{}}, ""), Kind::NotOurs},
      {"another recipient", dsn({eve}, header(token)), Kind::NotOurs},
      {"this host's own notice", dsn({{}}, header(token), "mta1.a.example"), Kind::Confirmed},
      {"a success",
       dsn({{"bob@gmail.example", "", "delivered", "2.0.0", "smtp; 250 ok"}}, header(token)),
       Kind::Nothing},
      {"an ordinary mail", "From: eve@b.example\r\nSubject: hello\r\n\r\n" + header(token),
       Kind::Nothing}};
  for (const Case& c : cases) {
    CAPTURE(c.name);
    CHECK(take(bench, c.bytes).kind == c.want);
    CHECK(bench.engine->status().suppressed == 0);
  }
  // All of them failed for the reason they name: the whole thing is believed.
  CHECK(take(bench, dsn({{}}, header(token))).kind == Kind::Counted);
}

TEST_CASE("of several tokens the one that the store knows counts", "[engine][unit]") {
  Bench bench(with_token());
  const std::string token = token_of(bench, {"bob@gmail.example"}, "A00001");
  const std::string other = header(std::string(32, 'b'));
  const auto returned = GENERATE(0, 1);
  const std::string bytes =
      dsn({{}}, returned == 0 ? other + header(token) : header(token) + other);
  CHECK(take(bench, bytes).kind == Kind::Counted);
}

TEST_CASE("the queue ID tells this host's own notice under any name", "[engine][unit]") {
  Bench bench(with_token());
  const std::string token = token_of(bench, {"bob@gmail.example"}, "A00001");
  std::string bytes = dsn({{}}, header(token), "other.a.example");
  const std::string field = "Reporting-MTA: dns; other.a.example\r\n";
  bytes.insert(bytes.find(field) + field.size(), "X-Postfix-Queue-ID: A00001\r\n");
  CHECK(take(bench, bytes).kind == Kind::Confirmed);
  CHECK(bench.engine->status().suppressed == 0);
}

TEST_CASE("a notice counts once for as long as its token is believed", "[engine][unit]") {
  Bench bench(with_token());
  const std::string token = token_of(bench, {"bob@gmail.example"}, "A00001");
  const std::string bytes = dsn({{}}, header(token));
  CHECK(take(bench, bytes).kind == Kind::Counted);
  for (int i = 0; i < 3; ++i) {
    bench.clock.advance(std::chrono::hours{24 * 9});
    bench.engine->tick();
    if (i == 1) {
      bench.restart();
    }
    CHECK(take(bench, bytes).kind == Kind::Repeated);
  }
}

TEST_CASE("the token is found folded and re-encoded", "[engine][unit]") {
  Bench bench(with_token());
  const std::string token = token_of(bench, {"bob@gmail.example"}, "A00001");
  const std::vector<std::string> spellings{
      "X-Rampart-Id:\r\n " + token + "\r\n",
      "x-rampart-id: " + token.substr(0, 20) + "\r\n " + token.substr(20) + "\r\n",
      "X-Rampart-Id: =?us-ascii?Q?" + token + "?=\r\n"};
  const std::size_t i = GENERATE(0U, 1U, 2U);
  CAPTURE(i);
  CHECK(take(bench, dsn({{}}, spellings[i])).kind == Kind::Counted);
  CHECK(bench.engine->status().suppressed == 1);
}

TEST_CASE("where several recipients know the token a notice is soft evidence", "[engine][unit]") {
  policy::Options options = with_token();
  options.plans["standard"].unlimited = true;
  options.constants.stop_share = 2;  // so many dead addresses would stop the sender
  Bench bench(options);
  for (int day = 0; day < 5; ++day) {
    const std::string id = "A0000" + std::to_string(day);
    const std::string token = token_of(bench, {"bob@gmail.example", "eve@gmail.example"}, id);
    CHECK(take(bench, dsn({{}}, header(token))).kind == Kind::Counted);
    CAPTURE(day);
    // Four distinct days over at least fourteen.
    CHECK(bench.engine->status().suppressed == (day >= 4 ? 1U : 0U));
    bench.clock.advance(std::chrono::hours{24 * 4});
    bench.see_feed();
  }
  const auto why = bench.engine->why_suppressed("bob@gmail.example");
  REQUIRE(why.has_value());
  REQUIRE(why->entries.size() == 1);
  CHECK(why->entries[0].reason == suppression::Reason::Soft);
  CHECK(why->entries[0].sender == "a.example");
}

TEST_CASE("a delay notice is soft evidence at most", "[engine][unit]") {
  Bench bench(with_token());
  const std::string token = token_of(bench, {"bob@gmail.example"}, "A00001");
  const Told delayed{"bob@gmail.example", "", "delayed", "5.1.1", std::string(kUnknown)};
  CHECK(take(bench, dsn({delayed}, header(token))).kind == Kind::Counted);
  CHECK(bench.engine->status().suppressed == 0);
  CHECK(take(bench, dsn({{}}, header(token))).kind == Kind::Counted);  // the end of the same
  CHECK(bench.engine->status().suppressed == 1);
}

TEST_CASE("a token is believed as long as it is kept", "[engine][unit]") {
  Bench bench(with_token());
  const std::string token = token_of(bench, {"bob@gmail.example"}, "A00001");
  bench.clock.advance(std::chrono::hours{24 * 31});
  CHECK(take(bench, dsn({{}}, header(token))).kind == Kind::NotOurs);
}

TEST_CASE("a complaint suppresses for its sender alone", "[engine][unit]") {
  Bench bench(with_token());
  CHECK(take(bench, complaint("", "bob@gmail.example")).kind == Kind::NotOurs);
  const std::string token = token_of(bench, {"bob@gmail.example"}, "A00001");
  CHECK(take(bench, complaint(token, "eve@gmail.example")).kind == Kind::NotOurs);
  CHECK(bench.engine->status().suppressed == 0);
  const auto about = GENERATE(as<std::string>{}, "bob@gmail.example", "");
  CHECK(take(bench, complaint(token, about)).kind == Kind::Counted);
  auto same = bench.begin("x@a.example");
  CHECK(bench.ask(same, "bob@gmail.example").answer == engine::Verdict::Answer::Reject);
  auto other = bench.begin("x@b.example");
  CHECK(bench.ask(other, "bob@gmail.example").answer == engine::Verdict::Answer::Continue);
}

TEST_CASE("a complaint about a message to several is soft evidence", "[engine][unit]") {
  Bench bench(with_token());
  const std::string token = token_of(bench, {"bob@gmail.example", "eve@gmail.example"}, "A00001");
  CHECK(take(bench, complaint(token, "")).kind == Kind::NotOurs);  // whose it is, nobody says
  CHECK(take(bench, complaint(token, "bob@gmail.example")).kind == Kind::Counted);
  CHECK(bench.engine->status().suppressed == 0);
}

TEST_CASE("the milter's notices are learned at the next tick", "[engine][unit]") {
  Bench bench(with_token());
  const std::string token = token_of(bench, {"bob@gmail.example"}, "A00001");
  bench.engine->offer_message(dsn({{}}, header(token)));
  CHECK(bench.engine->status().suppressed == 0);
  bench.engine->tick();
  CHECK(bench.engine->status().suppressed == 1);
}

TEST_CASE("behind a next hop the notices' silence makes the level", "[engine][unit]") {
  policy::Options options = with_token();
  options.smarthost = true;
  const bool reads = GENERATE(true, false);
  options.reads_notices = reads;
  Bench bench(options);
  const std::string token = token_of(bench, {"bob@gmail.example"}, "A00001");
  token_of(bench, {"eve@gmail.example"}, "A00002");
  const auto sent = [](std::string_view id, std::string_view to) {
    return Bench::delivery(id, to, "relay.isp.example", kSent);
  };
  bench.log({sent("A00001", "bob@gmail.example"), sent("A00002", "eve@gmail.example")});
  CHECK(bench.flow("a.example", "gmail").summary.allowance.got_day == (reads ? 2U : 0U));
  if (!reads) {
    return;
  }
  const Told blocked{"bob@gmail.example", "", "failed", "5.7.1",
                     "smtp; 554 5.7.1 on our block list"};
  CHECK(take(bench, dsn({blocked}, header(token), "relay.isp.example")).kind == Kind::Counted);
  CHECK(bench.flow("a.example", "gmail").summary.allowance.got_day == 1);
}

TEST_CASE("behind a next hop one recipient's word slows no provider", "[engine][unit]") {
  policy::Options options = with_token();
  options.smarthost = true;
  Bench bench(options);
  const Told throttled{"bob@gmail.example", "", "failed", "4.7.28",
                       "smtp; 421 4.7.28 unusual rate of mail\r\nRemote-MTA: dns; "
                       "mx.google.example"};
  for (int i = 0; i < 3; ++i) {
    const std::string id = "A0000" + std::to_string(i);
    const std::string token = token_of(bench, {"bob@gmail.example"}, id);
    CHECK(bench.flow("a.example", "gmail").summary.status != ramp::FlowStatus::Paused);
    bench.log({Bench::delivery(id, "bob@gmail.example", "relay.isp.example", kSent)});
    CHECK(take(bench, dsn({throttled}, header(token), "relay.isp.example")).kind == Kind::Counted);
  }
  CHECK(bench.flow("a.example", "gmail").summary.status == ramp::FlowStatus::Paused);
}

TEST_CASE("a next hop's own throttling slows no provider", "[engine][unit]") {
  policy::Options options = with_token();
  options.smarthost = true;
  Bench bench(options);
  REQUIRE(bench.send("x@a.example", "bob@strange.example", "A00001"));
  bench.log({Bench::delivery("A00001", "bob@strange.example", "relay.isp.example", kTooFast)});
  CHECK(bench.flow("a.example", "strange.example").summary.status == ramp::FlowStatus::Open);
}

}  // namespace
}  // namespace rampart::test
