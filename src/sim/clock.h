// Time that is told, not measured.

#pragma once

#include <atomic>

#include "rampart/base/time.h"

#include "traffic.h"

namespace rampart::sim {

/// Threads: any; an engine's writer thread reads it.
class VirtualClock final : public base::Clock {
 public:
  void set(Millis now) noexcept { micros_ = to_micros(now); }
  [[nodiscard]] base::WallTime wall_now() const noexcept override {
    return base::WallTime{base::Micros{micros_.load()}};
  }
  [[nodiscard]] base::SteadyTime steady_now() const noexcept override {
    return base::SteadyTime{base::Micros{micros_.load()}};
  }
  /// Day 0 is a Monday.
  static long long to_micros(Millis now) noexcept {
    constexpr std::chrono::sys_days kDayZero{std::chrono::year{2026} / 3 / 2};
    return base::WallTime{kDayZero}.time_since_epoch().count() + now * 1000;
  }

 private:
  std::atomic<long long> micros_{0};
};

}  // namespace rampart::sim
