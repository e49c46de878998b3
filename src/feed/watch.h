// Watch: sleeps until something happens to a log file or its directory.
//
// Source: inotify(7). Threads: wake() from any thread, the rest from one.
// Errors: where inotify is not to be had (its limits are per user), every wait lasts its whole
// time: following then is polling.

#pragma once

#include <deque>
#include <string>

#include "rampart/base/descriptor.h"
#include "rampart/base/time.h"

namespace rampart::feed {

class Watch {
 public:
  explicit Watch(std::string path);

  /// Looks for the file anew; what happens from now on ends the next wait(). Call before reading.
  void arm();
  /// Returns after something happened, wake() or `timeout`. Events close to each other count as
  /// one, so that a busy log is read in batches.
  /// @param other  a descriptor that also ends it when it becomes readable; -1: none
  void wait(base::Micros timeout, int other = -1);
  /// Ends this wait() and all later ones.
  void wake() noexcept;

 private:
  bool poll_for(base::Micros timeout, int files, int other);

  std::string path_;
  std::string directory_;
  base::Descriptor inotify_;
  base::Wake wake_;
  std::deque<int> watched_;  ///< the file at the path now, and those before it
};

}  // namespace rampart::feed
