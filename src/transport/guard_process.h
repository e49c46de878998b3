// The guard as a process of its own, seen from the service.
//
// Threads: one at a time.

#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

#include "rampart/base/descriptor.h"
#include "rampart/base/result.h"
#include "rampart/base/time.h"

namespace rampart::transport {

class GuardProcess {
 public:
  /// @param words  the program's path and its arguments
  explicit GuardProcess(std::vector<std::string> words) : words_(std::move(words)) {}
  ~GuardProcess() = default;  ///< lets it end
  GuardProcess(const GuardProcess&) = delete;
  GuardProcess& operator=(const GuardProcess&) = delete;

  /// Starts it if it does not run. @return whether it has run since an earlier call; Unavailable if
  /// it cannot be started
  [[nodiscard]] base::Result<bool> keep_running();
  /// Lets it end, which empties the table, and waits for that. @return whether it did so within
  /// `limit`
  bool finish(base::Micros limit);

 private:
  std::vector<std::string> words_;
  pid_t child_ = -1;
  base::Descriptor input_;  // its standard input; closing it ends the guard
};

}  // namespace rampart::transport
