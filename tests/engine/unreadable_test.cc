// A store that cannot be read: mail goes on, people are told, and what is learned waits.

#include <chrono>
#include <future>

#include "rampart/mail/notice_outcome.h"
#include "rampart/mail/trail_event.h"
#include "rampart/telemetry/counter.h"

#include "faulty_store.h"
#include "fixture.h"

namespace rampart::test {
namespace {

using Answer = engine::Verdict::Answer;
using policy::Action;
using policy::OnLoss;

constexpr std::string_view kBob = "bob@gmail.example";

/// An engine over a faulty store, in which Bob is suppressed.
class Loss {
 public:
  explicit Loss(policy::Options options = strict_options(), std::string pending = {})
      : policy(build_policy(std::move(options))) {
    suppression::Entry entry;
    entry.key = kBob;
    entry.reason = suppression::Reason::Hard;
    entry.evidence = "550 5.1.1 gone";
    entry.since = clock.wall_now();
    entry.pending = std::move(pending);
    REQUIRE(store.commit({{entry}}).has_value());
    start();
  }

  void start() {
    engine.reset();
    auto made = engine::Engine::create(policy, store, clock);
    REQUIRE(made.has_value());
    engine = std::move(*made);
    engine->set_source_status({"log", true, base::Micros{0}, 0, 0, ""});
  }

  engine::Transaction begin(bool non_smtp = false) {
    return engine->begin({"h", "192.0.2.1", "", non_smtp}, *mail::parse_address("x@a.example"));
  }
  engine::Verdict ask(engine::Transaction& transaction, std::string_view to) {
    return engine->decide(transaction, {*mail::parse_address(to), std::string(to), "smtp"});
  }
  engine::Verdict ask(std::string_view to) {
    auto transaction = begin();
    auto verdict = ask(transaction, to);
    engine->abort(transaction);
    return verdict;
  }

  /// A message to `to` that ended so, without waiting for the store.
  void log(std::string_view to, std::string_view end) {
    const std::string id = "B" + std::to_string(10000 + messages++);
    std::vector<report::LogLine> lines;
    report::StampReader stamps({}, clock.wall_now());
    for (const std::string& body :
         {active(id, "x@a.example"), Bench::delivery(id, to, "mx.google.example", end)}) {
      lines.push_back(
          report::parse_line(base::format_utc(clock.wall_now()) + " mta1 " + body, stamps));
    }
    store::CursorRecord cursor;
    cursor.source = "log";
    cursor.offset = static_cast<std::uint64_t>(messages);
    engine->learn(lines, cursor);
  }
  void settle() const { REQUIRE(engine->sync(std::chrono::seconds{10}).has_value()); }
  [[nodiscard]] std::uint64_t suppressed() const { return engine->status().suppressed; }

  ManualClock clock;
  FaultyStore store;
  std::shared_ptr<const policy::Policy> policy;
  std::unique_ptr<engine::Engine> engine;
  int messages = 0;
};

std::uint64_t count(const std::string& name) {
  return telemetry::read_counters()[name];
}

TEST_CASE("a suppressed recipient whose entry cannot be read in time waits", "[engine][unit]") {
  struct Case {
    Action configured;
    bool non_smtp;
    OnLoss on_loss;
    Answer answer;
    bool held;
  };
  const Case c = GENERATE(
      Case{Action::Reject, false, OnLoss::Share, Answer::Defer, false},
      Case{Action::Reject, false, OnLoss::Defer, Answer::Defer, false},
      Case{Action::Drop, false, OnLoss::Share, Answer::Defer, false},
      Case{Action::Defer, false, OnLoss::Share, Answer::Defer, false},
      Case{Action::Hold, false, OnLoss::Share, Answer::Continue, true},
      Case{Action::Tag, false, OnLoss::Share, Answer::Continue, false},
      Case{Action::Reject, true, OnLoss::Share, Answer::Continue, false},  // nothing may wait there
      Case{Action::Reject, false, OnLoss::Accept, Answer::Continue, false});
  const bool hangs = GENERATE(true, false);
  policy::Options options = strict_options();
  options.suppressed = c.configured;
  options.on_loss = c.on_loss;
  options.plans["standard"].unlimited = true;
  options.store_deadline = std::chrono::milliseconds{50};
  Loss loss(options);
  (hangs ? loss.store.hangs : loss.store.reads_fail) = true;
  const std::uint64_t before = count("suppression_lookups_failed_total");
  auto transaction = loss.begin(c.non_smtp);
  const auto verdict = loss.ask(transaction, kBob);
  CAPTURE(static_cast<int>(c.configured), c.non_smtp, static_cast<int>(c.on_loss), hangs);
  CHECK(verdict.answer == c.answer);
  if (c.answer == Answer::Defer) {
    CHECK(verdict.code == "451");
    CHECK(verdict.enhanced == "4.3.0");
  }
  CHECK(loss.ask(transaction, "eve@gmail.example").answer == Answer::Continue);
  CHECK(count("suppression_lookups_failed_total") == before + 1);
  loss.store.hangs = false;
  const auto ending = loss.engine->commit(transaction, *mail::parse_queue_id("A00001"));
  CHECK(ending.hold == c.held);
  CHECK(ending.drop.empty());
  CHECK(loss.engine->status().held_for_person == (c.held ? 1 : 0));
  loss.store.reads_fail = false;
}

TEST_CASE("a look-up is answered again once the store does", "[engine][unit]") {
  policy::Options options = strict_options();
  options.store_deadline = std::chrono::milliseconds{20};
  Loss loss(options);
  loss.store.hangs = true;
  CHECK(loss.ask(kBob).answer == Answer::Defer);
  loss.store.hangs = false;
  while (loss.ask(kBob).answer == Answer::Defer) {  // 20 ms are little on a busy machine
  }
  CHECK(loss.ask(kBob).answer != Answer::Continue);
}

TEST_CASE("people are told that the store cannot be read", "[engine][unit]") {
  Loss loss(strict_options(), GENERATE(as<std::string>{}, "", "gmail"));
  engine::Engine& engine = *loss.engine;
  loss.store.reads_fail = true;
  const std::string bob(kBob);
  engine::PendingOrder one;
  one.key = bob;
  engine::PendingOrder all;
  all.all = true;
  const auto words = [](const auto& result) {
    return result ? std::string("none") : result.error().what;
  };
  const std::string told = "the store cannot be read: disk failed";
  CHECK(words(engine.remove_suppression(bob, "", "root")) == told);
  CHECK(words(engine.add_suppression(request(bob, "x"), "root")) == told);
  CHECK(words(engine.why_suppressed(bob)) == told);
  CHECK(words(engine.list_suppressions({})) == told);
  CHECK(words(engine.events_of(*mail::parse_queue_id("A00001"))) == told);
  CHECK(words(engine.apply_list("list", {bob})).substr(0, told.size()) == told);
  CHECK(words(engine.import_suppressions({request(bob, "x")}, "root")).substr(0, told.size()) ==
        told);
  CHECK(words(engine.confirm_pending(one, "root")) == told);
  if (engine.status().suppressed_pending > 0) {
    CHECK(words(engine.clear_pending(one, "root")) == told);
    CHECK(words(engine.confirm_pending(all, "root")) == told);
    CHECK(words(engine.clear_pending(all, "root")) == told);
  }
  loss.store.reads_fail = false;
  CHECK(engine.status().suppressed == 1);
  CHECK(engine.why_suppressed(bob)->entries.size() == 1);
  CHECK(engine.why_suppressed(bob)->history.empty());
}

TEST_CASE("a list is taken over as far as the store can be read, and again", "[engine][unit]") {
  Loss loss;
  loss.settle();
  loss.store.reads_fail = true;
  CHECK_FALSE(loss.engine
                  ->import_suppressions(
                      {request("a@x.example", "x"), request(std::string(kBob), "x")}, "root")
                  .has_value());
  loss.store.reads_fail = false;
  const auto again = loss.engine->import_suppressions(
      {request("a@x.example", "x"), request(std::string(kBob), "x")}, "root");
  REQUIRE(again.has_value());
  CHECK(loss.suppressed() == 2);
}

TEST_CASE("evidence that cannot be read is not begun anew", "[engine][unit]") {
  policy::Options options = strict_options();
  options.suppression.hard_bounces = 2;
  Loss loss(options);
  loss.log("eve@gmail.example", kUnknownUser);
  loss.settle();
  loss.start();
  loss.store.reads_fail = true;
  loss.log("eve@gmail.example", kUnknownUser);
  loss.settle();
  CHECK(loss.suppressed() == 1);
  loss.store.reads_fail = false;
  const auto kept = loss.store.find_evidence("eve@gmail.example", "");
  REQUIRE((kept && *kept));
  CHECK((*kept)->hard_bounces == 1);
  loss.engine->tick();
  loss.settle();
  CHECK(loss.suppressed() == 2);
  CHECK(loss.ask("eve@gmail.example").answer == Answer::Reject);
}

TEST_CASE("what waits for the store is learned in its order", "[engine][unit]") {
  policy::Options options = strict_options();
  options.suppression.lift_on_delivery = true;
  Loss loss(options);
  const bool sent_first = GENERATE(true, false);
  std::vector<report::LogLine> lines;
  report::StampReader stamps({}, loss.clock.wall_now());
  const std::string stamp = base::format_utc(loss.clock.wall_now()) + " mta1 ";
  for (const bool sent : {sent_first, !sent_first}) {
    const std::string id = sent ? "B00001" : "B00002";
    lines.push_back(report::parse_line(stamp + active(id, "x@a.example"), stamps));
    lines.push_back(report::parse_line(
        stamp + Bench::delivery(id, kBob, "mx.google.example", sent ? kSent : kUnknownUser),
        stamps));
  }
  loss.store.reads_fail = true;
  store::CursorRecord cursor;
  cursor.source = "log";
  cursor.offset = 4;
  loss.engine->learn(lines, cursor);
  CHECK(loss.suppressed() == 1);
  loss.store.reads_fail = false;
  loss.engine->tick();
  loss.settle();
  CHECK(loss.suppressed() == (sent_first ? 1 : 0));
}

TEST_CASE("nothing is learned past a store that does not answer", "[engine][unit]") {
  Loss loss;
  loss.store.reads_fail = true;
  loss.log(kBob, kSent);
  auto next = std::async(std::launch::async, [&] { loss.log("eve@gmail.example", kSent); });
  CHECK(next.wait_for(std::chrono::milliseconds{100}) == std::future_status::timeout);
  CHECK_FALSE(loss.engine->learn_message("", loss.clock.wall_now(), "test").has_value());
  SECTION("until it does") {
    loss.store.reads_fail = false;
    next.get();
    loss.settle();
    CHECK(loss.engine->cursor("log")->offset == 2);
  }
  SECTION("until the end") {
    loss.engine->stop_learning();
    next.get();
    CHECK(loss.engine->cursor("log")->offset == 1);
    loss.store.reads_fail = false;
  }
}

TEST_CASE("a damaged record ends the lesson about it and no other", "[engine][unit]") {
  Loss loss;
  loss.store.how = base::Error::Kind::Corrupt;
  loss.store.reads_fail = true;
  const std::uint64_t before = count("suppression_lessons_lost_total");
  loss.log(kBob, kSent);
  loss.log("eve@gmail.example", kUnknownUser);
  loss.store.reads_fail = false;
  loss.settle();
  CHECK(count("suppression_lessons_lost_total") == before + 1);
  CHECK(loss.suppressed() == 2);
}

}  // namespace
}  // namespace rampart::test
