// The feed: follows log files and hands their lines to the engine.
//
// Threads: create, start and stop from one thread; one thread of its own per source.
// Errors: a source that cannot be opened is retried every second and shown in the engine's status;
// it never stops the others or the milter.

#pragma once

#include <memory>

#include "rampart/base/time.h"
#include "rampart/engine/engine.h"
#include "rampart/feed/options.h"

namespace rampart::feed {

class Feed {
 public:
  /// Starts following. A source without a stored cursor starts at its end, so that an old log is
  /// not taken for news.
  Feed(const Options& options, engine::Engine& engine, const base::Clock& clock);
  /// Stops within about a second; what was read but not applied is read again at the next start.
  ~Feed();
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;

 private:
  struct Data;
  std::unique_ptr<Data> data_;
};

}  // namespace rampart::feed
