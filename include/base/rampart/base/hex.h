// Bytes as hexadecimal digits.
//
// Source: RFC 4648 section 8. Written in lower case, read in either.
// Pure: every function may be called from any thread.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "rampart/base/text.h"

namespace rampart::base {

inline constexpr std::string_view kHexDigits = "0123456789abcdef";

/// @return 0 to 15, or -1 for what is no digit
constexpr int hex_value(char c) noexcept {
  const char lower = to_lower(c);
  return is_digit(c) ? c - '0' : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}
constexpr bool is_hex(char c) noexcept {
  return hex_value(c) >= 0;
}

/// Two digits a byte.
std::string encode_hex(std::string_view bytes);
/// @return nullopt for an odd count, or anything but digits
std::optional<std::string> decode_hex(std::string_view text);

}  // namespace rampart::base
