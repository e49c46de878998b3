// How a source of reports is read: a log file, the journal, a mailbox of notices.
//
// Threads: plain values.

#pragma once

#include <cstdint>
#include <string>

#include "rampart/base/time.h"

namespace rampart::mail {

struct SourceStatus {
  std::string name;
  bool open = false;
  base::Micros lag{0};  ///< age of the oldest line not yet read; 0 when at the end
  std::uint64_t lines = 0;
  std::uint64_t not_understood = 0;
  std::string problem;  ///< "" or why it cannot be read
};

}  // namespace rampart::mail
