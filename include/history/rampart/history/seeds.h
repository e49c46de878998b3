// Seeds: what is worth remembering of the past, in the form in which it goes to the live state.
//
// Pure: any thread.

#pragma once

#include <vector>

#include "rampart/history/levels.h"
#include "rampart/ramp/flow.h"

namespace rampart::history {

struct Seed {
  ramp::FlowKey key;  ///< sender "": the host flow of the provider
  ramp::Flow state;
};

/// Flows of established senders that delivered something, those with most deliveries first, and the
/// host flows of their providers. Of other senders a live log will tell soon enough.
std::vector<Seed> seeds_of(const Levels& levels, const Correlator& correlator);

}  // namespace rampart::history
