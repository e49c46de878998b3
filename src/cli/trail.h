// The trail of one message in words.
//
// Pure but for the system's time zone.

#pragma once

#include <string>

#include "json.h"

namespace rampart::cli {

/// @param answer  of the command "events"
std::string render_trail(const Json& answer);

}  // namespace rampart::cli
