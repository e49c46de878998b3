// Questions to the running service.
//
// Threads: main thread.
// Errors: Failure with exit code 3 (unreachable), 4 (not permitted), 2 or 5 (the service refused).

#pragma once

#include <chrono>
#include <string>

#include "rampart/base/time.h"

#include "arguments.h"
#include "json_fwd.h"

namespace rampart::cli {

class Service {
 public:
  explicit Service(const Arguments& arguments);

  [[nodiscard]] Json ask(const Json& request,
                         base::Micros timeout = std::chrono::seconds{30}) const;
  /// {"command": name, "sender": ..., "provider": ...} of the two words of a flow command.
  static Json flow_request(const char* command, const Arguments& arguments);

 private:
  std::string socket_;
};

}  // namespace rampart::cli
