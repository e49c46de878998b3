#include "random_key.h"

#include "rampart/base/random.h"

namespace rampart::store {

base::HashKey random_key() noexcept {
  base::HashKey key{};
  base::fill_random(key.data(), sizeof key);
  return key;
}

}  // namespace rampart::store
