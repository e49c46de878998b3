// BusErrorGuard: survives reading a mapped file that somebody cut off.
//
// libsystemd reads the journal through mmap(2). If a mapped file is truncated, or its disk fails,
// reading it raises SIGBUS, which ends the process. While a guard exists, such a fault of its
// thread reads zeros instead, and happened() tells.
//
// Source: mmap(2) "NOTES"; sigaction(2) SI_CODE BUS_ADRERR.
// Threads: the handler is the process's; a guard concerns only the thread that made it, one at a
// time. A SIGBUS outside a guard ends the process, as without all this.
// Limits: 16 guards at once; one more guards nothing.

#pragma once

#include <cstddef>

namespace rampart::feed {

class BusErrorGuard {
 public:
  BusErrorGuard() noexcept;
  ~BusErrorGuard();
  BusErrorGuard(const BusErrorGuard&) = delete;
  BusErrorGuard& operator=(const BusErrorGuard&) = delete;

  /// What was read since the guard was made is not to be trusted.
  [[nodiscard]] bool happened() const noexcept;

 private:
  static constexpr std::size_t kNoPlace = static_cast<std::size_t>(-1);
  std::size_t place_ = kNoPlace;
};

}  // namespace rampart::feed
