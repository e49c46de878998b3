// Closed-loop simulation: senders, a submitting MTA, this host's MTA, and providers with limits
// that nobody is told, under one of several controls.
//
//   simulate({scenario, policy}, {Control::Rampart, 1}).delivered
//
// The control "rampart" is the engine itself: it decides at RCPT and learns from log lines written
// as Postfix 3.7 writes them. The others are what people do without it.
//
// Source: qmgr(8), postconf(5) for both queues: a deferred message is tried again after its age,
// at least 300 s and at most 4,000 s, when the queue is scanned (300 s), for five days.
// Deterministic: the same scenario, policy, control and seed give the same outcome. Every draw
// depends on the seed, its purpose and its subject only, so all controls meet the same mail and
// the same providers.
// Threads: any; distinct calls may run at once. The clock is simulated; an engine's writer thread
// runs besides, but nothing waits for it.
// Limits: models, written by people who had read what providers publish. No real provider was
// measured.

#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rampart/base/result.h"
#include "rampart/policy/policy.h"
#include "rampart/sim/options.h"

namespace rampart::sim {

enum class Control : std::uint8_t {
  Rampart,
  None,
  Cap,       ///< 500 an hour to each provider, always
  Schedule,  ///< a list of days, 200 to 100,000, whatever the provider says
  Halving,   ///< half the pace at a 421, a tenth more in each hour without
  Oracle,    ///< asks the provider's model how much it will take
};
inline constexpr std::size_t kControls = 6;
/// "rampart", "none", "cap", "schedule", "halving", "oracle".
std::string_view to_string(Control control) noexcept;
std::optional<Control> parse_control(std::string_view text) noexcept;

/// One day of one flow.
struct FlowDay {
  std::uint32_t submitted = 0;
  std::uint32_t delivered = 0;
  std::uint32_t throttled = 0;  ///< "too fast" replies
  std::uint32_t refused = 0;    ///< policy refusals
  std::uint32_t waiting = 0;    ///< not yet settled at the end of the day
  std::uint32_t allowance = 0;  ///< at noon; only of Control::Rampart

  friend bool operator==(const FlowDay&, const FlowDay&) = default;
};

struct FlowOutcome {
  std::string sender;
  std::string provider;
  std::vector<FlowDay> days;

  friend bool operator==(const FlowOutcome&, const FlowOutcome&) = default;
};

/// What happened from day 0 to the horizon.
struct Outcome {
  std::uint64_t submitted = 0;
  /// Of judged senders to recipients who exist, up to a day before the horizon.
  std::uint64_t deliverable = 0;
  std::uint64_t delivered = 0;
  std::uint64_t delivered_in_time = 0;  ///< of deliverable
  std::uint64_t dead = 0;               ///< answered, rightly, that the recipient does not exist
  std::uint64_t returned = 0;           ///< refused by a provider, though the recipient exists
  std::uint64_t rejected = 0;           ///< refused by the control
  std::uint64_t rejected_alive = 0;     ///< of these, to recipients who exist
  std::uint64_t lost = 0;               ///< given up after five days
  std::uint64_t waiting = 0;            ///< still in a queue at the horizon
  std::uint64_t throttled = 0;          ///< "too fast" replies
  std::uint64_t refused = 0;            ///< policy refusals, 5xx
  std::uint64_t attempts = 0;           ///< at providers
  double hours_blocked = 0;             ///< summed over all blocks of a sender or the host
  std::optional<double> hours_to_half;  ///< until 50 % of deliverable was delivered
  std::optional<double> hours_to_most;  ///< 95 %
  std::vector<FlowOutcome> flows;       ///< by sender, then provider

  [[nodiscard]] double share() const noexcept;  ///< delivered_in_time of deliverable
  [[nodiscard]] double throttled_per_1000() const noexcept;
  [[nodiscard]] double refused_per_1000() const noexcept;

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

/// What stays the same for all runs. The policy is taken as configured but for this: it enforces,
/// and what it would hold is deferred.
struct Setup {
  Scenario scenario;
  std::shared_ptr<const policy::Policy> policy;
};

struct Run {
  Control control = Control::Rampart;
  std::uint64_t seed = 1;
};

/// @return an error if the engine cannot start
base::Result<Outcome> simulate(const Setup& setup, const Run& run);

/// Several runs on all processors (at most `threads`). @return in the order of `runs`
base::Result<std::vector<Outcome>> simulate_all(const Setup& setup,
                                                const std::vector<Run>& runs,
                                                unsigned threads);

/// Medians of several outcomes.
struct Summary {
  double share = 0;
  std::optional<double> hours_to_half;  ///< nullopt: never in half of them
  std::optional<double> hours_to_most;
  double throttled_per_1000 = 0;
  double refused_per_1000 = 0;
  double hours_blocked = 0;
  double dead = 0;
  double lost = 0;
  double returned = 0;
  double rejected_alive = 0;
};
Summary summarize(const std::vector<Outcome>& outcomes);

}  // namespace rampart::sim
