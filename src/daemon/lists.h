// Suppression lists of the configuration -> the engine.
//
// Threads: any; the engine serialises.

#pragma once

#include <string>
#include <vector>

#include "rampart/config/config.h"
#include "rampart/engine/engine.h"

namespace rampart::daemon {

/// Reads and applies every list. A list that cannot be read, or that shrank by more than half,
/// keeps what it had; bad lines are passed over.
/// @return what went wrong, a sentence each; logged too
std::vector<std::string> apply_lists(const config::Config& config, engine::Engine& engine);

}  // namespace rampart::daemon
