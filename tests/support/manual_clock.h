// A clock that stands still until told otherwise.

#pragma once

#include <atomic>

#include "rampart/base/time.h"

namespace rampart::test {

/// Wall and steady time start at fixed points; advance() moves both, set_wall() steps the wall
/// alone.
/// Threads: any function from any thread.
class ManualClock final : public base::Clock {
 public:
  /// 2026-11-21T00:00:00Z.
  static constexpr base::WallTime kStart{base::Micros{1'795'219'200'000'000LL}};

  [[nodiscard]] base::WallTime wall_now() const noexcept override {
    return base::WallTime{base::Micros{wall_.load()}};
  }
  [[nodiscard]] base::SteadyTime steady_now() const noexcept override {
    return base::SteadyTime{base::Micros{steady_.load()}};
  }
  void advance(base::Micros by) noexcept {
    wall_ += by.count();
    steady_ += by.count();
  }
  void set_wall(base::WallTime time) noexcept { wall_ = time.time_since_epoch().count(); }

 private:
  std::atomic<long long> wall_{kStart.time_since_epoch().count()};
  std::atomic<long long> steady_{1'000'000};
};

}  // namespace rampart::test
