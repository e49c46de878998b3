// The memory store is the model: SQLite must tell the same after every history.

#include <random>

#include "rampart/store/state_store.h"
#include "support/catch.h"

#include "sample_records.h"

namespace rampart::store {
namespace {

TEST_CASE("memory and SQLite agree on random histories", "[store][model]") {
  const auto seed = static_cast<std::uint32_t>(GENERATE(range(1, 9)));
  INFO("seed " << seed);
  std::mt19937 random(seed);
  const TempDir dir;
  std::size_t failing = SIZE_MAX;
  const FaultPoint fault = [&](std::size_t step) {
    return step == failing;
  };
  const auto memory = open_store(Kind::Memory, dir, fault);
  auto sqlite = open_store(Kind::Sqlite, dir, fault);
  for (int round = 0; round < 60; ++round) {
    INFO("round " << round);
    Batch batch;
    for (std::size_t left = random() % 40; left > 0; --left) {
      batch.operations.push_back(random_operation(random));
    }
    failing = random() % 4 == 0 ? random() % 20 : SIZE_MAX;
    CHECK(memory->commit(batch).has_value() == sqlite->commit(batch).has_value());
    if (random() % 10 == 0) {
      const auto some_time = [&random] {
        return at(static_cast<std::int64_t>(random() % 1000));
      };
      const Horizons horizons{.history = some_time(),
                              .seen_reports = some_time(),
                              .events = some_time(),
                              .tokens = some_time(),
                              .replies = some_time()};
      CHECK(memory->prune(horizons));
      CHECK(sqlite->prune(horizons));
    }
    if (random() % 10 == 0) {
      sqlite.reset();
      sqlite = open_store(Kind::Sqlite, dir, fault);
    }
    REQUIRE(contents(*memory) == contents(*sqlite));
  }
}

}  // namespace
}  // namespace rampart::store
