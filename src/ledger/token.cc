#include "rampart/ledger/token.h"

#include <array>

#include "rampart/base/hex.h"
#include "rampart/base/random.h"

namespace rampart::ledger {

std::string random_token() {
  std::array<char, 16> bytes{};
  base::fill_random(bytes.data(), bytes.size());
  return base::encode_hex({bytes.data(), bytes.size()});
}

}  // namespace rampart::ledger
