#include "rampart/base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace rampart::base {

void assertion_failed(const char* condition, const char* file, int line) noexcept {
  std::fprintf(stderr, "rampart: fatal: assertion failed: %s (%s:%d)\n", condition, file, line);
  std::abort();
}

}  // namespace rampart::base
