// Takes over a changed configuration while serving: all of it or, if it has an error, nothing.
//
// Threads: reload() from any thread; calls wait for each other.

#pragma once

#include <memory>

#include "rampart/base/mutex.h"
#include "rampart/config/config.h"
#include "rampart/control/server.h"
#include "rampart/engine/engine.h"

#include "lists.h"

namespace rampart::daemon {

class Reloader {
 public:
  /// @param started_with  what the sockets, the store and the feed run with until a restart
  Reloader(config::Where where,
           std::shared_ptr<const config::Config> started_with,
           engine::Engine& engine,
           Lists& lists);

  control::ReloadAnswer reload();

 private:
  const config::Where where_;
  const std::shared_ptr<const config::Config> started_with_;
  engine::Engine& engine_;
  Lists& lists_;
  base::Mutex mutex_;
};

}  // namespace rampart::daemon
