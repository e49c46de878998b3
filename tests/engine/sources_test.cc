// Several sources, and lines that somebody else wrote.

#include "rampart/mail/trail_event.h"

#include "fixture.h"

namespace rampart::test {
namespace {

void open(Bench& bench, const std::string& source) {
  bench.engine->set_source_status({source, true, base::Micros{0}, 0, 0, ""});
}

TEST_CASE("what two sources tell is counted once", "[engine][unit]") {
  Bench bench;
  open(bench, "journal");
  REQUIRE(bench.send("x@a.example", "bob@gmail.example", "A00001"));
  const std::vector<std::string> lines{
      active("A00001", "x@a.example"),
      Bench::delivery("A00001", "bob@gmail.example", "mx.google.example", kTooFast)};
  bench.log(lines);
  bench.clock.advance(std::chrono::milliseconds{700});  // the journal's stamps are finer
  bench.log(lines, "journal");
  const engine::FlowStatus flow = bench.flow("a.example", "gmail");
  CHECK(flow.deferrals == 1);
  CHECK(flow.deferred_waiting == 1);
  CHECK(bench.engine->replies().at(0).count == 1);
  bench.restart();
  open(bench, "journal");
  bench.log(lines, "journal");
  CHECK(bench.engine->replies().at(0).count == 1);
  // The queue's next try is another event.
  bench.clock.advance(std::chrono::minutes{5});
  bench.log(lines, "journal");
  bench.log(lines);
  CHECK(bench.engine->replies().at(0).count == 2);
}

TEST_CASE("a throttle hidden before a success counts once in two sources", "[engine][unit]") {
  Bench bench;
  open(bench, "journal");
  REQUIRE(bench.send("x@a.example", "bob@gmail.example", "A00001"));
  const std::string refused =
      "postfix/smtp[9]: A00001: host mx.google.example[203.0.113.5] refused to talk to me: 421 "
      "4.7.28 unusual rate of mail";
  bench.log({active("A00001", "x@a.example"), refused});
  bench.log({active("A00001", "x@a.example"), refused}, "journal");
  CHECK(bench.flow("a.example", "gmail").deferrals == 1);
}

TEST_CASE("lines of a followed log that a program brings as well count once", "[engine][unit]") {
  Bench bench;
  REQUIRE(bench.send("x@a.example", "bob@gmail.example", "A00001"));
  const std::vector<std::string> lines{
      active("A00001", "x@a.example"),
      Bench::delivery("A00001", "bob@gmail.example", "mx.google.example", kFull)};
  bench.log(lines);
  bench.log(lines, "feed:stdin");
  CHECK(bench.engine->replies().at(0).count == 1);
}

TEST_CASE("lines that a program brings again count once", "[engine][unit]") {
  Bench bench;
  REQUIRE(bench.send("x@a.example", "bob@gmail.example", "A00001"));
  const std::vector<std::string> lines{
      active("A00001", "x@a.example"),
      Bench::delivery("A00001", "bob@gmail.example", "mx.google.example", kFull)};
  bench.log(lines, "feed:stdin");
  bench.log(lines, "feed:stdin");
  CHECK(bench.engine->replies().at(0).count == 1);
}

TEST_CASE("a log that others can write to vouches for itself alone", "[engine][unit]") {
  Bench bench;
  open(bench, "journal");
  const std::string forged =
      Bench::delivery("A00001", "victim@gmail.example", "mx.google.example", kUnknownUser);
  // Mail that passed without the milter: only the source that told of it is heard about it.
  bench.log({active("A00001", "x@a.example")}, "journal");
  bench.log({forged});
  CHECK(bench.engine->status().suppressed == 0);
  bench.log({forged}, "journal");
  CHECK(bench.engine->status().suppressed == 1);
}

TEST_CASE("a line about a recipient that a message does not have is not believed",
          "[engine][unit]") {
  Bench bench;
  REQUIRE(bench.send("x@a.example", "bob@gmail.example", "A00001"));
  const bool told = GENERATE(false, true);
  if (told) {
    bench.log({active("A00001", "x@a.example")});
  }
  bench.log({Bench::delivery("A00001", "victim@gmail.example", "mx.google.example", kUnknownUser),
             Bench::delivery("A00001", "other@gmail.example", "mx.google.example", kTooFast)});
  CHECK(bench.engine->status().suppressed == 0);
  CHECK(bench.flow("a.example", "gmail").summary.status == ramp::FlowStatus::Open);
  bench.log({Bench::delivery("A00001", "bob@gmail.example", "mx.google.example", kUnknownUser)});
  CHECK(bench.engine->status().suppressed == 1);
}

TEST_CASE("mailboxes do not stand for a log", "[engine][unit]") {
  Bench bench;
  bench.engine.reset();
  auto made = engine::Engine::create(bench.policy, *bench.store, bench.clock);
  REQUIRE(made.has_value());
  bench.engine = std::move(*made);
  open(bench, "maildir:/var/mail/bounces");
  CHECK(bench.engine->status().feed_problem == "no log is read");
  open(bench, "log");
  CHECK(bench.engine->status().feed_problem.empty());
}

TEST_CASE("the trail of a message is told in order and survives a restart", "[engine][unit]") {
  Bench bench;
  REQUIRE(bench.send("x@a.example", "bob@gmail.example", "A00001"));
  bench.clock.advance(std::chrono::seconds{2});
  bench.log({active("A00001", "x@a.example"),
             Bench::delivery("A00001", "bob@gmail.example", "mx.google.example", kTooFast)});
  bench.clock.advance(std::chrono::minutes{20});
  bench.log({Bench::delivery("A00001", "bob@gmail.example", "mx.google.example", kSent),
             "postfix/qmgr[1]: A00001: removed"});
  const bool restart = GENERATE(false, true);
  if (restart) {
    bench.restart();
  }
  const auto events = bench.engine->events_of(*mail::parse_queue_id("A00001"));
  REQUIRE(events.has_value());
  std::vector<std::string> what;
  for (const mail::TrailEvent& event : *events) {
    what.push_back(event.what);
    CHECK(event.sender == "a.example");
    CHECK(event.provider == "gmail");
  }
  CHECK(what == std::vector<std::string>{"accepted", "deferred", "sent"});
  CHECK(events->at(1).rule == "too-fast");
  CHECK(bench.engine->events_of(*mail::parse_queue_id("A00002"))->empty());
}

TEST_CASE("replies that no rule knows are told apart by kind", "[engine][unit]") {
  Bench bench;
  const auto odd = [](int number) {
    return "dsn=4.0.0, status=deferred (host mx.google.example[203.0.113.5] said: 450 Wibble " +
           std::to_string(number) + " for you (in reply to RCPT TO command))";
  };
  for (int i = 0; i < 3; ++i) {
    const std::string id = "A0000" + std::to_string(i);
    const std::string from = "x@s" + std::to_string(i) + ".example";  // two in a row would pause
    const std::string to = "r" + std::to_string(i) + "@gmail.example";
    REQUIRE(bench.send(from, to, id));
    bench.log({active(id, from), Bench::delivery(id, to, "mx.google.example", odd(1000 + i))});
  }
  bench.restart();
  const auto replies = bench.engine->replies();
  REQUIRE(replies.size() == 1);
  CHECK(replies[0].count == 3);
  CHECK(replies[0].provider == "gmail");
  CHECK(replies[0].reply_class == "undefined");
  CHECK(bench.engine->status().replies_unknown == 1);
}

TEST_CASE("a message that Sendmail splits keeps its units", "[engine][unit]") {
  Bench bench;
  REQUIRE(bench.send_to("x@a.example", {"bob@gmail.example", "eve@gmail.example"}, "A00001"));
  report::LogLine clone;
  clone.time = bench.clock.wall_now();
  clone.queue_id = *mail::parse_queue_id("A00002");
  clone.event = report::Cloned{*mail::parse_queue_id("A00001")};
  store::CursorRecord cursor;
  cursor.source = "log";
  bench.engine->learn({&clone, 1}, cursor);
  bench.log({Bench::delivery("A00002", "eve@gmail.example", "mx.google.example", kSent),
             Bench::delivery("A00001", "bob@gmail.example", "mx.google.example", kSent)});
  const engine::FlowStatus flow = bench.flow("a.example", "gmail");
  CHECK(flow.in_flight == 0);
  CHECK(flow.delivered == 2);
  CHECK(flow.summary.allowance.used_day == 2);  // nothing was charged twice
}

TEST_CASE("a recipient that another milter removed gives its unit back", "[engine][unit]") {
  Bench bench;
  REQUIRE(bench.send_to("x@a.example", {"bob@gmail.example", "eve@gmail.example"}, "A00001"));
  report::LogLine removed;
  removed.time = bench.clock.wall_now();
  removed.queue_id = *mail::parse_queue_id("A00001");
  removed.event = report::RecipientRemoved{*mail::parse_address("eve@gmail.example")};
  store::CursorRecord cursor;
  cursor.source = "log";
  const std::vector<report::LogLine> twice{removed, removed};
  bench.engine->learn(twice, cursor);
  const engine::FlowStatus flow = bench.flow("a.example", "gmail");
  CHECK(flow.in_flight == 1);
  CHECK(flow.summary.allowance.used_day == 1);
}

}  // namespace
}  // namespace rampart::test
