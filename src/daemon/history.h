// Reads the old logs of the configuration, once, when the store is new.
//
// Threads: the main thread, before the milter's socket opens; mail goes on meanwhile as the MTA's
// default_action says.

#pragma once

#include "rampart/base/time.h"
#include "rampart/config/config.h"
#include "rampart/engine/engine.h"

namespace rampart::daemon {

/// Learns levels from [report] history and from the followed logs up to where they are followed
/// from, and remembers that it is done. Nothing if any source was read before, or no history is
/// wanted. What goes wrong is logged and stops nothing; after an order to stop it ends early and is
/// begun anew at the next start.
void learn_history(const config::Config& config, engine::Engine& engine, const base::Clock& clock);

}  // namespace rampart::daemon
