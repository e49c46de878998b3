// Which logs are followed.
//
// Pure: plain values.

#pragma once

#include <string>
#include <vector>

namespace rampart::feed {

struct LogSource {
  std::string path;
  std::string format = "auto";  ///< "postfix" | "auto"
  std::string tz;               ///< IANA zone of stamps without one; "": the system's
  std::string where;            ///< for messages
};

struct Options {
  std::vector<LogSource> logs;
};

}  // namespace rampart::feed
