// Suppression lists of the configuration -> the engine.
//
// A list that cannot be read keeps what it had: the log and status say so, and it is tried again
// every minute and at the next reload. The same holds for one that shrank by more than half, but
// for the tries, as that is for a person to decide.
//
// Threads: apply() from any thread; a thread of its own tries again.

#pragma once

#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "rampart/base/mutex.h"
#include "rampart/base/time.h"
#include "rampart/config/config.h"
#include "rampart/engine/engine.h"

namespace rampart::daemon {

class Lists {
 public:
  explicit Lists(engine::Engine& engine, base::Micros retry_every = std::chrono::minutes{1});
  ~Lists();
  Lists(const Lists&) = delete;
  Lists& operator=(const Lists&) = delete;

  /// Reads and applies every list of a configuration; bad lines are passed over.
  /// @return what went wrong, a sentence each, to be logged
  std::vector<std::string> apply(std::shared_ptr<const config::Config> config);

 private:
  struct Outcome {
    std::string problem;       ///< "" if all is well
    bool kept_old = false;     ///< the list is not in force as it is in the file
    bool may_recover = false;  ///< trying again may help
  };
  Outcome apply_list(const std::string& path, const config::Config& config);
  void tell(const std::string& path, const Outcome& outcome) RAMPART_REQUIRES(mutex_);
  void retry() RAMPART_REQUIRES(mutex_);
  void keep_trying();

  engine::Engine& engine_;
  const base::Micros retry_every_;
  base::Mutex mutex_;
  base::Condition changed_;
  std::shared_ptr<const config::Config> config_ RAMPART_GUARDED_BY(mutex_);
  std::set<std::string> failed_ RAMPART_GUARDED_BY(mutex_);  ///< paths to be tried again
  std::set<std::string> warned_ RAMPART_GUARDED_BY(mutex_);  ///< paths of which status warns
  bool stopping_ RAMPART_GUARDED_BY(mutex_) = false;
  std::jthread thread_;  // last: it uses the rest
};

}  // namespace rampart::daemon
