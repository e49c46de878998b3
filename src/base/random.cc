#include "rampart/base/random.h"

#include <cerrno>

#include <sys/random.h>

#include "rampart/base/assert.h"

namespace rampart::base {

void fill_random(void* bytes, std::size_t size) noexcept {
  RAMPART_ASSERT(size <= kRandomBytesMax);
  ssize_t filled = 0;
  do {
    filled = getrandom(bytes, size, 0);
  } while (filled < 0 && errno == EINTR);
  RAMPART_ASSERT(filled == static_cast<ssize_t>(size));
}

}  // namespace rampart::base
