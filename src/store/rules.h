// What every store keeps, and what it may prune.
//
// Threads: any. Pure but for random_key().

#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rampart/base/hash.h"
#include "rampart/base/time.h"
#include "rampart/store/state_store.h"
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

/// True if the filter's conditions other than paging hold.
inline bool is_wanted(const SuppressionFilter& filter,
                      suppression::Reason reason,
                      std::string_view pending) noexcept {
  return (!filter.reason || reason == *filter.reason) &&
         (!filter.pending || *filter.pending == !pending.empty()) &&
         (filter.pending_at.empty() || filter.pending_at == pending);
}

/// 128 random bits. Blocks only in the first moments after the machine has booted.
base::HashKey random_key() noexcept;

using TokenBytes = std::array<char, 16>;

/// @return nullopt unless it is 32 hex digits.
std::optional<TokenBytes> parse_token(std::string_view text) noexcept;

/// The error of a batch that no store takes: InvalidInput for a token that is none.
base::Result<> check(const Batch& batch);

}  // namespace rampart::store
