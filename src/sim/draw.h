// Draws that depend on the seed, their purpose and their subject only, never on what was drawn
// before: whoever asks in another order gets the same.
//
// Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators" (2014): the mixing
// function of SplitMix64.

#pragma once

#include <cmath>
#include <cstdint>

#include "rampart/sim/options.h"

namespace rampart::sim {

enum class Purpose : std::uint64_t {
  Recipient = 1,  ///< provider of a recipient
  Dead,
  Full,
  Complaint,
  Noise,
  Greylist,
  Pick,  ///< recipient of a message
  Time,  ///< of submission
  Model,
};

constexpr std::uint64_t mix(std::uint64_t value) noexcept {
  value += 0x9E3779B97F4A7C15ULL;
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9ULL;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EBULL;
  return value ^ (value >> 31);
}

class Draw {
 public:
  Draw(std::uint64_t seed, Purpose purpose) noexcept
      : state_(mix(mix(seed) ^ (static_cast<std::uint64_t>(purpose) << 56))) {}

  [[nodiscard]] std::uint64_t bits(std::uint64_t a, std::uint64_t b = 0) const noexcept {
    return mix(mix(state_ ^ mix(a)) + b);
  }
  /// Evenly in [0, 1).
  [[nodiscard]] double share(std::uint64_t a, std::uint64_t b = 0) const noexcept {
    return static_cast<double>(bits(a, b) >> 11) * 0x1p-53;
  }
  /// Evenly over the orders of magnitude.
  [[nodiscard]] double from(Range range, std::uint64_t a, std::uint64_t b = 0) const noexcept {
    return range.min <= 0 || range.max <= range.min
               ? range.min
               : range.min * std::pow(range.max / range.min, share(a, b));
  }

 private:
  std::uint64_t state_;
};

}  // namespace rampart::sim
