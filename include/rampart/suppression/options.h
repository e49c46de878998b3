// What is suppressed, for how long, and how addresses are compared.
//
// Pure: plain values.

#pragma once

#include <cstdint>

#include "rampart/base/time.h"

namespace rampart::suppression {

struct Options {
  std::uint32_t hard_bounces = 1;  ///< occurrences, >= 1
  base::Micros hard_expiry = std::chrono::hours{24 * 365};
  std::uint32_t soft_days = 4;  ///< distinct days
  base::Micros soft_span = std::chrono::hours{24 * 14};
  base::Micros soft_expiry = std::chrono::hours{24 * 90};
  std::uint32_t domain_unknown_days = 3;  ///< distinct days
  bool fold_local_part = false;           ///< compare local parts without regard to case
  bool ignore_subaddress = false;         ///< "user+tag" is "user"
  bool lift_on_delivery = false;
};

}  // namespace rampart::suppression
