// Every key of a draft with its value and origin.

#pragma once

#include <string>
#include <utility>
#include <vector>

#include "draft.h"

namespace rampart::config {

/// @param file  name of the configuration file, for origins
std::vector<Setting> show_draft(Draft draft, const Places& places, const std::string& file);

/// What a reload does not change: each key that needs a restart, or each repeated table that has
/// one, with its value.
std::vector<std::pair<std::string, std::string>> values_at_start(Draft& draft);

}  // namespace rampart::config
