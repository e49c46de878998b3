// What people are shown: one computation for the table, JSON and everything else.
//
// Threads: plain values.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "rampart/base/time.h"
#include "rampart/engine/held.h"
#include "rampart/mail/source_status.h"
#include "rampart/ramp/explanation.h"
#include "rampart/ramp/flow.h"

namespace rampart::policy {
enum class Mode : std::uint8_t;
}  // namespace rampart::policy

namespace rampart::engine {

struct FlowStatus {
  ramp::FlowKey key;
  std::string plan;
  std::string action;  ///< of `over`, as in force for this flow
  bool observe = false;
  bool exempt = false;
  ramp::Summary summary;
  std::uint32_t in_flight = 0;
  std::uint32_t deferred_waiting =
      0;                        ///< recipients deferred as too fast and still in the MTA's queue
  std::uint64_t delivered = 0;  ///< reports since start of the process
  std::uint64_t deferrals = 0;  ///< replies that slow the flow, since start of the process
  std::uint64_t refused = 0;    ///< other permanent refusals since start of the process
  std::string last_reply;       ///< the reply that slowed or paused it last, printable
  std::string last_rule;
  base::WallTime last_active{};
  bool smarthost = false;                        ///< a 250 is the next hop's and teaches no level
  std::optional<ramp::Explanation> explanation;  ///< of one flow asked for by name
};

/// A provider whose answers blame addresses far more often than usual.
struct GuardStatus {
  std::string provider;  ///< "*": the whole host
  std::string text;      ///< in words
  std::uint64_t pending = 0;
};

/// A provider that has asked this whole host to wait.
struct PausedHost {
  std::string provider;
  base::WallTime until{};
  std::vector<std::string> domains;  ///< recipient domains that are known to be its, in order
};

struct Status {
  base::WallTime now{};
  base::WallTime started{};
  policy::Mode mode{};  ///< Observe until told
  std::string store;    ///< description
  bool store_degraded = false;
  bool feed_healthy = false;
  std::string feed_problem;  ///< "" when healthy
  std::vector<mail::SourceStatus> sources;
  std::vector<FlowStatus> flows;  ///< by sender, then provider
  std::uint64_t held = 0;         ///< messages
  std::uint64_t held_for_volume = 0;
  std::uint64_t held_for_person = 0;
  std::uint64_t releasing = 0;  ///< the MTA has been asked, or is about to be
  ReleaserStatus releaser;
  std::optional<base::WallTime> oldest_held;
  std::uint64_t suppressed = 0;
  std::uint64_t suppressed_added = 0;  ///< since start of the process
  std::uint64_t suppressed_pending = 0;
  std::vector<GuardStatus> guards;               ///< only those that have leapt
  std::uint64_t replies_unknown = 0;             ///< different replies that no rule knows
  std::map<std::string, std::uint64_t> replies;  ///< by class, since start
  std::map<std::string, std::uint64_t> counters;
  std::vector<std::string> warnings;  ///< sentences that someone should read
};

}  // namespace rampart::engine
