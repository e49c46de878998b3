// The record of a message in the MTA's hold queue.
//
// Threads: plain values.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rampart/base/time.h"

namespace rampart::store {

/// A message held by rampart in the MTA's hold queue.
struct HeldRecord {
  enum class WaitsFor : std::uint8_t {
    Volume,  ///< goes by itself when its flows have room
    Person,  ///< held for a suppressed recipient, or the releaser does not know its mark
  };
  enum class State : std::uint8_t {
    Waiting,
    Releasing,  ///< all units are charged; whether the MTA has let it go is not known yet
  };
  std::string queue_id;
  std::string sender;
  std::vector<std::string> recipients;  ///< those that leave this host
  std::vector<std::string> providers;   ///< parallel to recipients
  std::string reason;          ///< "suppressed", "pending", "behind_held", ramp::Reason or words
  base::WallTime held_at{};    ///< when it came
  bool transactional = false;  ///< goes before other held mail
  WaitsFor waits_for = WaitsFor::Volume;
  State state = State::Waiting;
  /// When the unit of each recipient was charged, parallel to recipients; zero: it is not. Empty:
  /// none is. A waiting message with some of them reserves these.
  std::vector<base::WallTime> charged_at{};

  friend bool operator==(const HeldRecord&, const HeldRecord&) = default;
};

}  // namespace rampart::store
