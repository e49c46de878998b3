#include "rampart/ledger/lookups.h"

#include <atomic>
#include <thread>
#include <vector>

#include "support/catch.h"

#include "engine/faulty_store.h"

namespace rampart::ledger {
namespace {

TEST_CASE("few wait for a store that hangs, and the others do not", "[ledger][unit]") {
  test::FaultyStore store;
  suppression::Entry entry;
  entry.key = "bob@example.org";
  REQUIRE(store.commit({{entry}}).has_value());
  store.hangs = true;
  std::atomic<std::size_t> answered{0};
  {
    Lookups lookups(store);
    std::vector<std::jthread> waiting;
    for (std::size_t i = 0; i < Lookups::kWaitersMax; ++i) {
      waiting.emplace_back([&] {
        auto found = lookups.find(entry.key, std::chrono::hours{1});
        while (!found) {  // the test itself may have had the last place
          found = lookups.find(entry.key, std::chrono::hours{1});
        }
        answered += found->size();
      });
    }
    for (bool full = false; !full;) {
      const auto found = lookups.find(entry.key, std::chrono::milliseconds{1});
      REQUIRE_FALSE(found.has_value());
      CHECK(found.error().kind == base::Error::Kind::Timeout);
      full = found.error().what == "too many wait for the store";
    }
    CHECK(answered == 0);
    store.hangs = false;
  }
  CHECK(answered == Lookups::kWaitersMax);
}

TEST_CASE("a look-up tells the store's error", "[ledger][unit]") {
  test::FaultyStore store;
  store.reads_fail = true;
  Lookups lookups(store);
  const auto found = lookups.find("bob@example.org", std::chrono::seconds{30});
  REQUIRE_FALSE(found.has_value());
  CHECK(found.error().what == "disk failed");
}

}  // namespace
}  // namespace rampart::ledger
