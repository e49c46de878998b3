// Every key of a draft with its value and origin.

#pragma once

#include <string>
#include <vector>

#include "draft.h"

namespace rampart::config {

/// @param file  name of the configuration file, for origins
std::vector<Setting> show_draft(Draft draft, const Places& places, const std::string& file);

}  // namespace rampart::config
