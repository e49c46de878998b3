// What every store keeps, and what it may prune.
//
// Pure: any thread.

#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "rampart/base/time.h"
#include "rampart/suppression/entry.h"

namespace rampart::store {

inline constexpr std::size_t kHistoryMax = 200;  ///< changes kept per key

/// True if all that the evidence tells happened by the day of `end`.
inline bool is_over(const suppression::Evidence& evidence, base::WallTime end) noexcept {
  const auto over = [end](const std::vector<std::int32_t>& days) {
    return days.empty() || days.back() <= base::day_number(end);
  };
  return over(evidence.unknown_domain_days) && over(evidence.soft_days);
}

}  // namespace rampart::store
