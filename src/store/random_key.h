// A fresh key for keyed hashes, from the kernel.

#pragma once

#include "rampart/base/hash.h"

namespace rampart::store {

/// 128 random bits. Blocks only in the first moments after the machine has booted.
base::HashKey random_key() noexcept;

}  // namespace rampart::store
