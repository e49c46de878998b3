#include "rampart/base/hex.h"

#include "support/catch.h"

namespace rampart::base {
namespace {

TEST_CASE("bytes are written as lower-case digits", "[base]") {
  CHECK(encode_hex("").empty());
  CHECK(encode_hex(std::string_view("\0\x0f\xf0\xff", 4)) == "000ff0ff");
}

TEST_CASE("every byte survives hexadecimal digits in either case", "[base][property]") {
  for (int i = 0; i < 256; ++i) {
    const std::string byte(1, static_cast<char>(i));
    std::string digits = encode_hex(byte);
    CHECK(decode_hex(digits) == byte);
    for (char& c : digits) {
      c = c >= 'a' ? static_cast<char>(c - 32) : c;
    }
    CHECK(decode_hex(digits) == byte);
  }
}

TEST_CASE("what is no pair of hexadecimal digits is refused", "[base]") {
  const std::string_view text =
      GENERATE(as<std::string_view>{}, "0", "000", "0g", "g0", "0x", " 0", "0 ", "-1", "\xff\xff");
  CAPTURE(text);
  CHECK_FALSE(decode_hex(text).has_value());
}

TEST_CASE("exactly 22 characters are hexadecimal digits", "[base][property]") {
  int digits = 0;
  for (int i = -128; i < 128; ++i) {
    digits += is_hex(static_cast<char>(i)) ? 1 : 0;
  }
  CHECK(digits == 22);
}

}  // namespace
}  // namespace rampart::base
