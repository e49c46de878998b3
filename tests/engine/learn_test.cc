#include "fixture.h"

namespace rampart::test {
namespace {

using Answer = engine::Verdict::Answer;

TEST_CASE("a delivery settles the unit that was admitted", "[engine][unit]") {
  Bench bench;
  REQUIRE(bench.send("x@a.example", "Bob@gmail.example", "A00001"));
  CHECK(bench.flow("a.example", "gmail").in_flight == 1);
  bench.log({active("A00001", "x@a.example"),
             Bench::delivery("A00001", "bob@gmail.example", "mx.google.example", kSent),
             "postfix/qmgr[1]: A00001: removed"});
  const engine::FlowStatus flow = bench.flow("a.example", "gmail");
  CHECK(flow.in_flight == 0);
  CHECK(flow.delivered == 1);
  CHECK(flow.summary.allowance.used_day == 1);
  CHECK(flow.summary.allowance.got_day == 1);
}

TEST_CASE("a delivery counts also after the clock was set back by more than a day",
          "[engine][unit]") {
  Bench bench;
  REQUIRE(bench.send("x@a.example", "bob@gmail.example", "A00001"));
  bench.clock.set_wall(bench.clock.wall_now() - std::chrono::hours{26});
  bench.log({Bench::delivery("A00001", "bob@gmail.example", "mx.google.example", kSent)});
  const engine::FlowStatus flow = bench.flow("a.example", "gmail");
  CHECK(flow.in_flight == 0);
  CHECK(flow.summary.allowance.used_day == 1);
  CHECK(flow.summary.allowance.got_day == 1);
}

TEST_CASE("a limit of one recipient is no throttle of the flow", "[engine][unit]") {
  Bench bench;
  REQUIRE(bench.send("x@a.example", "bob@gmail.example", "A00001"));
  bench.log({active("A00001", "x@a.example"),
             Bench::delivery("A00001", "bob@gmail.example", "mx.google.example",
                             "dsn=4.2.1, status=deferred (host mx.google.example[203.0.113.5] "
                             "said: 450 4.2.1 The user is receiving mail too quickly (in reply to "
                             "RCPT TO command))")});
  const engine::FlowStatus flow = bench.flow("a.example", "gmail");
  CHECK(flow.summary.status == ramp::FlowStatus::Open);
  CHECK(flow.deferrals == 0);
  CHECK(flow.last_reply.empty());
}

TEST_CASE("a line about a message that is not ours changes nothing", "[engine][unit]") {
  Bench bench;
  REQUIRE(bench.send("x@a.example", "bob@gmail.example", "A00001"));
  bench.log({Bench::delivery("F0F0F0", "bob@gmail.example", "mx.google.example", kUnknownUser),
             Bench::delivery("F0F0F1", "bob@gmail.example", "mx.google.example", kTooFast)});
  CHECK(bench.flow("a.example", "gmail").summary.status == ramp::FlowStatus::Open);
  CHECK(bench.flow("a.example", "gmail").in_flight == 1);
  CHECK(bench.engine->status().suppressed == 0);
}

TEST_CASE("a hard bounce at RCPT suppresses the recipient from the next message on",
          "[engine][unit]") {
  Bench bench;
  REQUIRE(bench.send("x@a.example", "bob@gmail.example", "A00001"));
  bench.log({active("A00001", "x@a.example"),
             Bench::delivery("A00001", "bob@gmail.example", "mx.google.example", kUnknownUser),
             "postfix/qmgr[1]: A00001: removed"});
  auto transaction = bench.begin("y@other.example");
  const engine::Verdict verdict = bench.ask(transaction, "bob@gmail.example");
  CHECK(verdict.answer == Answer::Reject);
  CHECK(verdict.enhanced == "5.1.1");
  CHECK(verdict.text ==
        "rampart: bob@gmail.example is suppressed (550 5.1.1 on 2026-11-21); ask postmaster");
  const auto why = bench.engine->why_suppressed("bob@GMAIL.example");
  REQUIRE(why.has_value());
  REQUIRE(why->entries.size() == 1);
  CHECK(why->entries[0].reason == suppression::Reason::Hard);
  CHECK(why->entries[0].rule == "user-unknown");
  CHECK(why->entries[0].queue_id == "A00001");
  CHECK(why->history.size() == 1);
  bench.restart();
  auto again = bench.begin("y@other.example");
  CHECK(bench.ask(again, "bob@gmail.example").answer == Answer::Reject);
  REQUIRE(bench.engine->remove_suppression("bob@gmail.example", "", "root").has_value());
  CHECK(bench.ask(again, "bob@gmail.example").answer == Answer::Continue);
  CHECK(bench.engine->remove_suppression("bob@gmail.example", "", "root").error().kind ==
        base::Error::Kind::NotFound);
}

TEST_CASE("a reply of several lines is quoted by its codes", "[engine][unit]") {
  Bench bench;
  REQUIRE(bench.send("x@a.example", "bob@gmail.example", "A00001"));
  bench.log({active("A00001", "x@a.example"),
             Bench::delivery("A00001", "bob@gmail.example", "mx.google.example",
                             "dsn=5.1.1, status=bounced (host mx.google.example[203.0.113.5] said: "
                             "550-5.1.1 The account does not exist. 550 5.1.1 Try again (in reply "
                             "to RCPT TO command))")});
  auto transaction = bench.begin("y@other.example");
  const engine::Verdict verdict = bench.ask(transaction, "bob@gmail.example");
  CHECK(verdict.enhanced == "5.1.1");
  CHECK(verdict.text ==
        "rampart: bob@gmail.example is suppressed (550 5.1.1 on 2026-11-21); ask postmaster");
}

TEST_CASE("too fast pauses the flow and the queue's retry is the probe", "[engine][unit]") {
  Bench bench;
  REQUIRE(bench.send("x@a.example", "bob@gmail.example", "A00001"));
  bench.log({active("A00001", "x@a.example"),
             Bench::delivery("A00001", "bob@gmail.example", "mx.google.example", kTooFast)});
  engine::FlowStatus flow = bench.flow("a.example", "gmail");
  CHECK(flow.summary.status == ramp::FlowStatus::Paused);
  CHECK(flow.last_rule == "too-fast");
  CHECK(flow.deferred_waiting == 1);
  CHECK(flow.in_flight == 0);
  CHECK_FALSE(bench.send("x@a.example", "2@gmail.example", "A00002"));
  CHECK(bench.send("y@b.example", "2@gmail.example", "A00003"));
  bench.clock.advance(std::chrono::minutes{16});
  bench.log({active("A00003", "y@b.example")});
  bench.see_feed();
  CHECK_FALSE(bench.send("x@a.example", "2@gmail.example", "A00004"));
  bench.restart();  // who waits is remembered
  CHECK_FALSE(bench.send("x@a.example", "2@gmail.example", "A00004"));
  bench.log({Bench::delivery("A00001", "bob@gmail.example", "mx.google.example", kSent),
             "postfix/qmgr[1]: A00001: removed"});
  CHECK(bench.send("x@a.example", "2@gmail.example", "A00005"));
}

TEST_CASE("what only its code tells is met as a reply that no rule knows", "[engine][unit]") {
  struct Case {
    std::string text;
    bool pauses;
  };
  // A recipient that does not exist and a full mailbox are known reasons.
  const Case c = GENERATE(Case{"451 Kuulutus viibib", true},
                          Case{"550 5.1.1 The account does not exist", false},
                          Case{"452 4.2.2 The mailbox is over quota", false});
  CAPTURE(c.text);
  Bench bench;
  for (const char* id : {"A00001", "A00002"}) {
    const std::string to = std::string(id) + "@strange.example";
    REQUIRE(bench.send("x@a.example", to, id));
    bench.log({active(id, "x@a.example"),
               Bench::delivery(id, to, "mx.strange.example",
                               "dsn=4.0.0, status=deferred (host mx.strange.example[203.0.113.5] "
                               "said: " +
                                   c.text + " (in reply to RCPT TO command))")});
    const bool paused =
        bench.flow("a.example", "strange.example").summary.status == ramp::FlowStatus::Paused;
    CHECK(paused == (c.pauses && std::string_view(id) == "A00002"));
  }
}

TEST_CASE("only the provider that owns the relay is concerned", "[engine][unit]") {
  Bench bench;
  REQUIRE(bench.send("x@a.example", "bob@gmail.example", "A00001"));
  REQUIRE(bench.send("x@a.example", "bob@strange.example", "A00002"));
  bench.log({active("A00001", "x@a.example"), active("A00002", "x@a.example"),
             // Somebody else's host talks like Gmail about a Gmail address.
             Bench::delivery("A00001", "bob@gmail.example", "mx.evil.example", kTooFast),
             // A domain of its own, behind a host of its own, is concerned.
             Bench::delivery("A00002", "bob@strange.example", "mx.strange.example", kTooFast)});
  CHECK(bench.flow("a.example", "gmail").summary.status == ramp::FlowStatus::Open);
  CHECK(bench.flow("a.example", "gmail").in_flight == 0);
  CHECK(bench.flow("a.example", "strange.example").summary.status == ramp::FlowStatus::Paused);
}

TEST_CASE("the relay host teaches the provider of a domain", "[engine][unit]") {
  Bench bench;
  REQUIRE(bench.send("x@a.example", "bob@firm.example", "A00001"));
  CHECK(bench.engine->find_flow({"a.example", "firm.example"}).has_value());
  bench.log({active("A00001", "x@a.example"),
             Bench::delivery("A00001", "bob@firm.example", "mx2.google.example", kSent)});
  REQUIRE(bench.send("x@a.example", "eve@firm.example", "A00002"));
  CHECK(bench.flow("a.example", "gmail").summary.allowance.used_day == 1);
  bench.restart();
  REQUIRE(bench.send("z@c.example", "eve@firm.example", "A00003"));
  CHECK(bench.engine->find_flow({"c.example", "gmail"}).has_value());
}

TEST_CASE("mail that passed without us is charged once", "[engine][unit]") {
  Bench bench;
  bench.log({active("B00001", "x@a.example"),
             Bench::delivery("B00001", "bob@gmail.example", "mx.google.example", kTooFast)});
  bench.clock.advance(std::chrono::minutes{20});
  bench.log({active("B00001", "x@a.example"),
             Bench::delivery("B00001", "bob@gmail.example", "mx.google.example", kSent),
             "postfix/qmgr[1]: B00001: removed"});
  const engine::FlowStatus flow = bench.flow("a.example", "gmail");
  CHECK(flow.summary.allowance.used_day == 1);
  CHECK(flow.summary.allowance.got_day == 1);
  CHECK(flow.deferred_waiting == 0);
}

TEST_CASE("our own refusals and local deliveries teach nothing", "[engine][unit]") {
  Bench bench;
  REQUIRE(bench.send("x@a.example", "bob@gmail.example", "A00001"));
  bench.log(
      {active("A00001", "x@a.example"),
       "postfix/cleanup[5]: A00001: to=<bob@gmail.example>, relay=none, delay=0, delays=0/0/0/0, "
       "dsn=5.1.1, status=bounced (rampart: does not exist)",
       "postfix/smtp[9]: A00001: to=<bob@gmail.example>, relay=127.0.0.1[127.0.0.1]:10025, "
       "delay=1, "
       "delays=0/0/0/1, dsn=5.1.1, status=bounced (host 127.0.0.1[127.0.0.1] said: 550 5.1.1 does "
       "not exist (in reply to RCPT TO command))"});
  CHECK(bench.engine->status().suppressed == 0);
  CHECK(bench.flow("a.example", "gmail").in_flight == 0);
  CHECK(bench.flow("a.example", "gmail").refused == 0);
}

TEST_CASE("a later milter's refusal gives the unit back", "[engine][unit]") {
  Bench bench;
  REQUIRE(bench.send("x@a.example", "bob@gmail.example", "A00001"));
  bench.log(
      {"postfix/cleanup[5]: A00001: milter-reject: END-OF-MESSAGE from "
       "client.example[192.0.2.9]: 5.7.1 spam; from=<x@a.example> to=<bob@gmail.example> "
       "proto=ESMTP helo=<client.example>"});
  const engine::FlowStatus flow = bench.flow("a.example", "gmail");
  CHECK(flow.summary.allowance.used_day == 0);
  CHECK(flow.in_flight == 0);
}

TEST_CASE("a throttle hidden before a success pauses the flow", "[engine][unit]") {
  Bench bench;
  REQUIRE(bench.send("x@a.example", "bob@gmail.example", "A00001"));
  bench.log({active("A00001", "x@a.example"),
             "postfix/smtp[9]: A00001: host mx1.google.example[203.0.113.5] refused to talk to me: "
             "421 4.7.28 unusual rate of mail",
             Bench::delivery("A00001", "bob@gmail.example", "mx2.google.example", kSent),
             "postfix/qmgr[1]: A00001: removed"});
  CHECK(bench.flow("a.example", "gmail").summary.status == ramp::FlowStatus::Paused);
  CHECK(bench.flow("a.example", "gmail").deferred_waiting == 0);
}

TEST_CASE("through a content filter the unit goes on under the new queue ID", "[engine][unit]") {
  Bench bench;
  REQUIRE(bench.send("x@a.example", "bob@gmail.example", "A00001"));
  bench.log({active("A00001", "x@a.example"), active("B00002", "x@a.example"),
             "postfix/smtp[9]: A00001: to=<bob@gmail.example>, relay=127.0.0.1[127.0.0.1]:10025, "
             "delay=1, "
             "delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as B00002)",
             "postfix/qmgr[1]: A00001: removed"});
  CHECK(bench.flow("a.example", "gmail").in_flight == 1);
  bench.restart();
  CHECK(bench.flow("a.example", "gmail").in_flight == 1);
  bench.log({Bench::delivery("B00002", "bob@gmail.example", "mx.google.example", kSent),
             "postfix/qmgr[1]: B00002: removed"});
  const engine::FlowStatus flow = bench.flow("a.example", "gmail");
  CHECK(flow.in_flight == 0);
  CHECK(flow.summary.allowance.used_day == 1);
  CHECK(flow.summary.allowance.got_day == 1);
}

TEST_CASE("incoming mail makes no senders", "[engine][unit]") {
  policy::Options options = strict_options();
  options.new_senders_per_day = 1;
  Bench bench(options);
  for (const std::string name : {"a", "b", "c"}) {
    bench.log({active("D0000" + name, "x@spam-" + name + ".example"),
               "postfix/local[9]: D0000" + name +
                   ": to=<me@home.example>, relay=local, delay=1, delays=0/0/0/1, dsn=2.0.0, "
                   "status=sent (delivered to mailbox)"});
  }
  CHECK(bench.engine->status().flows.empty());
  REQUIRE(bench.send("x@customer.example", "1@gmail.example", "A00001"));
  CHECK(bench.engine->find_flow({"customer.example", "gmail"}).has_value());
}

TEST_CASE("a forged line teaches no provider", "[engine][unit]") {
  Bench bench;
  bench.log({Bench::delivery("F0F0F0", "x@victim.example", "mx.google.example", kSent)});
  REQUIRE(bench.send("x@a.example", "1@victim.example", "A00001"));
  CHECK(bench.engine->find_flow({"a.example", "victim.example"}).has_value());
}

TEST_CASE("removal, deletion and expiry leave nothing in flight", "[engine][unit]") {
  Bench bench;
  const std::string how =
      GENERATE(as<std::string>{}, "postfix/qmgr[1]: A00001: removed",
               "postfix/postsuper[3]: A00001: removed",
               "postfix/qmgr[1]: A00001: from=<x@a.example>, status=expired, returned to sender");
  CAPTURE(how);
  REQUIRE(bench.send("x@a.example", "bob@gmail.example", "A00001"));
  bench.log({active("A00001", "x@a.example"), how});
  CHECK(bench.flow("a.example", "gmail").in_flight == 0);
  CHECK(bench.flow("a.example", "gmail").summary.allowance.used_day == 1);
  CHECK(bench.engine->status().suppressed == 0);
}

TEST_CASE("a requeued message keeps its units under the new queue ID", "[engine][unit]") {
  Bench bench;
  REQUIRE(bench.send("x@a.example", "bob@gmail.example", "A00001"));
  bench.log({"postfix/pickup[2]: B00002: uid=103 from=<> orig_id=A00001",
             active("B00002", "x@a.example"),
             Bench::delivery("B00002", "bob@gmail.example", "mx.google.example", kSent)});
  const engine::FlowStatus flow = bench.flow("a.example", "gmail");
  CHECK(flow.in_flight == 0);
  CHECK(flow.summary.allowance.used_day == 1);
  CHECK(flow.delivered == 1);
}

TEST_CASE("without a healthy feed mail in flight limits nothing", "[engine][unit]") {
  policy::Options options = strict_options();
  options.constants.flight_min = 1;
  Bench bench(options);
  REQUIRE(bench.send("x@a.example", "1@gmail.example", "A00001"));
  CHECK_FALSE(bench.send("x@a.example", "2@gmail.example", "A00002"));
  bench.engine->set_source_status({"log", false, base::Micros{0}, 0, 0, "permission denied"});
  bench.engine->tick();
  CHECK(bench.send("x@a.example", "2@gmail.example", "A00003"));
  const engine::Status status = bench.engine->status();
  CHECK_FALSE(status.feed_healthy);
  REQUIRE_FALSE(status.warnings.empty());
  CHECK(status.warnings[0].find("permission denied") != std::string::npos);
}

TEST_CASE("a log that is silent while mail is admitted is not this MTA's", "[engine][unit]") {
  Bench bench;
  REQUIRE(bench.send("x@a.example", "1@gmail.example", "A00001"));
  CHECK(bench.engine->status().feed_healthy);
  bench.clock.advance(std::chrono::minutes{4});
  bench.see_feed();
  REQUIRE(bench.send("x@a.example", "2@gmail.example", "A00002"));  // is no answer to the first
  bench.clock.advance(std::chrono::minutes{2});
  bench.see_feed();
  CHECK(bench.engine->status().feed_problem.starts_with("no line has come since"));
  bench.log({active("A00001", "x@a.example")});
  CHECK(bench.engine->status().feed_healthy);
}

}  // namespace
}  // namespace rampart::test
