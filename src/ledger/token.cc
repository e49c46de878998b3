#include "rampart/ledger/token.h"

#include <array>
#include <cstdint>
#include <string_view>

#include "rampart/base/random.h"

namespace rampart::ledger {

std::string random_token() {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<std::uint8_t, 16> bytes{};
  base::fill_random(bytes.data(), bytes.size());
  std::string token;
  token.reserve(2 * bytes.size());
  for (const std::uint8_t byte : bytes) {
    token += kDigits[byte >> 4U];
    token += kDigits[byte & 0x0FU];
  }
  return token;
}

}  // namespace rampart::ledger
