// Runs another program and collects what it says.
//
// Threads: main thread; the call waits for the program.
// Limits: 64 MiB of each of its outputs are kept, the rest is read and dropped.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rampart/base/result.h"

namespace rampart::cli {

/// What a program said.
struct ProgramResult {
  int exit_code = 0;  ///< 128 + signal if it was killed
  std::string output;
  std::string errors;
};

/// Runs a program without a shell. @param words  its path first
/// @return Unavailable if it cannot be started
base::Result<ProgramResult> run_program(const std::vector<std::string>& words,
                                        std::string_view input);

}  // namespace rampart::cli
