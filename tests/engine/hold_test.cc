// The order in which held mail goes, and what it charges.

#include "hold_bench.h"

namespace rampart::test {
namespace {

using engine::Verdict;
using Answer = Verdict::Answer;
using State = store::HeldRecord::State;
using WaitsFor = store::HeldRecord::WaitsFor;

TEST_CASE("held mail goes in its order when its flow has room", "[engine][unit]") {
  FullBench bench;
  for (const char* one : {"A0003", "A0004", "A0005"}) {
    CHECK(bench.send_held("3@gmail.example", one));
    bench.clock.advance(1s);
  }
  CHECK(bench.used("gmail") == 2);
  bench.pass(1h);
  CHECK(bench.begin_release().empty());
  bench.pass(24h);
  CHECK(bench.begin_release() == Ids{"A0003", "A0004"});
  CHECK(bench.begin_release().empty());
  CHECK(bench.releasing() == Ids{"A0003", "A0004"});
  CHECK(bench.used("gmail") == 2);
  bench.end("A0003", Fate::Released);
  bench.end("A0004", Fate::Gone);
  CHECK(bench.releasing().empty());
  CHECK(bench.held() == Ids{"A0005"});
  CHECK(bench.used("gmail") == 2);
  bench.log({bench.delivery("A0003", "3@gmail.example", "mx.google.example", kSent)});
  CHECK(bench.flow("a.example", "gmail").delivered == 1);
  bench.pass(25h);
  CHECK(bench.release() == Ids{"A0005"});
  CHECK(bench.held().empty());
}

TEST_CASE("no more are begun than asked for, and the rest stays due", "[engine][unit]") {
  FullBench bench(hold_options(6));
  for (int i = 3; i < 9; ++i) {
    bench.send_held("x@gmail.example", "A000" + std::to_string(i));
    bench.clock.advance(1s);
  }
  CHECK(bench.held() == Ids{"A0007", "A0008"});
  bench.pass(25h);
  CHECK(bench.begin_release(1) == Ids{"A0007"});
  CHECK(bench.begin_release(1) == Ids{"A0008"});
}

TEST_CASE("a message is not released before the MTA can have put it away", "[engine][unit]") {
  FullBench bench;
  bench.pass(24h - 5s);
  CHECK(bench.send_held("3@gmail.example", "A0003"));
  bench.pass(6s);  // there is room from now on
  CHECK(bench.begin_release().empty());
  bench.pass(10s);
  CHECK(bench.begin_release() == Ids{"A0003"});
  // Another milter may keep it from the hold queue for minutes.
  bench.end("A0003", Fate::Gone);
  CHECK(bench.held() == Ids{"A0003"});
  CHECK(bench.used("gmail") == 0);
  bench.pass(6min);
  CHECK(bench.begin_release() == Ids{"A0003"});
  bench.end("A0003", Fate::Gone);
  CHECK(bench.held().empty());
  CHECK(bench.used("gmail") == 1);
}

TEST_CASE("young mail that is gone when it is asked for again has been let go", "[engine][unit]") {
  FullBench bench;
  REQUIRE_FALSE(bench.send_held("3@outlook.example", "A0003"));
  REQUIRE(bench.engine->pause_flow({"a.example", "outlook"}, 1s, "root"));
  REQUIRE(bench.send_held("5@outlook.example", "B0001"));
  bench.pass(11s);
  REQUIRE(bench.begin_release() == Ids{"B0001"});
  const int how = GENERATE(0, 1, 2, 3);
  CAPTURE(how);
  if (how == 1) {
    CHECK(bench.releasing() == Ids{"B0001"});  // the first request was not answered
  } else if (how == 2) {
    bench.crash();
  } else if (how == 3) {
    REQUIRE(bench.engine->order_release({id("B0001")}, "root"));
  }
  bench.end("B0001", Fate::Gone);
  CHECK(bench.used("outlook") == (how == 0 ? 1U : 2U));
  CHECK(bench.held().empty() == (how != 0));
}

TEST_CASE("what is still held is given back and tried again at its old place", "[engine][unit]") {
  FullBench bench;
  for (const char* one : {"A0003", "A0004", "A0005"}) {
    bench.send_held("3@gmail.example", one);
    bench.clock.advance(1s);
  }
  bench.pass(25h);
  REQUIRE(bench.begin_release() == Ids{"A0003", "A0004"});
  bench.end("A0003", Fate::StillHeld);
  CHECK(bench.used("gmail") == 1);
  CHECK(bench.in_flight("gmail") == 3);  // nobody told of A0001 and A0002
  CHECK(bench.held() == Ids{"A0003", "A0004", "A0005"});
  CHECK(bench.begin_release() == Ids{"A0005"});  // it does not stop the others
  bench.end("A0003", Fate::StillHeld);           // it is not being released
  bench.pass(59s);
  CHECK(bench.begin_release().empty());
  bench.pass(24h);
  CHECK(bench.begin_release() == Ids{"A0003"});
}

TEST_CASE("what cannot be looked at stays begun and charged, and stops nothing else",
          "[engine][unit]") {
  FullBench bench;
  bench.send_held("3@gmail.example", "A0003");
  bench.clock.advance(1s);
  bench.send_held("4@gmail.example", "A0004");
  bench.pass(25h);
  REQUIRE(bench.begin_release(1) == Ids{"A0003"});
  bench.end("A0003", Fate::Unknown);
  CHECK(bench.used("gmail") == 1);
  CHECK(bench.releasing().empty());  // not asked about for a while
  CHECK(bench.begin_release() == Ids{"A0004"});
  bench.end("A0004", Fate::Released);
  bench.pass(59s);
  CHECK(bench.releasing().empty());
  bench.pass(1s);
  CHECK(bench.releasing() == Ids{"A0003"});
  bench.end("A0003", Fate::Unknown);
  bench.pass(119s);
  CHECK(bench.releasing().empty());
  bench.pass(1s);
  REQUIRE(bench.releasing() == Ids{"A0003"});
  // It may have gone at first.
  bench.end("A0003", Fate::Gone);
  CHECK(bench.held().empty());
  CHECK(bench.used("gmail") == 2);
}

TEST_CASE("what the releaser does not know for ours waits for a person", "[engine][unit]") {
  FullBench bench;
  bench.send_held("3@gmail.example", "A0003");
  bench.pass(25h);
  REQUIRE(bench.begin_release() == Ids{"A0003"});
  REQUIRE(bench.used("gmail") == 1);
  bench.end("A0003", Fate::NotOurs);
  const bool crash = GENERATE(false, true);
  if (crash) {
    REQUIRE(bench.engine->sync(10s));
    bench.crash();
  }
  CHECK(bench.used("gmail") == 0);
  REQUIRE(bench.held() == Ids{"A0003"});
  const store::HeldRecord record = bench.engine->held()[0].record;
  CHECK(record.state == State::Waiting);
  CHECK(record.waits_for == WaitsFor::Person);
  CHECK(record.reason == "its mark is missing or of another key");
  bench.pass(72h);
  CHECK(bench.begin_release().empty());  // it is not tried again
  REQUIRE(bench.engine->order_release({id("A0003")}, "root"));
  bench.end("A0003", Fate::Released);
  CHECK(bench.held().empty());
}

TEST_CASE("a crash neither charges twice nor loses a charge", "[engine][unit]") {
  FullBench bench;
  bench.send_held("3@gmail.example", "A0003");
  bench.pass(25h);
  REQUIRE(bench.begin_release() == Ids{"A0003"});
  bench.crash();
  CHECK(bench.releasing() == Ids{"A0003"});
  CHECK(bench.held() == Ids{"A0003"});
  CHECK(bench.engine->held()[0].record.state == State::Releasing);
  CHECK(bench.used("gmail") == 1);
  CHECK(bench.begin_release().empty());
  SECTION("it is still held") {
    bench.end("A0003", Fate::StillHeld);
    CHECK(bench.used("gmail") == 0);
    bench.pass(2min);
    CHECK(bench.begin_release() == Ids{"A0003"});
    CHECK(bench.used("gmail") == 1);
  }
  SECTION("it went") {
    bench.end("A0003", Fate::Gone);
    CHECK(bench.used("gmail") == 1);
    bench.log({bench.delivery("A0003", "3@gmail.example", "mx.google.example", kSent)});
    CHECK(bench.used("gmail") == 1);
    CHECK(bench.flow("a.example", "gmail").delivered == 1);
  }
  SECTION("it went, and the log has told all of it") {
    bench.log({"postfix/postsuper[1]: A0003: released from hold", active("A0003", "x@a.example"),
               bench.delivery("A0003", "3@gmail.example", "mx.google.example", kSent),
               "postfix/qmgr[1]: A0003: removed"});
    CHECK(bench.releasing().empty());
    bench.end("A0003", Fate::StillHeld);
    CHECK(bench.used("gmail") == 1);
  }
  CHECK((bench.held().empty() || bench.held() == Ids{"A0003"}));
}

TEST_CASE("nothing begins that the store does not know of", "[engine][unit]") {
  FullBench bench;
  bench.send_held("3@gmail.example", "A0003");
  bench.pass(25h);
  bench.faulty->fails = true;
  CHECK_FALSE(bench.engine->begin_release(10));
  CHECK_FALSE(bench.engine->order_release({id("A0003")}, "root"));
  bench.faulty->fails = false;
  REQUIRE(bench.engine->sync(10s));
  CHECK(bench.releasing().empty());
  CHECK(bench.used("gmail") == 0);
  bench.crash();
  CHECK(bench.used("gmail") == 0);
  CHECK(bench.begin_release() == Ids{"A0003"});
  CHECK(bench.used("gmail") == 1);
}

TEST_CASE("a person's order goes past allowances and suppressions", "[engine][unit]") {
  policy::Options options = hold_options();
  options.suppressed = Action::Hold;
  FullBench bench(options);
  bench.send_held("3@gmail.example", "A0003");
  bench.clock.advance(1s);
  REQUIRE(bench.engine->add_suppression(request("dead@gmail.example", "x"), "root"));
  CHECK(bench.send_held("dead@gmail.example", "A0004"));
  CHECK(bench.engine->held()[1].record.waits_for == WaitsFor::Person);
  CHECK(bench.engine->status().held_for_person == 1);
  const auto ordered = bench.engine->order_release({id("A0004"), id("A0009"), id("A0003")}, "root");
  REQUIRE(ordered);
  CHECK(*ordered == std::vector{id("A0004"), id("A0003")});
  CHECK(bench.used("gmail") == 4);
  bench.crash();
  CHECK(bench.releasing() == Ids{"A0003", "A0004"});
  bench.end("A0003", Fate::Released);
  bench.end("A0004", Fate::StillHeld);
  CHECK(bench.used("gmail") == 3);
  CHECK(bench.engine->held()[0].record.waits_for == WaitsFor::Person);
}

TEST_CASE("mail held for a suppressed recipient blocks nobody", "[engine][unit]") {
  policy::Options options = hold_options();
  options.suppressed = Action::Hold;
  FullBench bench(options);
  REQUIRE(bench.engine->add_suppression(request("dead@gmail.example", "x"), "root"));
  bench.send_held("dead@gmail.example", "A0003");
  bench.send_held("4@gmail.example", "A0004");
  bench.pass(25h);
  CHECK(bench.release() == Ids{"A0004"});
  CHECK_FALSE(bench.send_held("5@gmail.example", "A0005"));
  bench.pass(72h);
  CHECK(bench.release().empty());  // not even when it is old
  CHECK(bench.held() == Ids{"A0003"});
}

TEST_CASE("new mail queues behind held mail while somebody releases", "[engine][unit]") {
  policy::Options options = hold_options();
  policy::Rule urgent;
  urgent.sender = "urgent.example";
  urgent.transactional = true;
  options.rules = {urgent};
  const bool defers = GENERATE(false, true);
  CAPTURE(defers);
  FullBench bench(options);
  bench.send_held("3@gmail.example", "A0003");
  if (defers) {
    options.over = Action::Defer;
    bench.engine->reload(build_policy(options));
  }
  for (const char* one : {"B0001", "B0002"}) {
    bench.send_held("u@gmail.example", one, "urgent");
  }
  bench.pass(25h);  // there is room for two
  SECTION("it is held or deferred, with its reason") {
    auto transaction = bench.begin("x@a.example");
    const Verdict verdict = bench.ask(transaction, "4@gmail.example");
    const engine::Ending ending = bench.engine->commit(transaction, id("A0004"));
    CHECK((verdict.answer == Answer::Defer) == defers);
    CHECK(ending.hold == !defers);
    if (defers) {
      CHECK(verdict.text.starts_with(
          "rampart: a.example to gmail has mail waiting that came before; try again after "));
    } else {
      CHECK(bench.engine->held().back().record.reason == "behind_held");
    }
    // Another flow is not concerned.
    CHECK_FALSE(bench.send_held("4@outlook.example", "A0005"));
    // When the one before has gone there is room for the next.
    bench.pass(10s);
    CHECK(bench.release().front() == "A0003");
    CHECK(bench.send("x@a.example", "6@gmail.example", "A0006") == true);
  }
  SECTION("not while nobody releases") {
    bench.clock.advance(5min + 1s);
    CHECK(bench.send("x@a.example", "4@gmail.example", "A0004"));
    CHECK(bench.held() == Ids{"A0003"});
  }
  SECTION("transactional mail goes past it") {
    bench.engine->reload(build_policy(hold_options()));
    bench.send_held("u@gmail.example", "B0003", "urgent");
    bench.send_held("u@gmail.example", "B0004", "urgent");
    REQUIRE(bench.send_held("u@gmail.example", "B0005", "urgent"));
    bench.engine->reload(build_policy(options));
    bench.pass(25h);
    CHECK(bench.send("u@urgent.example", "u@gmail.example", "B0006"));
    CHECK(bench.held().back() == "B0005");
  }
}

TEST_CASE("what a transaction has begun goes on in front of held mail", "[engine][unit]") {
  HoldBench bench(hold_options(10));
  REQUIRE_FALSE(bench.send_held("1@gmail.example", "A0001"));
  auto transaction = bench.begin("x@a.example");
  CHECK(bench.ask(transaction, "1@gmail.example").answer == Answer::Continue);
  REQUIRE(bench.engine->pause_flow({"a.example", "gmail"}, 1h, "root"));
  CHECK(bench.send_held("2@gmail.example", "A0002"));
  REQUIRE(bench.engine->resume_flow({"a.example", "gmail"}, "root"));
  bench.ask(transaction, "3@gmail.example");
  CHECK_FALSE(bench.engine->commit(transaction, id("A0003")).hold);
  CHECK(bench.send_held("4@gmail.example", "A0004"));
}

TEST_CASE("transactional mail goes before other held mail", "[engine][unit]") {
  policy::Options options = hold_options();
  policy::Rule urgent;
  urgent.sender = "a.example";
  urgent.transactional = true;
  FullBench bench(options);
  bench.send_held("3@gmail.example", "A0003");
  bench.clock.advance(1s);
  options.rules = {urgent};
  bench.engine->reload(build_policy(options));
  CHECK(bench.send_held("4@gmail.example", "A0004"));
  bench.restart();
  bench.answer();
  bench.pass(25h);
  CHECK(bench.begin_release(1) == Ids{"A0004"});
}

TEST_CASE("a message for several providers goes when it has all", "[engine][unit]") {
  HoldBench bench;
  CHECK_FALSE(bench.send_held("1@outlook.example", "B0001"));
  CHECK_FALSE(bench.send_held("2@outlook.example", "B0002"));
  const auto both = bench.send_to("x@a.example", {"1@gmail.example", "3@outlook.example"}, "A0003");
  REQUIRE((both && both->hold));
  bench.clock.advance(1s);
  CHECK(bench.used("gmail") == 0);
  CHECK_FALSE(bench.send_held("2@gmail.example", "A0004"));  // it waits for outlook, not for gmail
  SECTION("it takes nothing that would only lapse") {
    bench.pass(1h);
    CHECK(bench.begin_release().empty());
    CHECK(bench.used("gmail") == 1);
    bench.pass(24h);
    CHECK(bench.begin_release() == Ids{"A0003"});
    CHECK(bench.used("gmail") == 1);
    CHECK(bench.used("outlook") == 1);
  }
  SECTION("it keeps what it got for ten minutes") {
    CHECK_FALSE(bench.send_held("5@gmail.example", "A0005"));
    REQUIRE(bench.send_held("6@gmail.example", "A0006"));  // gmail is full as well
    bench.pass(23h + 55min);
    // Outlook has room in a moment, gmail for one.
    REQUIRE(bench.engine->pause_flow({"a.example", "outlook"}, 8min, "root"));
    bench.pass(6min);
    CHECK(bench.begin_release() == Ids{"A0006"});
    const std::uint32_t before = bench.used("gmail");
    bench.crash();
    CHECK(bench.used("gmail") == before);
    bench.pass(3min);
    CHECK(bench.begin_release() == Ids{"A0003"});
  }
}

TEST_CASE("one turn moves a bounded number of messages to other queues", "[engine][unit]") {
  HoldBench bench(hold_options(1000));
  const ramp::FlowKey outlook{"a.example", "outlook"};
  const ramp::FlowKey gmail{"a.example", "gmail"};
  const ramp::FlowKey other{"b.example", "gmail"};
  REQUIRE_FALSE(bench.send_held("1@outlook.example", "A0001"));
  REQUIRE_FALSE(bench.send_held("1@gmail.example", "A0002"));
  REQUIRE_FALSE(bench.send_held("1@gmail.example", "A0003", "b"));
  for (const ramp::FlowKey& key : {outlook, gmail, other}) {
    REQUIRE(bench.engine->pause_flow(key, 20h, "root"));
  }
  for (int i = 0; i < 500; ++i) {  // they wait for gmail, where they came last
    const auto both = bench.send_to("x@a.example", {"3@outlook.example", "3@gmail.example"},
                                    "C" + std::to_string(1000 + i));
    REQUIRE((both && both->hold));
  }
  bench.clock.advance(1s);
  REQUIRE(bench.send_held("2@gmail.example", "D0001"));
  REQUIRE(bench.send_held("2@gmail.example", "D0002", "b"));
  bench.pass(1min);
  REQUIRE(bench.engine->resume_flow(gmail, "root"));
  REQUIRE(bench.engine->resume_flow(other, "root"));
  CHECK(bench.release() == Ids{"D0002"});  // nobody else waits for them
  CHECK(bench.release().empty());
  CHECK(bench.release() == Ids{"D0001"});
  REQUIRE(bench.engine->resume_flow(outlook, "root"));
  bench.pass(1min);
  CHECK(bench.begin_release(600).size() == 500);
}

TEST_CASE("a reservation lapses and is given back", "[engine][unit]") {
  HoldBench bench;
  CHECK_FALSE(bench.send_held("1@gmail.example", "G0001"));
  CHECK_FALSE(bench.send_held("2@gmail.example", "G0002"));
  const auto both = bench.send_to("x@a.example", {"1@gmail.example", "3@outlook.example"}, "A0003");
  REQUIRE((both && both->hold));  // waits for gmail
  bench.pass(25h);
  REQUIRE(bench.engine->pause_flow({"a.example", "outlook"}, 9min, "root"));
  CHECK(bench.begin_release().empty());
  CHECK(bench.used("gmail") == 1);  // reserved; outlook is said to come in time
  const bool crash = GENERATE(false, true);
  if (crash) {
    REQUIRE(bench.engine->sync(10s));
    bench.crash();
    CHECK(bench.used("gmail") == 1);
    CHECK(bench.in_flight("gmail") == 3);
  }
  REQUIRE(bench.engine->pause_flow({"a.example", "outlook"}, 5h, "root"));
  bench.pass(9min);
  CHECK(bench.begin_release().empty());
  CHECK(bench.used("gmail") == 1);
  bench.pass(1min);
  CHECK(bench.begin_release().empty());
  CHECK(bench.used("gmail") == 0);
  CHECK(bench.in_flight("gmail") == 2);
  bench.pass(5h);
  CHECK(bench.begin_release() == Ids{"A0003"});
  CHECK(bench.used("gmail") == 1);
  CHECK(bench.used("outlook") == 1);
}

TEST_CASE("a message larger than the day goes when the day is empty", "[engine][unit]") {
  policy::Options options = hold_options();
  options.hold_max_age = 90h;
  FullBench bench(options);
  auto large = bench.begin("x@a.example");
  for (int i = 0; i < 5; ++i) {
    bench.ask(large, std::to_string(i) + "@gmail.example");
  }
  REQUIRE(bench.engine->commit(large, id("A0003")).hold);
  bench.clock.advance(1s);
  CHECK(bench.send_held("4@gmail.example", "A0004"));
  bench.pass(23h);
  CHECK(bench.begin_release().empty());
  bench.pass(2h);
  CHECK(bench.release() == Ids{"A0003"});
  CHECK(bench.used("gmail") == 5);
  bench.pass(23h);
  CHECK(bench.release().empty());  // the debt is owed
  bench.pass(2h);
  CHECK(bench.release() == Ids{"A0004"});
}

TEST_CASE("mail held for hold.max_age goes over the allowance, not into a pause",
          "[engine][unit]") {
  policy::Options options = hold_options();
  options.hold_max_age = 6h;
  FullBench bench(options);
  for (const char* one : {"A0003", "A0004", "A0005"}) {
    bench.send_held("3@gmail.example", one);
    bench.clock.advance(1h);
  }
  bench.pass(3h - 1s);
  CHECK(bench.release().empty());
  REQUIRE(bench.engine->pause_flow({"a.example", "gmail"}, 90min, "root"));
  bench.pass(1h);
  CHECK(bench.release().empty());
  bench.pass(31min);
  CHECK(bench.release() == Ids{"A0003"});  // one a second
  CHECK(bench.release().empty());
  bench.pass(1s);
  CHECK(bench.release() == Ids{"A0004"});
  bench.pass(1s);
  CHECK(bench.release().empty());  // the third is too young for that
  CHECK(bench.used("gmail") == 4);
}

TEST_CASE("an exempt flow is asked for nothing", "[engine][unit]") {
  policy::Options options = hold_options();
  policy::Rule exempt;
  exempt.provider = "outlook";
  exempt.exempt = true;
  options.rules = {exempt};
  FullBench bench(options);
  for (int i = 0; i < 5; ++i) {
    CHECK_FALSE(bench.send_held("x@outlook.example", "B000" + std::to_string(i)));
  }
  const auto both = bench.send_to("x@a.example", {"3@gmail.example", "9@outlook.example"}, "A0003");
  REQUIRE((both && both->hold));
  CHECK(bench.used("outlook") == 5);
  bench.pass(25h);
  for (int i = 0; i < 5; ++i) {
    CHECK_FALSE(bench.send_held("x@outlook.example", "C000" + std::to_string(i)));
  }
  CHECK(bench.release() == Ids{"A0003"});
  CHECK(bench.used("outlook") == 6);
}

TEST_CASE("recipients that stay on this host are not charged", "[engine][unit]") {
  FullBench bench;
  auto transaction = bench.begin("x@a.example");
  bench.ask(transaction, "me@home.example", "local");
  bench.ask(transaction, "3@gmail.example");
  REQUIRE(bench.engine->commit(transaction, id("A0003")).hold);
  CHECK(bench.engine->held()[0].record.recipients == Ids{"3@gmail.example"});
  bench.pass(25h);
  CHECK(bench.release() == Ids{"A0003"});
  CHECK(bench.used("gmail") == 1);
}

}  // namespace
}  // namespace rampart::test
