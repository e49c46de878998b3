#include <cstdint>
#include <cstdlib>
#include <string>

#include "rampart/suppression/list.h"

// Every key that a list gives reads back as itself, and every line is an entry, a repeat, an error,
// or nothing.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(data, data + size);
  rampart::suppression::Options options;
  options.fold_local_part = size % 2 == 0;
  options.ignore_subaddress = size % 3 == 0;
  const auto list = rampart::suppression::parse_list(input, options);
  if (list.keys.size() + list.repeats + list.bad_lines > list.lines ||
      list.errors.size() > list.bad_lines) {
    std::abort();
  }
  for (const std::string& key : list.keys) {
    if (rampart::suppression::parse_key(key, options) != key) {
      std::abort();
    }
  }
  for (const auto& error : list.errors) {
    if (error.line == 0 || error.line > list.lines || error.column == 0 || error.text.empty()) {
      std::abort();
    }
  }
  return 0;
}
