// Named counters of the process, read by `rampart status --json`.
//
// Threads: any function from any thread; a Counter is an atomic.
// Limits: names are literals of our own (bounded set); counters live until the process ends.

#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace rampart::telemetry {

class Counter {
 public:
  void add(std::uint64_t count = 1) noexcept { value_.fetch_add(count, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t value() const noexcept {
    return value_.load(std::memory_order_relaxed);
  }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// The counter of this name, made at first use. Keep the reference: the look-up takes a lock.
/// @param name  snake_case ending in _total, without the "rampart_" prefix
Counter& counter(std::string_view name);

/// All counters by name.
std::map<std::string, std::uint64_t> read_counters();

}  // namespace rampart::telemetry
