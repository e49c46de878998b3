#include "random_key.h"

#include <cerrno>
#include <cstddef>

#include <sys/random.h>

#include "rampart/base/assert.h"

namespace rampart::store {

base::HashKey random_key() noexcept {
  base::HashKey key{};
  // Requests of up to 256 bytes are never cut short, only interrupted before they begin:
  // getrandom(2).
  ssize_t size = 0;
  do {
    size = getrandom(key.data(), sizeof key, 0);
  } while (size < 0 && errno == EINTR);
  RAMPART_ASSERT(size == static_cast<ssize_t>(sizeof key));
  return key;
}

}  // namespace rampart::store
