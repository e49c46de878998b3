// Random bytes from the kernel.
//
// Source: getrandom(2).
// Threads: any.

#pragma once

#include <cstddef>

namespace rampart::base {

inline constexpr std::size_t kRandomBytesMax = 256;  ///< what the kernel never cuts short

/// Fills `bytes` with `size` bytes, at most kRandomBytesMax. Blocks only before the kernel's pool
/// is ready, early in its boot.
void fill_random(void* bytes, std::size_t size) noexcept;

}  // namespace rampart::base
