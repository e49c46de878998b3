// Held mail as people and the releaser see it.
//
// Threads: plain values.

#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "rampart/base/time.h"
#include "rampart/store/held_record.h"

namespace rampart::engine {

struct HeldMessage {
  store::HeldRecord record;
  /// When it should go, an estimate; nullopt: it waits for a person, or nobody releases.
  std::optional<base::WallTime> expected;
};

/// What the MTA's own tools said of a message that was to be released.
enum class Fate : std::uint8_t {
  Released,
  StillHeld,  ///< they would not, or could not be asked
  Gone,       ///< it is not in the hold queue
  NotOurs,    ///< it is held, but its mark is missing or of another key
  Unknown,    ///< they could not look at it
};

/// Whoever lets held mail go: the MTA serves only root, so it is a process of its own.
struct ReleaserStatus {
  bool configured = false;
  bool alive = false;         ///< it has answered just now; in Status: within 5 minutes
  base::WallTime answered{};  ///< last answer; zero: none yet
  std::string problem;        ///< why it does not answer, or ""
};

}  // namespace rampart::engine
