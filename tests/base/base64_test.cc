#include "rampart/base/base64.h"

#include "support/catch.h"

namespace rampart::base {
namespace {

TEST_CASE("base64 as RFC 4648 has it", "[base]") {
  struct Case {
    std::string bytes;
    std::string text;
  };
  const std::vector<Case> cases{
      {"", ""},
      {"f", "Zg=="},
      {"fo", "Zm8="},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="},
      {"fooba", "Zm9vYmE="},
      {"foobar", "Zm9vYmFy"},
      {std::string("\0\xff\n", 3), "AP8K"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text);
    CHECK(encode_base64(c.bytes) == c.text);
    CHECK(decode_base64(c.text) == c.bytes);
  }
}

TEST_CASE("every byte survives base64", "[base][property]") {
  std::string bytes;
  for (int i = 0; i < 256; ++i) {
    bytes += static_cast<char>(i);
    CHECK(decode_base64(encode_base64(bytes)) == bytes);
  }
}

TEST_CASE("what is no base64 is refused", "[base]") {
  const std::string_view text = GENERATE(as<std::string_view>{}, "Z", "Zg", "Zg=", "Zg===", "=",
                                         "====", "Zh==", "Zm9=", "Zg==Zg==", "Zm 9v", "Zm9v\n",
                                         "Zm9_", "Z===", "\xff\xff\xff\xff");
  CAPTURE(text);
  CHECK_FALSE(decode_base64(text).has_value());
}

TEST_CASE("base64 of mail is read whatever happened to it on its way", "[base]") {
  struct Case {
    std::string_view name;
    std::string_view text;
    std::string_view bytes;
  };
  const std::vector<Case> cases{
      {"clean", "Zm9vYmE=", "fooba"},
      {"lines", "Zm9v\r\nYmFy\r\n", "foobar"},
      {"no padding", "Zm9vYg", "foob"},
      {"too much padding", "Zg===", "f"},
      {"several pieces", "Zg==Zg==", "ff"},
      {"a piece that ends early begins anew", "Z=Zm9v", "foo"},
      {"damage is passed over",
       "Z*m\xff"
       "9v-",
       "foo"},
      {"leftover bits are no byte", "Zh==", "f"},
      {"nothing", "", ""},
      {"no digit", "=*\n", ""},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    CHECK(decode_base64_of_mail(c.text) == c.bytes);
  }
}

}  // namespace
}  // namespace rampart::base
