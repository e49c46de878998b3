// One flow in words.
//
// Pure but for the system's time zone.

#pragma once

#include <string>

#include "rampart/control/answers.h"

#include "json_fwd.h"

namespace rampart::cli {

std::string render_flow(const control::FlowAnswer& answer, bool colours);
/// The answer of flow.show with the same rows under "words", for scripts that show them to people.
Json with_words(Json answer);

}  // namespace rampart::cli
