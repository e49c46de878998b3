// The trail of one message in words.
//
// Pure but for the system's time zone.

#pragma once

#include <string>

#include "rampart/control/answers.h"

namespace rampart::cli {

std::string render_trail(const control::EventsAnswer& answer);

}  // namespace rampart::cli
