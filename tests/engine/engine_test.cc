#include "rampart/engine/status.h"
#include "rampart/engine/suppressions.h"
#include "rampart/engine/transaction.h"
#include "rampart/policy/options.h"

#include "fixture.h"

namespace rampart::test {
namespace {

using engine::Verdict;
using policy::Action;
using Answer = Verdict::Answer;

policy::Options tiny_options() {
  policy::Options options = strict_options();
  options.default_plan = "tiny";
  options.constants.flight_new = 100;  // these tests are about the day, not about mail in flight
  options.constants.flight_min = 100;
  return without_probing(options);
}

TEST_CASE("a flow takes its allowance and then defers with a time", "[engine][unit]") {
  Bench bench(tiny_options());
  CHECK(bench.send("news@a.example", "one@gmail.example", "A00001"));
  CHECK(bench.send("news@a.example", "two@gmail.example", "A00002"));
  auto transaction = bench.begin("news@a.example");
  const Verdict verdict = bench.ask(transaction, "three@gmail.example");
  CHECK(verdict.answer == Answer::Defer);
  CHECK(verdict.code == "451");
  CHECK(verdict.enhanced == "4.7.1");
  CHECK(verdict.text.starts_with("rampart: a.example to gmail is at its limit; try again after "));
  CHECK(verdict.text.find('%') == std::string::npos);
  // Another flow of the same sender is not concerned.
  CHECK(bench.ask(transaction, "three@outlook.example").answer == Answer::Continue);
  bench.engine->abort(transaction);
  CHECK(bench.flow("a.example", "gmail").summary.allowance.used_day == 2);
  CHECK(bench.flow("a.example", "gmail").in_flight == 2);
  CHECK(bench.flow("a.example", "gmail").summary.status == ramp::FlowStatus::Full);
}

TEST_CASE("abort releases the reservation", "[engine][unit]") {
  Bench bench(tiny_options());
  for (int i = 0; i < 5; ++i) {
    auto transaction = bench.begin("news@a.example");
    CHECK(bench.ask(transaction, "one@gmail.example").answer == Answer::Continue);
    bench.engine->abort(transaction);
    bench.engine->abort(transaction);
  }
  CHECK(bench.flow("a.example", "gmail").summary.allowance.used_day == 0);
  CHECK(bench.flow("a.example", "gmail").in_flight == 0);
}

TEST_CASE("mail that stays on the host is not counted", "[engine][unit]") {
  policy::Options options = tiny_options();
  options.outbound.local_domains = {"home.example"};
  Bench bench(options);
  auto transaction = bench.begin("news@a.example");
  for (int i = 0; i < 10; ++i) {
    CHECK(bench.ask(transaction, "one@gmail.example", "local").answer == Answer::Continue);
    CHECK(bench.ask(transaction, "one@home.example", "").answer == Answer::Continue);
  }
  CHECK(bench.engine->status().flows.empty());
}

TEST_CASE("clients outside the outbound networks are left alone", "[engine][unit]") {
  policy::Options options = tiny_options();
  options.outbound.networks = {*provider::Network::parse("198.51.100.0/24")};
  Bench bench(options);
  for (int i = 0; i < 5; ++i) {
    CHECK(bench.send("news@a.example", "one@gmail.example", "A0000" + std::to_string(i)));
  }
  CHECK(bench.engine->status().flows.empty());
}

TEST_CASE("observe accepts everything and counts it", "[engine][unit]") {
  policy::Options options = tiny_options();
  options.mode = policy::Mode::Observe;
  Bench bench(options);
  REQUIRE(bench.engine->add_suppression(request("five@gmail.example", "x"), "root").has_value());
  for (const std::string name : {"one", "two", "three", "four", "five"}) {
    CHECK(bench.send("news@a.example", name + "@gmail.example", "A1" + name));
  }
  CHECK(bench.flow("a.example", "gmail").summary.allowance.used_day == 5);
}

TEST_CASE("the actions over the allowance", "[engine][unit]") {
  policy::Options options = tiny_options();
  options.over = GENERATE(Action::Accept, Action::Tag, Action::Hold, Action::Defer);
  CAPTURE(policy::to_string(options.over));
  Bench bench(options);
  CHECK(bench.send("news@a.example", "one@gmail.example", "A00001"));
  CHECK(bench.send("news@a.example", "two@gmail.example", "A00002"));
  auto transaction = bench.begin("news@a.example");
  const Verdict verdict = bench.ask(transaction, "three@gmail.example");
  CHECK((verdict.answer == Answer::Defer) == (options.over == Action::Defer));
  const engine::Ending ending = bench.engine->commit(transaction, *mail::parse_queue_id("A00003"));
  CHECK(ending.hold == (options.over == Action::Hold));
  CHECK(ending.tag.empty() == (options.over != Action::Tag));
  const std::uint32_t used = bench.flow("a.example", "gmail").summary.allowance.used_day;
  CHECK(used == (options.over == Action::Accept || options.over == Action::Tag ? 3U : 2U));
  CHECK(bench.engine->held().size() == (options.over == Action::Hold ? 1U : 0U));
}

TEST_CASE("a held message is charged when it is released", "[engine][unit]") {
  policy::Options options = tiny_options();
  options.over = Action::Hold;
  Bench bench(options);
  auto transaction = bench.begin("news@a.example");
  for (const std::string_view name : {"1@gmail.example", "2@gmail.example", "3@outlook.example"}) {
    bench.ask(transaction, name);
  }
  REQUIRE_FALSE(bench.engine->commit(transaction, *mail::parse_queue_id("A00001")).hold);
  auto second = bench.begin("news@a.example");
  bench.ask(second, "4@gmail.example");
  bench.ask(second, "5@outlook.example");
  CHECK(bench.engine->commit(second, *mail::parse_queue_id("A00002")).hold);
  // The unit of the provider that had room is given back with the rest.
  CHECK(bench.flow("a.example", "outlook").summary.allowance.used_day == 1);
  REQUIRE(bench.engine->held().size() == 1);
  CHECK(bench.engine->held()[0].record.recipients.size() == 2);
  bench.restart();
  REQUIRE(bench.engine->held().size() == 1);
  const mail::QueueId id = *mail::parse_queue_id("A00002");
  const auto ordered = bench.engine->order_release({id, *mail::parse_queue_id("A00009")}, "root");
  REQUIRE(ordered.has_value());
  CHECK(*ordered == std::vector<mail::QueueId>{id});
  bench.engine->end_release(id, engine::Fate::Released, "root");
  CHECK(bench.engine->held().empty());
  CHECK(bench.flow("a.example", "outlook").summary.allowance.used_day == 2);
  CHECK(bench.flow("a.example", "gmail").in_flight == 3);
}

TEST_CASE("the actions for a suppressed recipient", "[engine][unit]") {
  struct Case {
    Action action;
    Answer answer;
    bool hold;
    std::size_t drop;
  };
  const Case c = GENERATE(
      Case{Action::Reject, Answer::Reject, false, 0}, Case{Action::Defer, Answer::Defer, false, 0},
      Case{Action::Hold, Answer::Continue, true, 0}, Case{Action::Drop, Answer::Continue, false, 1},
      Case{Action::Tag, Answer::Continue, false, 0},
      Case{Action::Accept, Answer::Continue, false, 0});
  policy::Options options = strict_options();
  options.suppressed = c.action;
  Bench bench(options);
  CAPTURE(policy::to_string(c.action));
  const auto added = bench.engine->add_suppression(
      request("Bob@GMAIL.example", "asked by phone", std::chrono::hours{24}), "root");
  REQUIRE(added.has_value());
  CHECK(added->key == "Bob@gmail.example");
  auto transaction = bench.begin("news@a.example");
  const Verdict verdict = bench.ask(transaction, "<Bob@gmail.example>");
  CHECK(verdict.answer == c.answer);
  if (c.answer != Answer::Continue) {
    CHECK(
        verdict.text.starts_with("rampart: Bob@gmail.example is suppressed (operator since 2026"));
  }
  bench.ask(transaction, "alice@gmail.example");
  const engine::Ending ending = bench.engine->commit(transaction, *mail::parse_queue_id("A00001"));
  CHECK(ending.hold == c.hold);
  CHECK(ending.drop.size() == c.drop);
  CHECK(ending.tag.empty() == (c.action != Action::Tag));
  if (c.drop == 1) {
    CHECK(ending.drop[0] == "<Bob@gmail.example>");
  }
  // It ends by itself.
  bench.clock.advance(std::chrono::hours{24});
  auto later = bench.begin("news@a.example");
  CHECK(bench.ask(later, "Bob@gmail.example").answer == Answer::Continue);
}

TEST_CASE("an entry that is over is removed and its history kept", "[engine][unit]") {
  Bench bench;
  REQUIRE(bench.engine
              ->add_suppression(request("bob@gmail.example", "x", std::chrono::hours{1}), "root")
              .has_value());
  REQUIRE(bench.engine->add_suppression(request("eve@gmail.example", "x"), "root").has_value());
  bench.see_feed();
  CHECK(bench.engine->status().suppressed == 2);
  bench.clock.advance(std::chrono::hours{1});
  bench.see_feed();
  CHECK(bench.engine->status().suppressed == 1);
  const auto why = bench.engine->why_suppressed("bob@gmail.example");
  REQUIRE(bench.engine->sync(std::chrono::seconds{5}).has_value());
  REQUIRE(why.has_value());
  CHECK(why->entries.empty());
  CHECK(bench.engine->why_suppressed("bob@gmail.example")->history.back().kind ==
        suppression::Change::Kind::Expired);
}

TEST_CASE("a message whose recipients would all be dropped is held", "[engine][unit]") {
  policy::Options options = strict_options();
  options.suppressed = Action::Drop;
  Bench bench(options);
  REQUIRE(bench.engine->add_suppression(request("@dead.example", "closed"), "root").has_value());
  auto transaction = bench.begin("news@a.example");
  bench.ask(transaction, "one@dead.example");
  bench.ask(transaction, "two@dead.example");
  const engine::Ending ending = bench.engine->commit(transaction, *mail::parse_queue_id("A00001"));
  CHECK(ending.hold);
  CHECK(ending.drop.empty());
  REQUIRE(bench.engine->held().size() == 1);
  CHECK(bench.engine->held()[0].record.reason == "suppressed");
}

TEST_CASE("a suppressed recipient is not mailed by the release of a held message",
          "[engine][unit]") {
  policy::Options options = tiny_options();
  options.over = Action::Hold;
  Bench bench(options);
  REQUIRE(bench.engine->add_suppression(request("bob@gmail.example", "x"), "root").has_value());
  auto transaction = bench.begin("news@a.example", true);
  for (const std::string_view name :
       {"bob@gmail.example", "1@gmail.example", "2@gmail.example", "3@gmail.example"}) {
    bench.ask(transaction, name, "");
  }
  // The transaction found its flow empty, so it is the next one that is held.
  bench.engine->commit(transaction, *mail::parse_queue_id("A00001"));
  auto second = bench.begin("news@a.example", true);
  bench.ask(second, "bob@gmail.example", "");
  bench.ask(second, "4@gmail.example", "");
  const engine::Ending ending = bench.engine->commit(second, *mail::parse_queue_id("A00002"));
  CHECK(ending.hold);
  CHECK(ending.drop == std::vector<std::string>{"bob@gmail.example"});
  REQUIRE(bench.engine->held().size() == 1);
  CHECK(bench.engine->held()[0].record.recipients == std::vector<std::string>{"4@gmail.example"});
}

TEST_CASE("sendmail mail is never refused", "[engine][unit]") {
  Bench bench(tiny_options());
  REQUIRE(bench.engine->add_suppression(request("bob@gmail.example", "x"), "root").has_value());
  auto transaction = bench.begin("news@a.example", true);
  for (const std::string_view name :
       {"bob@gmail.example", "1@gmail.example", "2@gmail.example", "3@gmail.example"}) {
    CHECK(bench.ask(transaction, name, "").answer == Answer::Continue);
  }
  const engine::Ending ending = bench.engine->commit(transaction, *mail::parse_queue_id("A00001"));
  CHECK_FALSE(ending.hold);
  CHECK(ending.drop == std::vector<std::string>{"bob@gmail.example"});
  CHECK(bench.flow("a.example", "gmail").summary.allowance.used_day == 3);
}

TEST_CASE("bounces are counted apart and never limited", "[engine][unit]") {
  Bench bench(tiny_options());
  for (int i = 0; i < 10; ++i) {
    CHECK(bench.send("<>", "one@gmail.example", "A0000" + std::to_string(i)));
  }
  CHECK(bench.flow("<>", "gmail").summary.allowance.used_day == 10);
}

TEST_CASE("a list manager's transaction goes together into debt", "[engine][unit]") {
  policy::Options options = strict_options();
  options.default_plan = "tiny";
  Bench bench(options);
  auto transaction = bench.begin("list@a.example");
  for (int i = 0; i < 50; ++i) {
    REQUIRE(bench.ask(transaction, std::to_string(i) + "@gmail.example").answer ==
            Answer::Continue);
  }
  bench.engine->commit(transaction, *mail::parse_queue_id("A00001"));
  CHECK(bench.flow("a.example", "gmail").summary.allowance.used_day == 50);
  auto next = bench.begin("list@a.example");
  CHECK(bench.ask(next, "1@gmail.example").answer == Answer::Defer);
}

TEST_CASE("unseen senders beyond the day's number share one flow", "[engine][unit]") {
  policy::Options options = strict_options();
  options.new_senders_per_day = 2;
  Bench bench(options);
  for (const std::string name : {"a", "b", "c", "d"}) {
    CHECK(bench.send("x@" + name + ".example", "1@gmail.example", "A0" + name + "001"));
  }
  const engine::Status status = bench.engine->status();
  REQUIRE(status.flows.size() == 3);
  CHECK(status.flows[2].key.sender == "new");
  CHECK(status.flows[2].summary.allowance.used_day == 2);
  // The next day has room again, and known senders keep their own flow.
  bench.clock.advance(std::chrono::hours{24});
  CHECK(bench.send("x@c.example", "1@gmail.example", "A0e001"));
  CHECK(bench.engine->find_flow({"c.example", "gmail"}).has_value());
}

TEST_CASE("mail of which no report comes is forgotten after five days, however much it is",
          "[engine][unit]") {
  constexpr std::uint32_t kOld = 1200;  // more than the book is locked for at once
  Bench bench(day_of(10'000));
  const auto in_flight = [&] {
    REQUIRE(bench.engine->sync(std::chrono::seconds{5}).has_value());
    return bench.flow("a.example", "gmail").in_flight;
  };
  for (std::uint32_t i = 0; i < kOld; ++i) {
    const std::string number = std::to_string(10'000 + i);
    REQUIRE(bench.send("x@a.example", "u" + number + "@gmail.example", "A" + number));
  }
  bench.clock.advance(std::chrono::hours{24});
  bench.see_feed();
  REQUIRE(bench.send("x@a.example", "young@gmail.example", "B0001"));
  CHECK(in_flight() == kOld + 1);
  bench.clock.advance(std::chrono::hours{24 * 4 + 1});
  bench.see_feed();
  CHECK(in_flight() == 1);
  bench.restart();
  CHECK(in_flight() == 1);
  bench.clock.advance(std::chrono::hours{24});
  bench.see_feed();
  CHECK(in_flight() == 0);
}

TEST_CASE("a flow that never delivered anything is forgotten after days", "[engine][unit]") {
  Bench bench;
  auto transaction = bench.begin("x@a.example");
  bench.ask(transaction, "1@random.example");
  bench.engine->abort(transaction);
  REQUIRE(bench.send("x@a.example", "1@gmail.example", "A00001"));
  bench.clock.advance(std::chrono::seconds{11});
  bench.see_feed();
  REQUIRE(bench.engine->sync(std::chrono::seconds{5}).has_value());
  REQUIRE(bench.engine->find_flow({"a.example", "random.example"}).has_value());
  for (int day = 0; day < 4; ++day) {
    bench.clock.advance(std::chrono::hours{25});
    bench.see_feed();
    REQUIRE(bench.engine->sync(std::chrono::seconds{5}).has_value());
  }
  CHECK_FALSE(bench.engine->find_flow({"a.example", "random.example"}).has_value());
  CHECK(bench.engine->find_flow({"a.example", "gmail"}).has_value());  // one is still in flight
  bench.restart();
  CHECK_FALSE(bench.engine->find_flow({"a.example", "random.example"}).has_value());
}

TEST_CASE("rules choose plan and action by sender and provider", "[engine][unit]") {
  policy::Options options = strict_options();
  policy::Rule exempt;
  exempt.sender = "app.example";
  exempt.exempt = true;
  policy::Rule tight;
  tight.provider = "gmail";
  tight.plan = "tiny";
  options.rules = {exempt, tight};
  options.constants.flight_new = 100;
  options.constants.flight_min = 100;
  Bench bench(without_probing(options));
  for (int i = 0; i < 5; ++i) {
    const std::string id = "A0000" + std::to_string(i);
    CHECK(bench.send("x@app.example", "1@gmail.example", id));
    CHECK(bench.send("x@a.example", "1@gmail.example", "B" + id) == (i < 2));
    CHECK(bench.send("x@a.example", "1@outlook.example", "C" + id));
  }
}

TEST_CASE("people pause, resume and reset a flow", "[engine][unit]") {
  Bench bench;
  const ramp::FlowKey key{"a.example", "gmail"};
  CHECK(bench.engine->pause_flow(key, {}, "root").error().kind == base::Error::Kind::NotFound);
  CHECK(bench.send("x@a.example", "1@gmail.example", "A00001"));
  REQUIRE(bench.engine->pause_flow(key, std::chrono::hours{1}, "root").has_value());
  CHECK_FALSE(bench.send("x@a.example", "2@gmail.example", "A00002"));
  CHECK(bench.flow("a.example", "gmail").summary.status == ramp::FlowStatus::Paused);
  bench.restart();
  CHECK_FALSE(bench.send("x@a.example", "2@gmail.example", "A00002"));
  REQUIRE(bench.engine->resume_flow(key, "root").has_value());
  bench.log({"postfix/qmgr[1]: A00001: removed"});
  CHECK(bench.send("x@a.example", "2@gmail.example", "A00003"));
  bench.log({"postfix/qmgr[1]: A00003: removed"});
  REQUIRE(bench.engine->reset_flow(key, "root").has_value());
  CHECK_FALSE(bench.engine->find_flow(key).has_value());
  bench.restart();
  CHECK_FALSE(bench.engine->find_flow(key).has_value());
}

TEST_CASE("a list file is the whole truth about its own entries", "[engine][unit]") {
  Bench bench;
  const std::string file = "/etc/rampart/list.txt";
  auto change = bench.engine->apply_list(file, {"a@x.example", "b@x.example", "@y.example"});
  REQUIRE(change.has_value());
  CHECK(change->added == 3);
  change = bench.engine->apply_list(file, {"a@x.example", "@y.example", "c@x.example"});
  REQUIRE(change.has_value());
  CHECK(change->added == 1);
  CHECK(change->removed == 1);
  CHECK(change->kept == 2);
  CHECK(bench.engine->why_suppressed("b@x.example")->entries.empty());
  CHECK(bench.engine->why_suppressed("any@y.example")->entries.size() == 1);
  // An editor that saved half a file must not free the other half.
  change = bench.engine->apply_list(file, {"a@x.example"});
  REQUIRE(change.has_value());
  CHECK(change->refused);
  CHECK(bench.engine->status().suppressed == 3);
}

}  // namespace
}  // namespace rampart::test
