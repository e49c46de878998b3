// LastHour: how many recipients within the last hour, in twelfths of it.
//
// Pure: time is an argument, and rises.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "rampart/base/time.h"

namespace rampart::history {

class LastHour {
 public:
  void add(base::WallTime time) {
    advance(time);
    ++counts_[static_cast<std::size_t>(newest_) % counts_.size()];
  }
  std::uint64_t sum(base::WallTime time) {
    advance(time);
    std::uint64_t sum = 0;
    for (const std::uint32_t count : counts_) {
      sum += count;
    }
    return sum;
  }

 private:
  static constexpr base::Micros kTwelfth = std::chrono::minutes{5};

  void advance(base::WallTime time) {
    const auto bucket = static_cast<std::int64_t>(time.time_since_epoch() / kTwelfth);
    if (bucket - newest_ >= static_cast<std::int64_t>(counts_.size())) {
      counts_.fill(0);
      newest_ = bucket;
    }
    while (newest_ < bucket) {
      ++newest_;
      counts_[static_cast<std::size_t>(newest_) % counts_.size()] = 0;
    }
  }
  std::array<std::uint32_t, 12> counts_{};
  std::int64_t newest_ = 0;
};

}  // namespace rampart::history
