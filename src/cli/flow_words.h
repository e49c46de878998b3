// One flow in words: what is allowed, why, what happens next and when.
//
// Pure but for the system's time zone.

#pragma once

#include <string>
#include <vector>

#include "rampart/control/answers.h"

namespace rampart::cli {

struct FlowRow {
  std::string name;  ///< "why", "next", "day", ...
  std::string text;
};

/// @return the rows in their order, empty ones left out
std::vector<FlowRow> explain_flow(const control::FlowAnswer& answer);

}  // namespace rampart::cli
