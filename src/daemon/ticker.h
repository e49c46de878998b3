// The engine's clockwork: tick() once a second, and the watchdog's sign of life after it.
//
// Threads: made and destroyed by one thread; one thread of its own.

#pragma once

#include <thread>

#include "rampart/base/mutex.h"
#include "rampart/engine/engine.h"

namespace rampart::daemon {

class Ticker {
 public:
  explicit Ticker(engine::Engine& engine);
  ~Ticker();
  Ticker(const Ticker&) = delete;
  Ticker& operator=(const Ticker&) = delete;

 private:
  void run();

  engine::Engine& engine_;
  base::Mutex mutex_;
  base::Condition condition_;
  bool stopping_ RAMPART_GUARDED_BY(mutex_) = false;
  std::jthread thread_;  // last: it uses the rest
};

}  // namespace rampart::daemon
