// Why a flow may send what it may, as facts: what was allowed and learned, what follows, and when.
// Everything comes from the same functions that decide, asked on copies.
//
// Pure: any thread.
// Units: as in flow.h; times are zero (1970) where there is none.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rampart/base/time.h"
#include "rampart/ramp/flow.h"

namespace rampart::ramp {

/// The last pause of a flow, over or not.
struct PauseFacts {
  enum class Cause : std::uint8_t { None, TooFast, Block, Person };
  Cause cause = Cause::None;
  base::WallTime since{};  ///< zero for a person's
  base::WallTime until{};
  base::WallTime last_deferral{};
  base::WallTime last_block{};
  /// How long the next one lasts if the provider says so again before anything is delivered.
  base::Micros next_too_fast{0};
  base::Micros next_block{0};
};
std::string_view to_string(PauseFacts::Cause cause) noexcept;  ///< "none", "too_fast", ...

/// Going on beyond the day's allowance.
struct ProbingFacts {
  /// Why nothing is probed. Deferral and Block only delay it, up to `due`.
  enum class Obstacle : std::uint8_t {
    None,
    Deferral,   ///< something was deferred a short while ago
    Block,      ///< a block: caution for some days
    Schedule,   ///< a schedule's rungs are never exceeded
    Limit,      ///< a learned limit is in force
    Bound,      ///< the hard bound of the day is reached
    Feed,       ///< no reports
    Stopped,    ///< nothing goes at all
    Unlimited,  ///< nothing to go beyond
  };
  Obstacle obstacle = Obstacle::None;
  base::WallTime due{};       ///< of the next step; zero if things must change first
  std::uint32_t step_to = 0;  ///< the day's allowance after that step
  std::uint32_t bound = 0;    ///< what no step exceeds
  base::Micros every{0};
  bool waits_for_report = false;  ///< mail under way must be reported first
};
std::string_view to_string(ProbingFacts::Obstacle obstacle) noexcept;  ///< "none", "deferral", ...

/// What the day's allowance follows from.
enum class Basis : std::uint8_t { Unlimited, Stopped, Start, Growth, Schedule, Limit };
std::string_view to_string(Basis basis) noexcept;  ///< "unlimited", "stopped", "start", ...

/// What is known of one flow, or of a host flow.
struct FlowFacts {
  Plan plan;
  Allowance allowance;
  PauseFacts pause;
  bool careful = false;  ///< one at a time until one is delivered
  std::uint32_t in_flight = 0;
  std::uint32_t deferred = 0;    ///< recipients that wait in the MTA's queue after "too fast"
  base::WallTime waits_until{};  ///< then new mail may go though they still wait

  Basis basis = Basis::Start;
  double growth = 0;          ///< in force: the plan's, or less for a sick sender
  std::uint32_t extra = 0;    ///< of it, units gained by probing
  bool at_day_max = false;    ///< the plan's ceiling is what bounds it
  base::WallTime frees_at{};  ///< when the day's window next lets units go, if it is used up
  std::uint32_t frees = 0;    ///< how many, then
  ProbingFacts probing;

  base::Micros interval{0};  ///< between two units at the present pace
  std::uint32_t limit = 0;   ///< learned; 0: none in force
  base::WallTime limit_at{};
  base::WallTime limit_until{};
  bool limit_by_block = false;
  double growth_limited = 0;

  std::uint32_t rung_needed = 0;  ///< a schedule's: deliveries in a day for the next rung
  std::uint32_t rung_next = 0;    ///< 0: the present one is the last

  std::uint32_t level_delivered = 0;  ///< what was delivered on the day the level comes from
  base::WallTime level_day{};         ///< start of that day; zero without a level
  /// The day's allowance when what was delivered up to now counts, if nothing else happens.
  base::WallTime next_day_at{};
  std::uint32_t next_day = 0;
};

struct Explanation {
  Summary summary;
  FlowFacts flow;
  FlowFacts host;
  std::vector<std::string>
      suffering;                  ///< senders slowed or blocked at this provider when last heard
  std::size_t senders_heard = 0;  ///< of so many

  // The sender, over all providers.
  double recipients = 0;  ///< of the last ones, that were reported
  double dead = 0;        ///< of those, not existing
  base::WallTime stop_since{};
  base::WallTime stop_until{};  ///< zero if not stopped
  base::Micros next_stop{0};
  double stop_share = 0;
  double bounce_share = 0;

  bool feed_healthy = true;
  bool provider_known = true;
  bool transactional = false;
  std::uint32_t first_contact = 0;
};

/// @param host_plan  the host flow's own plan; nullptr: unlimited
Explanation explain(const Flow& flow,
                    const HostFlow& host,
                    const Health& health,
                    const Context& context,
                    const Plan* host_plan = nullptr);

}  // namespace rampart::ramp
