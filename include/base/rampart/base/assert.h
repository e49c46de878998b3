// RAMPART_ASSERT: for our own bugs, always on. Never for input from outside.
//
// Threads: any. Prints the place to stderr and aborts; the service manager restarts the program.

#pragma once

namespace rampart::base {

[[noreturn]] void assertion_failed(const char* condition, const char* file, int line) noexcept;

}  // namespace rampart::base

#define RAMPART_ASSERT(condition)     \
  ((condition) ? static_cast<void>(0) \
               : ::rampart::base::assertion_failed(#condition, __FILE__, __LINE__))
