// Any bytes are lines of some mbox: no crash, bounded messages, and nothing is told twice.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "rampart/base/assert.h"

#include "feed/mbox_splitter.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using rampart::feed::MboxSplitter;
  std::string_view rest(reinterpret_cast<const char*>(data), size);  // NOLINT: bytes as text
  const std::size_t all = rest.size();
  MboxSplitter splitter;
  std::size_t told = 0;
  std::uint64_t begin = 0;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    splitter.add(rest.substr(0, end), begin);
    RAMPART_ASSERT(splitter.partial_begin().value_or(0) <= begin);
    const std::size_t step = std::min(end + 1, rest.size());
    rest.remove_prefix(step);
    begin += step;
    for (const auto& message : splitter.take()) {
      RAMPART_ASSERT(message.bytes.size() <= MboxSplitter::kMessageMax);
      told += message.bytes.size();
    }
  }
  splitter.finish();
  for (const auto& message : splitter.take()) {
    told += message.bytes.size();
  }
  RAMPART_ASSERT(splitter.take().empty());
  RAMPART_ASSERT(told <= all + 1);  // the last line gets an end
  return 0;
}
