#include "rules.h"

#include <algorithm>
#include <variant>

#include "rampart/base/hex.h"
#include "rampart/base/random.h"
#include "rampart/base/text.h"

namespace rampart::store {

base::HashKey random_key() noexcept {
  base::HashKey key{};
  base::fill_random(key.data(), sizeof key);
  return key;
}

std::optional<TokenBytes> parse_token(std::string_view text) noexcept {
  const auto decoded = base::decode_hex(text);
  TokenBytes bytes{};
  if (!decoded || decoded->size() != bytes.size()) {
    return std::nullopt;
  }
  std::copy(decoded->begin(), decoded->end(), bytes.begin());
  return bytes;
}

base::Result<> check(const Batch& batch) {
  for (const Operation& operation : batch.operations) {
    const auto* record = std::get_if<TokenRecord>(&operation);
    if (record != nullptr && !parse_token(record->token)) {
      return base::Error{base::Error::Kind::InvalidInput,
                         "not a token: \"" + base::printable(record->token, 64) + "\""};
    }
  }
  return base::Ok{};
}

}  // namespace rampart::store
