// The scenarios by which the control is judged.
//
// Pure: plain values.

#pragma once

#include <vector>

#include "rampart/sim/options.h"

namespace rampart::sim {

/// @param scale  of all volumes and limits; 1: as stated in each scenario's text
std::vector<Scenario> scenarios(double scale = 1);

}  // namespace rampart::sim
