#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "rampart/reply/normalise.h"

// Any bytes give a bounded text without control bytes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view reply(reinterpret_cast<const char*>(data), size);
  const auto once = rampart::reply::normalise(reply, rampart::mail::Stage::Unknown);
  if (once.text.size() > rampart::reply::kTextBytesMax) {
    std::abort();
  }
  for (const char c : once.text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      std::abort();
    }
  }
  if (once.code != 0 && (once.code < 200 || once.code > 599)) {
    std::abort();
  }
  return 0;
}
