#include "rampart/base/hash.h"

#include <string>

#include "support/catch.h"

namespace rampart::base {
namespace {

// Values of the reference implementation's test vectors: key 00..0f, message 00..(n-1).
TEST_CASE("siphash gives the published values", "[base][unit]") {
  const HashKey key{0x0706050403020100ULL, 0x0f0e0d0c0b0a0908ULL};
  std::string message;
  CHECK(siphash(key, message) == 0x726fdb47dd0e0e31ULL);
  message += '\0';
  CHECK(siphash(key, message) == 0x74f839c593dc67fdULL);
  for (char c = 1; c < 15; ++c) {
    message += c;
  }
  CHECK(siphash(key, message) == 0xa129ca6149be45e5ULL);
}

}  // namespace
}  // namespace rampart::base
