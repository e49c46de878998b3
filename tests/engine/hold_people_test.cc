// What is held, what people do with it, and what they are told.

#include "rampart/report/sendmail.h"

#include "hold_bench.h"

namespace rampart::test {
namespace {

using engine::Verdict;
using Answer = Verdict::Answer;

TEST_CASE("observe holds nothing", "[engine][unit]") {
  policy::Options options = hold_options();
  options.mode = policy::Mode::Observe;
  HoldBench bench(options);
  for (int i = 0; i < 5; ++i) {
    CHECK_FALSE(bench.send_held("x@gmail.example", "A000" + std::to_string(i)));
  }
  CHECK(bench.held().empty());
}

TEST_CASE("over = auto holds for those who submit and forget", "[engine][unit]") {
  struct Case {
    const char* name;
    mail::Client client;
    Action with_releaser;
    Action without;
  };
  const Case cases[] = {
      {"another server", {"h", "192.0.2.9", "", false}, Action::Defer, Action::Defer},
      {"a client that logged in", {"h", "192.0.2.9", "bob", false}, Action::Hold, Action::Defer},
      {"this host", {"localhost", "127.0.0.1", "", false}, Action::Hold, Action::Defer},
      {"this host, IPv6", {"localhost", "::1", "", false}, Action::Hold, Action::Defer},
      {"nearly this host", {"h", "12.7.0.1", "", false}, Action::Defer, Action::Defer},
      {"unknown", {"h", "", "", false}, Action::Defer, Action::Defer},
      {"sendmail(1)", {"localhost", "127.0.0.1", "", true}, Action::Hold, Action::Accept},
  };
  const bool alive = GENERATE(true, false);
  for (const Case& one : cases) {
    CAPTURE(one.name, alive);
    policy::Options options = hold_options();
    options.over = Action::Auto;
    FullBench bench(options);
    bench.answer(alive);
    bench.clock.advance(alive ? 0s : 301s);
    auto transaction = bench.engine->begin(one.client, *mail::parse_address("x@a.example"));
    const Verdict verdict = bench.ask(transaction, "3@gmail.example");
    const engine::Ending ending = bench.engine->commit(transaction, id("A0003"));
    const Action expected = alive ? one.with_releaser : one.without;
    CHECK((verdict.answer == Answer::Defer) == (expected == Action::Defer));
    CHECK(ending.hold == (expected == Action::Hold));
    CHECK(bench.used("gmail") == (expected == Action::Accept ? 3U : 2U));
    CHECK(bench.has_warning("where over = \"auto\" would hold it") ==
          (!alive && one.with_releaser == Action::Hold));
  }
}

TEST_CASE("what a person does with postsuper counts once", "[engine][unit]") {
  FullBench bench;
  bench.send_held("3@gmail.example", "A0003");
  bench.pass(1min);
  SECTION("released") {
    bench.log({"postfix/postsuper[1]: A0003: released from hold"});
    CHECK(bench.used("gmail") == 3);
    bench.log({active("A0003", "x@a.example"),
               bench.delivery("A0003", "3@gmail.example", "mx.google.example", kSent)});
    CHECK(bench.used("gmail") == 3);
    CHECK(bench.flow("a.example", "gmail").delivered == 1);
  }
  SECTION("taken up by the queue manager, and the word of its release was missed") {
    bench.log({active("A0003", "x@a.example")});
    CHECK(bench.used("gmail") == 3);
  }
  SECTION("deleted") {
    bench.log({"postfix/postsuper[1]: A0003: removed"});
    CHECK(bench.used("gmail") == 2);
  }
  SECTION("requeued under a new queue ID") {
    bench.log({"postfix/pickup[1]: A0007: uid=103 from=<x@a.example> orig_id=A0003"});
    CHECK(bench.used("gmail") == 3);
    bench.log({active("A0007", "x@a.example"),
               bench.delivery("A0007", "3@gmail.example", "mx.google.example", kSent)});
    CHECK(bench.used("gmail") == 3);
    CHECK(bench.flow("a.example", "gmail").delivered == 1);
  }
  SECTION("released after we began to") {
    REQUIRE(bench.engine->order_release({id("A0003")}, "root"));
    bench.log({"postfix/postsuper[1]: A0003: released from hold"});
    bench.end("A0003", Fate::StillHeld);
    CHECK(bench.used("gmail") == 3);
  }
  SECTION("deleted with rampart hold drop") {
    REQUIRE(bench.engine->drop_held({id("A0003"), id("A0009")}, "root"));
    CHECK(bench.used("gmail") == 2);
    bench.crash();
  }
  CHECK(bench.held().empty());
  bench.crash();
  CHECK(bench.held().empty());
}

TEST_CASE("what Sendmail says of a message that it quarantines leaves it held", "[engine][unit]") {
  FullBench bench;
  bench.send_held("3@gmail.example", "6ALAwjh9000033");
  std::vector<report::LogLine> lines;
  for (const char* entry :
       {"6ALAwjh9000033: from=<x@a.example>, size=69, class=0, nrcpts=1, msgid=<7@bench>, "
        "proto=ESMTP, daemon=MTA, relay=localhost [127.0.0.1]",
        "6ALAwjh9000033: milter=rampart, quarantine=rampart: a.example, day",
        "6ALAwjh9000033: to=<3@gmail.example>, delay=00:00:00, mailer=esmtp, pri=30069, "
        "quarantine=rampart: a.example, day, stat=quarantined"}) {
    report::read_sendmail_entry(entry, true, lines);
  }
  for (report::LogLine& line : lines) {
    line.time = bench.clock.wall_now();
  }
  store::CursorRecord cursor;
  cursor.source = "log";
  cursor.offset = 1;
  bench.engine->learn(lines, cursor);
  CHECK(bench.held() == Ids{"6ALAwjh9000033"});
  CHECK(bench.used("gmail") == 2);
}

TEST_CASE("mail that still has a suppressed recipient waits for a person", "[engine][unit]") {
  FullBench bench;
  bench.send_held("3@gmail.example", "A0003");
  bench.engine->hold_for_person(id("A0003"));
  bench.engine->hold_for_person(id("A0009"));  // not held here
  const bool crash = GENERATE(false, true);
  if (crash) {
    REQUIRE(bench.engine->sync(10s));
    bench.crash();
  }
  REQUIRE(bench.held() == Ids{"A0003"});
  CHECK(bench.engine->held()[0].record.waits_for == store::HeldRecord::WaitsFor::Person);
  CHECK(bench.engine->held()[0].record.reason == "suppressed");
  bench.pass(72h);
  CHECK(bench.begin_release().empty());
}

TEST_CASE("mail that the store takes no record of is not held for its allowance",
          "[engine][unit]") {
  policy::Options options = hold_options();
  options.suppressed = Action::Hold;
  FullBench bench(options);
  REQUIRE(bench.engine->add_suppression(request("dead@gmail.example", "x"), "root"));
  bench.faulty->fails = true;
  std::vector<store::CursorRecord> cursors(200'000);  // as much as may wait
  for (std::size_t i = 0; i < cursors.size(); ++i) {
    cursors[i].source = std::to_string(i);
  }
  REQUIRE_FALSE(bench.engine->begin_sources(cursors));
  // While the writer tries again, for a moment, none of it waits: one may be taken.
  Ids accepted;
  Ids held;
  for (const char* one : {"A0003", "A0004", "A0005"}) {
    (bench.send_held("3@gmail.example", one) ? held : accepted).push_back(one);
  }
  CHECK(accepted.size() >= 2);
  CHECK(bench.held() == held);
  CHECK(bench.used("gmail") == 2 + accepted.size());
  CHECK(bench.send_held("dead@gmail.example", "B0001"));  // never mailed, whatever the store says
  CHECK(bench.held().back() == "B0001");
  bench.faulty->fails = false;
  REQUIRE(bench.engine->sync(10s));
  bench.log({active(accepted.front(), "x@a.example"),
             bench.delivery(accepted.front(), "3@gmail.example", "mx.google.example", kSent)});
  CHECK(bench.used("gmail") == 2 + accepted.size());
}

TEST_CASE("lines about an earlier message of the same queue ID change nothing", "[engine][unit]") {
  FullBench bench;
  const base::WallTime before = bench.clock.wall_now();
  bench.pass(1h);
  bench.send_held("3@gmail.example", "A0003");
  const base::WallTime now = bench.clock.wall_now();
  bench.clock.set_wall(before);  // the lines are stamped so
  bench.log({"postfix/postsuper[1]: A0003: released from hold", "postfix/qmgr[1]: A0003: removed"});
  bench.clock.set_wall(now);
  CHECK(bench.held() == Ids{"A0003"});
}

TEST_CASE("dropping what reserves or is being released gives it back", "[engine][unit]") {
  HoldBench bench;
  bench.send_held("1@gmail.example", "G0001");
  bench.send_held("2@gmail.example", "G0002");
  const auto both = bench.send_to("x@a.example", {"1@gmail.example", "3@outlook.example"}, "A0003");
  REQUIRE((both && both->hold));
  bench.pass(25h);
  const bool complete = GENERATE(false, true);
  if (!complete) {
    REQUIRE(bench.engine->pause_flow({"a.example", "outlook"}, 9min, "root"));
  }
  CHECK(bench.begin_release().size() == (complete ? 1U : 0U));
  CHECK(bench.used("gmail") == 1);
  REQUIRE(bench.engine->drop_held({id("A0003")}, "root"));
  CHECK(bench.used("gmail") == 0);
  CHECK(bench.held().empty());
}

TEST_CASE("what the hold queue no longer has waits no more", "[engine][unit]") {
  FullBench bench;
  bench.send_held("3@gmail.example", "A0003");
  bench.clock.advance(1s);
  bench.send_held("4@gmail.example", "A0004");
  bench.pass(1min);
  bench.engine->reconcile({}, bench.clock.wall_now());
  CHECK(bench.held() == Ids{"A0003", "A0004"});  // too young to tell
  bench.pass(5min);
  bench.engine->reconcile({"A0004", "SOMEBODYELSES1"}, bench.clock.wall_now());
  CHECK(bench.held() == Ids{"A0004"});
  CHECK(bench.engine->status().held == 1);
  SECTION("the log tells later that it was released") {
    bench.log({"postfix/postsuper[1]: A0003: released from hold"});
    CHECK(bench.used("gmail") == 3);
  }
  SECTION("a later list has it again") {
    bench.engine->reconcile({"A0003", "A0004"}, bench.clock.wall_now());
    CHECK(bench.held() == Ids{"A0003", "A0004"});
    bench.pass(25h);
    CHECK(bench.release() == Ids{"A0003", "A0004"});
  }
  SECTION("nobody ever tells") {
    bench.pass(25h);
    bench.engine->reconcile({"A0004"}, bench.clock.wall_now());
    bench.engine->reconcile({"A0003", "A0004"}, bench.clock.wall_now());
    CHECK(bench.release() == Ids{"A0004"});
  }
}

TEST_CASE("people see when held mail should go", "[engine][unit]") {
  FullBench bench;
  for (int i = 0; i < 7; ++i) {
    bench.send_held("3@gmail.example", "A100" + std::to_string(i));
    bench.clock.advance(1s);
  }
  bench.pass(1min);
  auto held = bench.engine->held();
  REQUIRE(held.size() == 7);
  for (std::size_t i = 0; i < held.size(); ++i) {
    REQUIRE(held[i].expected);
    CHECK(*held[i].expected > bench.clock.wall_now());
    CHECK((i == 0 || *held[i].expected >= *held[i - 1].expected));
    CHECK(*held[i].expected <= held[i].record.held_at + 48h);
  }
  CHECK(*held[6].expected > *held[0].expected);
  bench.clock.advance(6min);
  CHECK_FALSE(bench.engine->held()[0].expected);  // nobody releases
}

TEST_CASE("status tells of held mail and of who releases it", "[engine][unit]") {
  FullBench bench;
  CHECK(bench.engine->status().releaser.alive);
  CHECK_FALSE(bench.has_warning("releases held mail"));
  bench.send_held("3@gmail.example", "A0003");
  engine::Status status = bench.engine->status();
  CHECK(status.held == 1);
  CHECK(status.held_for_volume == 1);
  CHECK(status.oldest_held == bench.clock.wall_now());
  CHECK_FALSE(bench.has_warning("releases held mail"));
  bench.answer(false);
  CHECK(bench.engine->status().releaser.alive);  // a moment is no reason to worry
  bench.clock.advance(301s);
  CHECK_FALSE(bench.engine->status().releaser.alive);
  CHECK(bench.has_warning("nobody releases held mail (no answer): 1 message waits for it; start"));
  bench.engine->set_releaser({});
  CHECK(bench.has_warning("set [hold] releaser"));
}

}  // namespace
}  // namespace rampart::test
