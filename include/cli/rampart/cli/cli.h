// The command line: every `rampart` sub-command but the service itself.
//
//   rampart status            rampart explain "421 4.7.28 ..."
//   rampart suppression why bob@example.com
//
// Threads: run() once per process, from main.
// Errors: exit codes: 0 done; 1 done and something was found (a suppressed address, a failed
// check); 2 wrong usage or a bad configuration; 3 the service cannot be reached; 4 not permitted; 5
// refused by the service. `feed` alone, whose callers know sysexits.h: 75 when what it was given
// should be brought again.

#pragma once

#include <functional>
#include <string>

#include "rampart/config/config.h"

namespace rampart::cli {

/// Runs the service with the configuration named on the command line. @return its exit code
using RunService = std::function<int(const config::Where& where, const std::string& version)>;

/// @return the exit code
int run(int argc, const char* const* argv, const RunService& run_service);

}  // namespace rampart::cli
