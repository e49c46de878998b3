// One flow in words.
//
// Pure but for the system's time zone.

#pragma once

#include <string>

#include "json.h"

namespace rampart::cli {

/// @param answer  of flow.show
std::string render_flow(const Json& answer, bool colours);
/// The answer with the same rows under "words", for scripts that show them to people.
Json with_words(Json answer);

}  // namespace rampart::cli
