// One flow in words.
//
// Pure but for the system's time zone.

#pragma once

#include <string>

#include "json.h"

namespace rampart::cli {

/// @param answer  of flow.show
std::string render_flow(const Json& answer, bool colours);

}  // namespace rampart::cli
