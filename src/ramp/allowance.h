// The formulas: what plan, constants, state and health allow.
//
// Pure: any thread.

#pragma once

#include <optional>

#include "rampart/ramp/explanation.h"

#include "window.h"

namespace rampart::ramp {

struct Numbers {
  std::uint32_t top = 0;  ///< the hard bound of the day, plan's ceiling included
  std::uint32_t day = 0;
  std::uint32_t hour = 0;
  std::uint32_t flight = 0;
  std::uint32_t used_day = 0;
  std::uint32_t used_hour = 0;
  std::uint32_t got_day = 0;
  std::uint32_t level = 0;
  bool limited = false;
  bool new_ground = false;
  base::Micros interval{0};  ///< between two units at an even pace
  base::Micros slack{0};     ///< how far ahead of the even pace a unit may go
};

/// @pre the flow has been rolled to context.now
Numbers compute(const Flow& flow, const Health& health, const Context& context);

/// The plan's growth, or less for a sender of whose recipients too many do not exist.
double growth_of(const Plan& plan, const Health& health, const Constants& constants) noexcept;
/// The day of a flow without history, at least 1.
std::uint32_t start_of(const Plan& plan) noexcept;

struct Probing {
  ProbingFacts::Obstacle obstacle = ProbingFacts::Obstacle::None;
  std::optional<base::WallTime> due;  ///< of the next step; nullopt: none as things stand
};
/// When the next probing step may be taken that could make room for `units`.
Probing probing(const Flow& flow,
                const Numbers& numbers,
                const Context& context,
                std::uint32_t units) noexcept;
/// Units that the next step adds to the day.
std::uint32_t probing_step(const Numbers& numbers, const Constants& constants) noexcept;

/// Until when the sender is stopped; not after now if it is not.
base::WallTime stopped_until(const Health& health, const Context& context) noexcept;

}  // namespace rampart::ramp
