// Runs another program and collects what it says.
//
// Source: POSIX.1-2017, posix_spawn().
// Threads: any; the call waits for the program.
// Limits: 64 MiB of each of its outputs are kept, the rest is read and dropped.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rampart/base/result.h"
#include "rampart/base/time.h"

namespace rampart::base {

/// What a program said.
struct ProgramResult {
  int exit_code = 0;  ///< 128 + signal if it was killed
  std::string output;
  std::string errors;
};

/// Runs a program without a shell, with no signal blocked or ignored.
/// @param words  its path first
/// @param limit  it is killed after that
/// @param file   an open file to read from instead of `input`; stays the caller's. -1: none
/// @return  Unavailable if it cannot be started, Timeout if it had to be killed
Result<ProgramResult> run_program(const std::vector<std::string>& words,
                                  std::string_view input,
                                  Micros limit = std::chrono::minutes{2},
                                  int file = -1);

}  // namespace rampart::base
