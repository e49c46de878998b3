#include "rules.h"

#include <variant>

#include "rampart/base/text.h"

namespace rampart::store {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";

}  // namespace

std::optional<TokenBytes> parse_token(std::string_view text) noexcept {
  TokenBytes bytes{};
  if (text.size() != 2 * bytes.size()) {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const std::size_t high = kHex.find(base::to_lower(text[2 * i]));
    const std::size_t low = kHex.find(base::to_lower(text[2 * i + 1]));
    if (high == std::string_view::npos || low == std::string_view::npos) {
      return std::nullopt;
    }
    bytes[i] = static_cast<char>(static_cast<unsigned char>(high << 4U | low));
  }
  return bytes;
}

std::string format_token(std::string_view bytes) {
  std::string text;
  text.reserve(2 * bytes.size());
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += {kHex[byte >> 4U], kHex[byte & 15U]};
  }
  return text;
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
