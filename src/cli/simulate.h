// How a simulated plan is shown.
//
// Pure: values in, texts out.

#pragma once

#include <string>
#include <vector>

#include "rampart/sim/simulate.h"

#include "json_fwd.h"

namespace rampart::cli {

/// One control's runs, one for each seed.
struct Tried {
  sim::Control control = sim::Control::Rampart;
  std::vector<sim::Outcome> outcomes;
};

/// The medians, one line a control.
std::string render_summary(const std::vector<Tried>& tried);

/// One flow by day, at most 80 columns wide.
std::string render_flow(const sim::FlowOutcome& flow);

/// The largest flows of one outcome.
std::string render_flows(const sim::Outcome& outcome);

Json simulation_to_json(const std::vector<Tried>& tried);

}  // namespace rampart::cli
