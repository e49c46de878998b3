// Random histories of several flows through the engine: late, repeated and missing reports, two
// sources at their own pace, a wall clock that is set, a store that fails, restarts, kills with
// leases out, reloads. What must hold after every step is in random_history.cc.

#include "random_history.h"

namespace rampart::test {
namespace {

constexpr int kSteps = 250;
constexpr Faults kAll{true, true, true};

void run(std::uint64_t usual, Faults faults) {
  const std::uint64_t most = cases(usual);
  for (std::uint64_t seed = 1; seed <= most; ++seed) {
    CAPTURE(seed);
    RandomHistory history(seed, faults);
    for (int i = 0; i < kSteps; ++i) {
      CAPTURE(i);
      history.step();
    }
    history.finish();
  }
}

TEST_CASE("no history admits too much, forgets a delivery or miscounts the queue",
          "[engine][property]") {
  SECTION("with restarts alone") {
    run(5, {});
  }
  SECTION("with clocks that are set") {
    run(5, {true, false, false});
  }
  SECTION("with sources that are read hours late") {
    run(5, {false, true, false});
  }
  SECTION("with a store that fails before a kill") {
    run(5, {false, false, true});
  }
  SECTION("with all of it") {
    run(10, kAll);
  }
}

TEST_CASE("the same history gives the same state", "[engine][property]") {
  const std::uint64_t most = cases(3);
  for (std::uint64_t seed = 1; seed <= most; ++seed) {
    CAPTURE(seed);
    RandomHistory one(seed, kAll);
    RandomHistory two(seed, kAll);
    for (int i = 0; i < kSteps; ++i) {
      CAPTURE(i);
      one.step();
      two.step();
      REQUIRE(one.states() == two.states());
    }
  }
}

}  // namespace
}  // namespace rampart::test
