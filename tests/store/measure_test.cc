// Figures, not verdicts: run with `store_tests "[.measure]"`.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <random>
#include <string>

#include "rampart/store/state_store.h"
#include "support/catch.h"

#include "sample_records.h"
#include "store/sqlite/writer.h"

namespace rampart::store {
namespace {

using Stopwatch = std::chrono::steady_clock;

double seconds_since(Stopwatch::time_point start) {
  return std::chrono::duration<double>(Stopwatch::now() - start).count();
}

TokenRecord random_token(std::mt19937_64& random, std::uint32_t n) {
  TokenRecord record = token(n, n);
  record.recipients = {"someone" + std::to_string(n) + "@example.org"};
  record.token.clear();
  for (int i = 0; i < 32; ++i) {
    record.token += "0123456789abcdef"[random() % 16];
  }
  return record;
}

// Batches of a thousand messages, each with one queued recipient, as admissions write them.
void measure_messages(bool with_tokens, std::uint32_t batches) {
  const TempDir dir;
  const auto store = open_store(Kind::Sqlite, dir);
  std::mt19937_64 random(1);
  std::uint32_t number = 0;
  double spent = 0;
  for (std::uint32_t round = 0; round < batches; ++round) {
    Batch batch;
    for (int i = 0; i < 1000; ++i) {
      const std::string id = "4Xk2" + std::to_string(++number);
      batch.operations.emplace_back(message("", id, number));
      batch.operations.emplace_back(queued("", id, "someone@example.org"));
      if (with_tokens) {
        batch.operations.emplace_back(random_token(random, number));
      }
    }
    const auto start = Stopwatch::now();
    REQUIRE(store->commit(batch));
    spent += seconds_since(start);
  }
  const double operations = batches * (with_tokens ? 3000.0 : 2000.0);
  std::printf(
      "%s: %u batches of 1000 messages: %.1f ms a batch, %.0f messages/s, %.0f "
      "operations/s\n",
      with_tokens ? "message, queued and token" : "message and queued", batches,
      1000 * spent / batches, batches * 1000 / spent, operations / spent);
}

TEST_CASE("commits of a thousand messages are timed", "[.measure]") {
  measure_messages(false, 200);
  measure_messages(true, 200);
}

TEST_CASE("a search of a fortnight of events is timed", "[.measure]") {
  const TempDir dir;
  const auto store = open_store(Kind::Sqlite, dir);
  std::mt19937 random(1);
  constexpr std::uint32_t kRounds = 1'200'000;
  auto start = Stopwatch::now();
  for (std::uint32_t n = 0; n < kRounds;) {
    Batch batch;
    for (int i = 0; i < 10'000; ++i, ++n) {
      EventsRecord record{.first = at(n), .last = at(n), .ids = {}, .data = std::string(300, 'x')};
      for (int j = 0; j < 12; ++j) {
        record.ids.push_back(static_cast<std::uint32_t>(random()));
      }
      std::sort(record.ids.begin(), record.ids.end());
      batch.operations.emplace_back(std::move(record));
    }
    REQUIRE(store->commit(batch));
  }
  std::printf("%u rounds of events appended: %.1f s\n", kRounds, seconds_since(start));
  for (int i = 0; i < 3; ++i) {
    start = Stopwatch::now();
    const auto found = store->find_events(static_cast<std::uint32_t>(random()), at(0));
    std::printf("searched: %.3f s, %zu found\n", seconds_since(start), found->size());
  }
  start = Stopwatch::now();
  REQUIRE(store->prune({.events = at(kRounds / 10)}));
  const double all = seconds_since(start);
  constexpr double kChunks = kRounds / 10.0 / sqlite::Writer::kPruneChunk;
  std::printf("a tenth pruned: %.2f s, %.1f ms a chunk\n", all, 1000 * all / kChunks);
}

}  // namespace
}  // namespace rampart::store
