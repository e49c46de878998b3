// Scenario files: what `rampart simulate` tries a plan on.
//
// Source: TOML 1.0. Keys, defaults and meanings: contrib/simulate/jump.toml.
// Threads: functions from any thread.
// Errors: all problems of the file at once, each as "file:line:column: error: text".

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rampart/config/config.h"
#include "rampart/sim/options.h"

namespace rampart::config {

struct LoadedScenario {
  std::optional<sim::Scenario> scenario;  ///< nullopt if there is an error among the problems
  std::vector<Problem> problems;
};

LoadedScenario load_scenario(const std::string& file);

/// @param name  how findings call the text
LoadedScenario read_scenario(const std::string& name, std::string_view text);

}  // namespace rampart::config
