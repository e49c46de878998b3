// A store that keeps what an engine reads back while it runs, and forgets the rest: nobody restarts
// a simulated engine.

#pragma once

#include <memory>

#include "rampart/store/state_store.h"

namespace rampart::sim {

std::unique_ptr<store::StateStore> make_light(std::unique_ptr<store::StateStore> store);

}  // namespace rampart::sim
