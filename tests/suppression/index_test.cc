#include "rampart/suppression/index.h"

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "support/catch.h"

namespace rampart::suppression {
namespace {

constexpr base::HashKey kKey{0x0706050403020100ULL, 0x0f0e0d0c0b0a0908ULL};

std::string name_of(std::size_t number) {
  return "user" + std::to_string(number) + "@example.org";
}

TEST_CASE("an empty index contains nothing", "[suppression][unit]") {
  Index index(kKey);
  CHECK(index.size() == 0);
  CHECK_FALSE(index.may_contain("a@b.example"));
  index.erase("a@b.example");
  CHECK(index.size() == 0);
  index.reserve(0);
  CHECK_FALSE(index.may_contain(""));
}

TEST_CASE("a key inserted twice needs erasing twice", "[suppression][unit]") {
  Index index(kKey);
  index.insert("a@b.example");
  index.insert("a@b.example");
  CHECK(index.size() == 2);
  index.erase("a@b.example");
  CHECK(index.may_contain("a@b.example"));
  index.erase("a@b.example");
  CHECK_FALSE(index.may_contain("a@b.example"));
  index.erase("a@b.example");
  CHECK(index.size() == 0);
}

TEST_CASE("a key with thousands of senders is counted and costs one slot", "[suppression][unit]") {
  Index index(kKey);
  index.insert("busy@b.example");
  const std::size_t before = index.memory_bytes();
  for (int i = 1; i < 5000; ++i) {
    index.insert("busy@b.example");
  }
  CHECK(index.size() == 5000);
  CHECK(index.memory_bytes() < before + 1000);
  for (int i = 0; i < 4999; ++i) {
    index.erase("busy@b.example");
  }
  CHECK(index.size() == 1);
  CHECK(index.may_contain("busy@b.example"));
  index.erase("busy@b.example");
  CHECK_FALSE(index.may_contain("busy@b.example"));
}

TEST_CASE("the index agrees with a multiset on random histories", "[suppression][model]") {
  for (const unsigned seed : {1U, 2U, 3U, 4U}) {
    std::mt19937 random(seed);
    Index index({seed, ~std::uint64_t{seed}});
    std::multiset<std::string> model;
    const std::size_t names = seed % 2 == 0 ? 40 : 5000;
    for (int step = 0; step < 60'000; ++step) {
      const std::string name = name_of(random() % names);
      // Grows for a while, then shrinks to nothing, and again.
      const bool growing = step / 10'000 % 2 == 0;
      if (random() % 10 < (growing ? 7U : 2U)) {
        index.insert(name);
        model.insert(name);
      } else if (const auto found = model.find(name); found != model.end()) {
        index.erase(name);
        model.erase(found);
      } else {
        index.erase(name);
      }
      const std::string other = name_of(random() % names);
      if (index.may_contain(other) != model.contains(other) || index.size() != model.size()) {
        FAIL("seed " << seed << " step " << step << " " << other);
      }
    }
    for (std::size_t i = 0; i < names; ++i) {
      CHECK(index.may_contain(name_of(i)) == model.contains(name_of(i)));
    }
  }
}

TEST_CASE("the answers do not depend on the hash key", "[suppression][unit]") {
  Index zero({0, 0});
  Index ones({~0ULL, ~0ULL});
  for (std::size_t i = 0; i < 1000; i += 2) {
    zero.insert(name_of(i));
    ones.insert(name_of(i));
  }
  for (std::size_t i = 0; i < 1000; ++i) {
    CHECK(zero.may_contain(name_of(i)) == (i % 2 == 0));
    CHECK(ones.may_contain(name_of(i)) == (i % 2 == 0));
  }
}

TEST_CASE("a key costs at most 12 bytes however the index grew", "[suppression][unit]") {
  Index index(kKey);
  double worst = 0;
  for (std::size_t i = 0; i < 300'000; ++i) {
    index.insert(name_of(i));
    if (i > 20'000) {
      worst =
          std::max(worst, static_cast<double>(index.memory_bytes()) / static_cast<double>(i + 1));
    }
  }
  CHECK(worst <= 12.0);
  CHECK(worst >= 9.0);  // so the accessor counts the slots
}

TEST_CASE("room for ten million keys takes less than 130 MB", "[suppression][unit]") {
  Index index(kKey);
  index.reserve(10'000'000);
  CHECK(index.memory_bytes() <= 130'000'000);
  CHECK(index.memory_bytes() >= 10'000'000 * sizeof(std::uint64_t));
}

TEST_CASE("keys that were reserved for do not make the index grow", "[suppression][unit]") {
  Index index(kKey);
  index.reserve(200'000);
  const std::size_t before = index.memory_bytes();
  for (std::size_t i = 0; i < 200'000; ++i) {
    index.insert(name_of(i));
  }
  CHECK(index.memory_bytes() == before);
  index.reserve(100);
  CHECK(index.memory_bytes() == before);
  CHECK(index.size() == 200'000);
  CHECK(index.may_contain(name_of(199'999)));
  CHECK_FALSE(index.may_contain(name_of(200'000)));
}

TEST_CASE("erasing leaves nothing behind that slows or fills the index", "[suppression][unit]") {
  Index index(kKey);
  for (std::size_t i = 0; i < 20'000; ++i) {
    index.insert(name_of(i));
  }
  const std::size_t before = index.memory_bytes();
  // A window of 20,000 keys moves on far: slots that stayed behind would force growth.
  for (std::size_t i = 20'000; i < 200'000; ++i) {
    index.erase(name_of(i - 20'000));
    index.insert(name_of(i));
  }
  CHECK(index.size() == 20'000);
  CHECK(index.memory_bytes() <= before * 5 / 4);
  for (std::size_t i = 180'000; i < 200'000; ++i) {
    if (!index.may_contain(name_of(i))) {
      FAIL(name_of(i) << " is missing");
    }
  }
  CHECK_FALSE(index.may_contain(name_of(179'999)));
}

}  // namespace
}  // namespace rampart::suppression
