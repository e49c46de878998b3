// Keyed 64-bit hash of bytes (SipHash-2-4): whoever does not know the key cannot aim for
// collisions.
//
// Source: Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012), section 2 and appendix
// A.
// Pure: every function may be called from any thread.

#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace rampart::base {

using HashKey = std::array<std::uint64_t, 2>;

std::uint64_t siphash(const HashKey& key, std::string_view bytes) noexcept;

}  // namespace rampart::base
