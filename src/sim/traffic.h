// The mail of one scenario and seed, in the order in which it is submitted.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rampart/sim/options.h"

namespace rampart::sim {

using Millis = std::int64_t;  ///< since day 0, 00:00; the history is below 0
inline constexpr Millis kSecondMillis = 1000;
inline constexpr Millis kDayMillis = 24LL * 3600 * kSecondMillis;

struct Message {
  Millis submitted = 0;
  std::uint64_t recipient = 0;  ///< a number of its own
  std::uint16_t sender = 0;
  std::uint16_t provider = 0;
  bool dead = false;       ///< the recipient does not exist
  bool complains = false;  ///< once it is delivered
};

/// Providers of several domains become as many.
std::vector<Provider> expand(const std::vector<Provider>& providers);

/// @param providers  expanded
std::vector<Message> make_traffic(const Scenario& scenario,
                                  const std::vector<Provider>& providers,
                                  std::uint64_t seed);

}  // namespace rampart::sim
