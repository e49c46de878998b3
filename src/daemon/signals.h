// Signals and other events that the main thread waits for.
//
// A signal to a process goes to its main thread first if that has it unblocked (Linux), so ours are
// caught by handlers there, and every other thread blocks them. The thread of libmilter that waits
// for them with sigwait(3) gets none: see milter/server.cc.
//
// Threads: one Signals per process, made on the main thread before any other thread; wake() from
// any.

#pragma once

#include <cstdint>

namespace rampart::daemon {

enum class Event : std::uint8_t { Stop, Reload, MilterEnded };

class Signals {
 public:
  /// Blocks the signals on this thread, and so on every thread it starts from now on.
  Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  /// Lets them through to this thread, the main one. What came before comes now.
  void unblock();
  /// Whether an order to stop has come and is blocked so far.
  static bool is_stop_pending();
  /// Blocks them on the calling thread.
  static void block();
  void wake(Event event);
  /// Waits for the next event.
  Event next();
};

}  // namespace rampart::daemon
