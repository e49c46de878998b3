#include "rampart/history/correlator.h"

#include "support/catch.h"

#include "history/lines.h"

namespace rampart::history {
namespace {

using Lines = std::vector<std::string>;

std::string active(std::string_view id, std::string_view from = "news@sender.example") {
  return rampart::test::active(id, from);
}
std::string to(std::string_view id,
               std::string_view recipient,
               std::string_view end,
               std::string_view relay = "mx.google.example") {
  return rampart::test::Bench::delivery(id, recipient, relay, end);
}
using rampart::test::kSent;
using rampart::test::kTooFast;
using rampart::test::kUnknownUser;

constexpr std::string_view kNotNow =
    "dsn=4.0.0, status=deferred (host mx.google.example[203.0.113.5] said: 451 not now (in reply "
    "to RCPT TO command))";

/// "sender>provider class attempts", with "stays" if it stays in the queue.
std::string describe(const Outcome& outcome, const Correlator& correlator) {
  const bool forgotten = outcome.kind == Outcome::Kind::Forgotten;
  return correlator.senders().text(outcome.sender) + ">" +
         correlator.providers().text(outcome.provider) + " " +
         std::string(forgotten ? "forgotten" : reply::to_string(outcome.reported.reply_class)) +
         " " + std::to_string(outcome.attempts) + (outcome.reported.final ? "" : " stays");
}

Lines summarize(const Lines& lines, policy::Options options = rampart::test::strict_options()) {
  Correlator correlator(test::active(std::move(options)));
  Lines outcomes;
  for (const report::LogLine& line : test::parse(lines)) {
    correlator.add(line, [&](Outcome& outcome) {
      outcomes.push_back(describe(outcome, correlator));
      outcome.standing = ramp::Standing::Neither;
    });
  }
  return outcomes;
}

struct Case {
  const char* name;
  Lines lines;
  Lines expected;
};

TEST_CASE("outcomes of mail that leaves", "[history][unit]") {
  const std::string sent = "sender.example>gmail delivered 1";
  const std::vector<Case> cases{
      {"delivered", {active("A1234"), to("A1234", "u@gmail.example", kSent)}, {sent}},
      {"deferred, then delivered",
       {active("A1234"), to("A1234", "u@gmail.example", kTooFast), active("A1234"),
        to("A1234", "u@gmail.example", kSent)},
       {"sender.example>gmail rate_limited 1 stays", "sender.example>gmail delivered 2"}},
      {"two recipients",
       {active("A1234"), to("A1234", "u@gmail.example", kUnknownUser),
        to("A1234", "v@gmail.example", kSent)},
       {"sender.example>gmail mailbox_unknown 1", sent}},
      {"a reply known only by its code has no reason",
       {active("A1234"), to("A1234", "u@gmail.example", kNotNow)},
       {"sender.example>gmail undefined 1 stays"}},
      {"a domain of nobody's",
       {active("A1234"), to("A1234", "u@mail.firm.example", kSent, "mx.firm.example")},
       {"sender.example>firm.example delivered 1"}},
      {"a relay that shows the provider",
       {active("A1234"), to("A1234", "u@firm.example", kSent)},
       {sent}},
      {"null sender",
       {active("A1234", ""), to("A1234", "u@gmail.example", kSent)},
       {"<>>gmail delivered 1"}},
      {"another's words about a named provider",
       {active("A1234"), to("A1234", "u@gmail.example", kTooFast, "mx.evil.example")},
       {"sender.example>gmail policy 1 stays"}},
      {"expired",
       {active("A1234"), to("A1234", "u@gmail.example", kTooFast),
        "postfix/qmgr[1]: A1234: from=<news@sender.example>, status=expired, returned to sender"},
       {"sender.example>gmail rate_limited 1 stays", "sender.example>gmail expired 1"}},
      {"refused to talk, of a message that has a recipient there",
       {active("A1234"), to("A1234", "u@gmail.example", kTooFast),
        "postfix/smtp[9]: A1234: host mx.google.example[203.0.113.5] refused to talk to me: 421 "
        "4.7.28 unusual rate of mail"},
       {"sender.example>gmail rate_limited 1 stays", "sender.example>gmail rate_limited 1"}},
  };
  for (const Case& test : cases) {
    CAPTURE(test.name);
    CHECK(summarize(test.lines) == test.expected);
  }
}

TEST_CASE("what is no outcome", "[history][unit]") {
  const std::vector<Case> cases{
      {"a message that nobody took up", {to("A1234", "u@gmail.example", kSent)}, {}},
      {"another queue ID", {active("A1235"), to("A1234", "u@gmail.example", kSent)}, {}},
      {"after its removal",
       {active("A1234"), "postfix/qmgr[1]: A1234: removed", to("A1234", "u@gmail.example", kSent)},
       {}},
      {"another instance",
       {"postfix-in/qmgr[1]: A1234: from=<a@sender.example>, size=4, nrcpt=1 (queue active)",
        to("A1234", "u@gmail.example", kSent)},
       {}},
      {"our own refusal that came back",
       {active("A1234"),
        to("A1234", "u@gmail.example",
           "dsn=4.7.1, status=deferred (host mx.google.example[203.0.113.5] said: 451 4.7.1 "
           "rampart: full (in reply to RCPT TO command))")},
       {}},
      {"local delivery",
       {active("A1234"),
        "postfix/local[9]: A1234: to=<root@sender.example>, relay=local, delay=1, "
        "delays=0/0/0/1, dsn=2.0.0, status=sent (delivered to mailbox)"},
       {}},
      {"nobody was asked",
       {active("A1234"),
        "postfix/error[9]: A1234: to=<u@gmail.example>, relay=none, delay=1, delays=0/0/0/1, "
        "dsn=4.7.28, status=deferred (delivery temporarily suspended: host "
        "mx.google.example[203.0.113.5] said: 421 4.7.28 unusual rate of mail)"},
       {}},
      {"another program's line",
       {active("A1234"),
        "cron[9]: A1234: to=<u@gmail.example>, relay=x[203.0.113.5]:25, status=sent"},
       {}},
      {"refused to talk, nobody is known to be there",
       {active("A1234"),
        "postfix/smtp[9]: A1234: host mx.google.example[203.0.113.5] refused to talk to me: 421 "
        "4.7.28 unusual rate of mail"},
       {}},
      {"expired, nobody is known to be left",
       {active("A1234"),
        "postfix/qmgr[1]: A1234: from=<news@sender.example>, status=expired, returned to sender"},
       {}},
  };
  for (const Case& test : cases) {
    CAPTURE(test.name);
    CHECK(summarize(test.lines) == test.expected);
  }
}

TEST_CASE("queue IDs are followed", "[history][unit]") {
  const std::string filtered =
      "postfix/smtp[9]: A1234: to=<u@gmail.example>, relay=127.0.0.1[127.0.0.1]:10024, delay=1, "
      "delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as B1234)";
  const std::string sent = "sender.example>gmail delivered 1";
  const std::vector<Case> cases{
      {"through a content filter",
       {active("A1234"), active("B1234"), filtered, to("B1234", "u@gmail.example", kSent)},
       {sent}},
      {"requeued by an operator",
       {active("A1234"), to("A1234", "u@gmail.example", kTooFast),
        "postfix/pickup[9]: B1234: uid=100 from=<news@sender.example> orig_id=A1234",
        active("B1234"), to("B1234", "u@gmail.example", kSent)},
       {"sender.example>gmail rate_limited 1 stays", "sender.example>gmail delivered 2"}},
      {"a queue ID that is used again",
       {active("A1234"), to("A1234", "u@gmail.example", kSent), "postfix/qmgr[1]: A1234: removed",
        active("A1234", "x@other.example"), to("A1234", "u@gmail.example", kSent)},
       {sent, "other.example>gmail delivered 1"}},
  };
  for (const Case& test : cases) {
    CAPTURE(test.name);
    CHECK(summarize(test.lines) == test.expected);
  }
}

// --- chains of queue IDs, told in any order ---

report::LogLine line(std::string_view id, report::Event event, int minute) {
  report::LogLine line;
  line.time = test::kReference + std::chrono::minutes{minute};
  line.service = "esmtp";
  line.queue_id = *mail::parse_queue_id(id);
  line.event = std::move(event);
  return line;
}

report::Delivery attempt(mail::DeliveryStatus status, bool attempted) {
  report::Delivery delivery;
  delivery.recipient = *mail::parse_address("u@gmail.example");
  delivery.status = status;
  delivery.attempted = attempted;
  delivery.leaves_host = true;
  if (attempted) {
    delivery.relay = {"mx.google.example", "203.0.113.5", 25};
    delivery.reply = mail::parse_reply(
        status == mail::DeliveryStatus::Sent ? "250 2.0.0 ok" : "452 4.2.2 over quota",
        mail::Stage::Rcpt);
  }
  return delivery;
}

// A split message's recipient moved along before the new queue ID's sender was named.
TEST_CASE("a recipient that moved to a message without a name keeps its sender",
          "[history][unit]") {
  using mail::DeliveryStatus;
  const report::Event expired = report::Expired{};
  const report::Event removed = report::Removed{};
  const report::Event deleted = report::Deleted{};
  const report::Event refused = report::RefusedToTalk{
      {"mx.google.example", "203.0.113.5", 25},
      mail::parse_reply("421 4.7.28 unusual rate of mail", mail::Stage::Connect)};
  report::Delivery forwarded = attempt(DeliveryStatus::Sent, false);
  forwarded.forwarded_as = *mail::parse_queue_id("C1234");
  const report::Event cloned = report::Cloned{*mail::parse_queue_id("A1234")};
  const report::Event requeued = report::Requeued{*mail::parse_queue_id("B1234")};
  struct Chain {
    const char* name;
    std::vector<std::pair<const char*, report::Event>> events;
    Lines expected;
  };
  const std::string full = "sender.example>gmail mailbox_full 1 stays";
  const std::string gone = "sender.example>gmail forgotten 1";
  const std::vector<Chain> chains{
      {"expired", {{"B1234", expired}}, {full, "sender.example>gmail expired 1"}},
      {"refused", {{"B1234", refused}}, {full, "sender.example>gmail rate_limited 1"}},
      {"removed", {{"B1234", removed}, {"B1234", expired}}, {full, gone}},
      {"deleted", {{"B1234", deleted}, {"A1234", expired}}, {full, gone}},
      {"requeued",
       {{"C1234", requeued}, {"C1234", expired}},
       {full, "sender.example>gmail expired 1"}},
      {"forwarded",
       {{"B1234", forwarded}, {"C1234", expired}},
       {full, "sender.example>gmail expired 1"}},
      {"forwarded and taken up there",
       {{"C1234", report::QueueActive{*mail::parse_address("x@other.example"), 1}},
        {"B1234", forwarded},
        {"C1234", attempt(DeliveryStatus::Sent, true)}},
       {full, "sender.example>gmail delivered 2"}},
  };
  for (const Chain& chain : chains) {
    CAPTURE(chain.name);
    Correlator correlator(test::active());
    Lines outcomes;
    int minute = 0;
    const auto add = [&](std::string_view id, const report::Event& event) {
      correlator.add(line(id, event, ++minute), [&](Outcome& outcome) {
        outcomes.push_back(describe(outcome, correlator));
        outcome.standing = ramp::Standing::Neither;
      });
    };
    add("A1234", report::QueueActive{*mail::parse_address("news@sender.example"), 2});
    add("B1234", cloned);  // before anybody has named the sender of either
    add("A1234", attempt(DeliveryStatus::Deferred, true));
    add("B1234", attempt(DeliveryStatus::Deferred, false));
    for (const auto& [id, event] : chain.events) {
      add(id, event);
    }
    CHECK(outcomes == chain.expected);
  }
}

TEST_CASE("chains of messages that nobody took up are no outcomes", "[history][unit]") {
  const std::vector<report::Event> events{report::Cloned{*mail::parse_queue_id("A1234")},
                                          report::Requeued{*mail::parse_queue_id("A1234")},
                                          report::Expired{},
                                          report::Removed{},
                                          report::Deleted{},
                                          attempt(mail::DeliveryStatus::Deferred, true),
                                          attempt(mail::DeliveryStatus::Sent, false)};
  for (const report::Event& one : events) {
    for (const report::Event& two : events) {
      for (const report::Event& three : events) {
        Correlator correlator(test::active());
        std::size_t outcomes = 0;
        int minute = 0;
        for (const report::Event& event : {one, two, three}) {
          correlator.add(line(minute == 0 ? "A1234" : "B1234", event, minute),
                         [&](Outcome&) { ++outcomes; });
          ++minute;
        }
        CHECK(outcomes == 0);
      }
    }
  }
}

TEST_CASE("arrival and attempts are told", "[history][unit]") {
  Correlator correlator(test::active());
  std::vector<Outcome> outcomes;
  Lines recipients;
  const auto keep = [&](Outcome& outcome) {
    outcome.standing = ramp::Standing::Deferred;
    outcomes.push_back(outcome);
    recipients.emplace_back(outcome.recipient);
  };
  for (const report::LogLine& line :
       test::parse({"2026-11-02T10:00:00Z mta1 " + active("A1234"),
                    "2026-11-02T10:00:05Z mta1 " + to("A1234", "u@gmail.example", kTooFast),
                    "2026-11-02T11:00:00Z mta1 " + active("A1234"),
                    "2026-11-02T11:00:05Z mta1 " + to("A1234", "u@gmail.example", kSent)})) {
    correlator.add(line, keep);
  }
  REQUIRE(outcomes.size() == 2);
  CHECK(recipients == Lines{"u@gmail.example", "u@gmail.example"});
  CHECK(outcomes[0].attempts == 1);
  CHECK(outcomes[1].attempts == 2);
  for (const Outcome& outcome : outcomes) {
    CHECK(base::format_utc(outcome.arrived) == "2026-11-02T10:00:00Z");
    CHECK(outcome.transaction_recipients == 1);
    CHECK(outcome.message == outcomes[0].message);
  }
}

TEST_CASE("mail that went through a filter arrived before it", "[history][unit]") {
  Correlator correlator(test::active());
  std::string arrived;
  for (const report::LogLine& line : test::parse(
           {"2026-11-02T10:00:00Z mta1 " + active("A1234"),
            "2026-11-02T10:00:05Z mta1 " + active("B1234"),
            "2026-11-02T10:00:05Z mta1 postfix/smtp[9]: A1234: to=<u@gmail.example>, "
            "relay=127.0.0.1[127.0.0.1]:10024, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent "
            "(250 2.0.0 Ok: queued as B1234)",
            "2026-11-02T10:00:06Z mta1 " + to("B1234", "u@gmail.example", kSent)})) {
    correlator.add(line, [&](Outcome& outcome) { arrived = base::format_utc(outcome.arrived); });
  }
  CHECK(arrived == "2026-11-02T10:00:00Z");
}

TEST_CASE("messages are forgotten", "[history][unit]") {
  struct Forgotten {
    const char* name;
    Lines lines;
    std::size_t messages;
  };
  const std::string day = "2026-11-02T10:00:00Z mta1 ";
  const std::vector<Forgotten> cases{
      {"kept", {day + active("A1234"), "2026-11-07T09:00:00Z mta1 " + active("B1234")}, 2},
      {"after five days",
       {day + active("A1234"), "2026-11-07T11:00:00Z mta1 " + active("B1234")},
       1},
      {"removed", {day + active("A1234"), day + "postfix/qmgr[1]: A1234: removed"}, 0},
      {"done, and never removed",
       {day + active("A1234"), day + to("A1234", "u@gmail.example", kSent),
        "2026-11-02T12:00:00Z mta1 " + active("B1234")},
       1},
      {"not done",
       {day + active("A1234"), day + to("A1234", "u@gmail.example", kTooFast),
        "2026-11-02T12:00:00Z mta1 " + active("B1234")},
       2},
  };
  for (const Forgotten& test : cases) {
    CAPTURE(test.name);
    Correlator correlator(test::active());
    for (const report::LogLine& line : test::parse(test.lines)) {
      correlator.add(line, [](Outcome&) {});
    }
    CHECK(correlator.counts().messages == test.messages);
  }
}

}  // namespace
}  // namespace rampart::history
