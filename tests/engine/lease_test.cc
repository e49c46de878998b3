#include <atomic>
#include <random>
#include <thread>

#include "faulty_store.h"
#include "fixture.h"

namespace rampart::test {
namespace {

using Answer = engine::Verdict::Answer;

std::uint32_t stored_use(store::StateStore& store) {
  const auto snapshot = store.load();
  REQUIRE(snapshot.has_value());
  std::uint32_t use = 0;
  for (const store::FlowRecord& record : snapshot->flows) {
    for (const std::uint32_t hour : record.state.used) {
      use += hour;
    }
    use += record.leased;
  }
  return use;
}

TEST_CASE("the store counts every unit before it is admitted", "[engine][unit]") {
  Bench bench(day_of(200));
  std::uint32_t admitted = 0;
  for (int i = 0; i < 300; ++i) {
    if (bench.send("x@a.example", "1@gmail.example", "A" + std::to_string(10000 + i))) {
      ++admitted;
      REQUIRE(stored_use(*bench.store) >= admitted);
    }
  }
  CHECK(admitted == 200);
}

TEST_CASE("many threads together admit exactly the allowance", "[engine][unit]") {
  Bench bench(day_of(500));
  std::atomic<std::uint32_t> admitted{0};
  std::atomic<int> id{10000};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 6; ++t) {
      threads.emplace_back([&, t] {
        std::mt19937 random(static_cast<unsigned>(t));
        for (int i = 0; i < 150; ++i) {
          auto transaction = bench.begin("x@a.example");
          const auto verdict = bench.ask(transaction, "1@gmail.example");
          if (verdict.answer == Answer::Continue && random() % 4 != 0) {
            bench.engine->commit(transaction, *mail::parse_queue_id("A" + std::to_string(id++)));
            ++admitted;
          } else {
            bench.engine->abort(transaction);
          }
        }
      });
    }
  }
  CHECK(admitted <= 500);
  CHECK(bench.flow("a.example", "gmail").summary.allowance.used_day == admitted);
}

TEST_CASE("a clean stop gives the lease back and a crash does not", "[engine][unit]") {
  Bench bench(day_of(3200));
  REQUIRE(bench.send("x@a.example", "1@gmail.example", "A00001"));
  const std::uint32_t with_lease = stored_use(*bench.store);
  CHECK(with_lease > 1);
  bench.restart();
  CHECK(stored_use(*bench.store) == 1);
  CHECK(bench.flow("a.example", "gmail").summary.allowance.used_day == 1);

  // A crash: another engine reads what the store holds while the first still runs.
  REQUIRE(bench.send("x@a.example", "1@gmail.example", "A00002"));
  const std::uint32_t counted = stored_use(*bench.store);
  const auto after = engine::Engine::create(bench.policy, *bench.store, bench.clock);
  REQUIRE(after.has_value());
  CHECK((*after)->find_flow({"a.example", "gmail"})->summary.allowance.used_day == counted);
}

TEST_CASE("an unspent lease goes back after its time", "[engine][unit]") {
  Bench bench(day_of(3200));
  REQUIRE(bench.send("x@a.example", "1@gmail.example", "A00001"));
  bench.clock.advance(std::chrono::seconds{11});
  bench.see_feed();
  REQUIRE(bench.engine->sync(std::chrono::seconds{5}).has_value());
  CHECK(stored_use(*bench.store) == 1);
  REQUIRE(bench.send("x@a.example", "1@gmail.example", "A00002"));
  CHECK(bench.flow("a.example", "gmail").summary.allowance.used_day == 2);
}

TEST_CASE("a store that fails defers or goes on from memory, as configured", "[engine][unit]") {
  policy::Options options = day_of(200);
  options.on_loss = GENERATE(policy::OnLoss::Defer, policy::OnLoss::Share);
  options.store_deadline = std::chrono::milliseconds{50};
  FaultyStore store;
  ManualClock clock;
  const auto policy = build_policy(options);
  auto made = engine::Engine::create(policy, store, clock);
  REQUIRE(made.has_value());
  engine::Engine& engine = **made;
  store.fails = true;
  auto transaction =
      engine.begin({"h", "192.0.2.1", "", false}, *mail::parse_address("x@a.example"));
  const auto verdict = engine.decide(
      transaction, {*mail::parse_address("1@gmail.example"), "1@gmail.example", "smtp"});
  if (options.on_loss == policy::OnLoss::Defer) {
    CHECK(verdict.answer == Answer::Defer);
    CHECK(verdict.enhanced == "4.3.0");
  } else {
    CHECK(verdict.answer == Answer::Continue);
  }
  engine.commit(transaction, *mail::parse_queue_id("A00001"));
  CHECK_FALSE(engine.sync(std::chrono::milliseconds{200}).has_value());
  CHECK(engine.status().store_degraded);
  CHECK_FALSE(engine.add_suppression(request("b@x.example", "x"), "root").has_value());
  // Nothing is lost that was queued: once the store is back everything is written.
  store.fails = false;
  REQUIRE(engine.sync(std::chrono::seconds{10}).has_value());
  CHECK_FALSE(engine.status().store_degraded);
  CHECK(store.load()->flows.size() == 1);
  CHECK(store.count_suppressions().has_value());
  CHECK(*store.count_suppressions() == 1);
}

// Goal: what the store holds after any round is a state the engine was in between two batches: the
// number of deliveries counted equals the lines before the cursor.
TEST_CASE("cursor and effects are stored together", "[engine][unit]") {
  Bench bench(day_of(100'000));
  std::atomic<bool> done{false};
  std::jthread sender([&] {
    for (int i = 0; i < 200; ++i) {
      bench.send("x@a.example", "1@gmail.example", "C" + std::to_string(10000 + i));
    }
    done = true;
  });
  std::uint64_t lines = 0;
  while (!done || lines < 400) {
    std::vector<report::LogLine> batch;
    report::StampReader stamps({}, bench.clock.wall_now());
    const std::string stamp = base::format_utc(bench.clock.wall_now());
    for (int i = 0; i < 4; ++i) {
      const std::string id = "B" + std::to_string(10000 + lines + batch.size() / 2);
      batch.push_back(report::parse_line(stamp + " mta1 postfix/qmgr[1]: " + id +
                                             ": from=<x@a.example>, size=1, nrcpt=1 (queue active)",
                                         stamps));
      batch.push_back(report::parse_line(
          stamp + " mta1 " + Bench::delivery(id, "1@gmail.example", "mx.google.example", kSent),
          stamps));
    }
    lines += 4;
    store::CursorRecord cursor;
    cursor.source = "log";
    cursor.offset = lines;
    bench.engine->learn(batch, cursor);
    const auto snapshot = bench.store->load();
    REQUIRE(snapshot.has_value());
    std::uint64_t got = 0;
    for (const store::FlowRecord& record : snapshot->flows) {
      for (const std::uint32_t hour : record.state.got) {
        got += hour;
      }
    }
    REQUIRE(got == (snapshot->cursors.empty() ? 0 : snapshot->cursors[0].offset));
  }
}

}  // namespace
}  // namespace rampart::test
