// Many threads at one store.

#include <atomic>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "rampart/store/state_store.h"
#include "support/catch.h"

#include "sample_records.h"
#include "store/fault.h"

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

TEST_CASE("a look-up does not wait for a walk", "[store][unit]") {
  const TempDir dir;
  std::promise<void> walking;
  std::promise<void> go_on;
  std::atomic<bool> stops = false;
  SqliteHooks hooks;
  hooks.in_walk = [&] {
    if (stops.exchange(false)) {
      walking.set_value();
      go_on.get_future().wait();
    }
  };
  auto store = open_sqlite_with(dir.file("state.db"), std::move(hooks));
  REQUIRE(store.has_value());
  REQUIRE((*store)->commit({{entry("bob@example.org")}}));
  stops = true;
  auto walk = std::async(std::launch::async, [&] { return (*store)->list_suppressions({}); });
  walking.get_future().wait();
  auto look_ups = std::async(std::launch::async, [&] {
    const auto found = (*store)->find_suppressions("bob@example.org");
    return found && found->size() == 1 && (*store)->find_evidence("bob@example.org", "") &&
           (*store)->history("bob@example.org") && (*store)->find_token(std::string(32, 'a'));
  });
  const auto state = look_ups.wait_for(std::chrono::seconds{30});
  go_on.set_value();
  CHECK(state == std::future_status::ready);
  CHECK(look_ups.get());
  CHECK(walk.get()->size() == 1);
}

}  // namespace
}  // namespace rampart::store
