// Many threads at one store.

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "rampart/store/state_store.h"
#include "support/catch.h"

#include "sample_records.h"

namespace rampart::store {
namespace {

constexpr std::uint32_t kThreads = 8;
constexpr std::uint32_t kRounds = 25;

// Every batch gives both flows of this thread the same number. @return false if anything was ever
// torn, lost or refused
bool work(StateStore& store, std::uint32_t thread) {
  const std::string name = "sender" + std::to_string(thread);
  for (std::uint32_t n = 1; n <= kRounds; ++n) {
    Batch batch;
    batch.operations = {flow(name, "a", n), entry(name + "@example.org"), change(name, n),
                        flow(name, "b", n)};
    if (!store.commit(batch)) {
      return false;
    }
    const auto found = store.find_suppressions(name + "@example.org");
    const auto history = store.history(name);
    const auto snapshot = store.load();
    if (!found || found->size() != 1 || !history || history->size() != n || !snapshot ||
        snapshot->flows.size() % 2 != 0) {
      return false;
    }
    for (std::size_t i = 0; i < snapshot->flows.size(); i += 2) {
      const FlowRecord& a = snapshot->flows[i];
      const FlowRecord& b = snapshot->flows[i + 1];
      if (a.key.sender != b.key.sender || a.leased != b.leased ||
          (a.key.sender == name && a.leased != n)) {
        return false;
      }
    }
    if (n % 10 == 0 && !store.prune({.history = at(0), .seen_reports = at(0)})) {
      return false;
    }
  }
  return true;
}

TEST_CASE("threads read whole batches while others commit", "[store][contract]") {
  for (const Kind kind : {Kind::Memory, Kind::Sqlite}) {
    const TempDir dir;
    const auto store = open_store(kind, dir);
    INFO(store->describe());
    std::atomic<std::uint32_t> good = 0;
    {
      std::vector<std::jthread> threads;
      for (std::uint32_t i = 0; i < kThreads; ++i) {
        threads.emplace_back([&store, &good, i] { good += work(*store, i) ? 1 : 0; });
      }
    }
    CHECK(good == kThreads);
    CHECK(store->load()->flows.size() == 2 * kThreads);
    CHECK(*store->count_suppressions() == kThreads);
  }
}

}  // namespace
}  // namespace rampart::store
