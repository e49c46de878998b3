// The ramp: how much one flow (one sender to one provider) may be sent now, and what each report
// does to that. A flow's allowance follows what the provider has recently taken from the sender.
//
// Pure: no clock, no lock, no IO. Everything is a function of (plan, constants, state, now); the
// same calls give the same state. No timer has to fire for a limit to move. Distinct states may be
// used from distinct threads; one state needs its owner's lock.
// Units: one unit is one recipient of one message. `now` is wall time; for reports the event's own
// time.
// Limits: a state is plain data of about 1.3 KB; every count saturates instead of wrapping. Times
// lie between 1970 and 9999, Constants::hour is at least a second.
//
// Windows are buckets: the day is 24 buckets of Constants::hour, the one going on included, the
// hour 12 buckets of a twelfth of it. Waiting times are rounded up, allowances down.
// A clock set back refunds nothing and shortens nothing beyond its own length; a jump ahead empties
// at most one window. Counters know nothing of limits: changing a constant changes no counter.
//
// Two kinds of `now`: admit(), take(), refund(), roll(), allowance() and summarize() are asked at
// the machine's time, and only they correct times that lie too far ahead (a clock was set back).
// on_report() and charge() work at the time of an event, which may be older than what the flow has
// seen: they book it where it belongs and move nothing back.

#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rampart/base/time.h"
#include "rampart/mail/reply.h"
#include "rampart/ramp/options.h"
#include "rampart/reply/class.h"

namespace rampart::ramp {

/// One sender x one provider.
struct FlowKey {
  std::string sender;
  std::string provider;

  friend bool operator==(const FlowKey&, const FlowKey&) = default;
  friend auto operator<=>(const FlowKey&, const FlowKey&) = default;
};

inline constexpr std::size_t kHours = 24;
inline constexpr std::size_t kFives = 12;
inline constexpr std::size_t kPeaks = 48;
inline constexpr std::size_t kBests = 12;
/// Twelfths of an hour kept: one hour of admissions, the hour after in which a deferral would tell
/// on them, and one more for reports that come late.
inline constexpr std::size_t kFivesKept = 36;

/// What a flow remembers. Plain numbers; times are zero (1970) when unset.
struct Flow {
  // Volume: buckets by number since 1970, the newest written at `hour_at` / `five_at`.
  std::array<std::uint32_t, kHours> used{};  ///< admitted, per hour bucket
  std::array<std::uint32_t, kHours> got{};   ///< delivered, per hour bucket
  std::array<std::uint32_t, kHours> lag{};   ///< sum of `got` as it was at the end of each bucket
  std::array<std::uint32_t, kFivesKept> used_five{};  ///< admitted, per twelfth of an hour
  struct Peak {
    std::int32_t day = 0;  ///< day number (of Constants::hour x 24); 0: empty
    std::uint32_t got = 0;
    friend bool operator==(const Peak&, const Peak&) = default;
  };
  /// Highest got in 24 hours. Only days that no later day has reached: days rise, counts fall.
  std::array<Peak, kPeaks> peaks{};
  std::int64_t hour_at = 0;  ///< number of the newest hour bucket; 0: never touched
  std::int64_t five_at = 0;  ///< number of the newest five-minute bucket
  /// Bit i: bucket five_at - i met a deferral or block, or its reports could not be read.
  std::uint64_t spoiled = 0;

  // Do no harm: the most admitted in one hour / five minutes that met no deferral within the hour
  // after.
  std::array<Peak, kBests> best_hour{};
  std::array<Peak, kBests> best_five{};

  // Learned limit and the run of deferrals that teaches it.
  std::uint32_t limit = 0;
  base::WallTime limit_at{};
  bool limit_by_block = false;
  bool run = false;
  bool run_learned = false;
  base::WallTime run_at{};
  std::uint32_t run_got = 0;

  // Probing beyond the day's allowance.
  std::uint32_t extra = 0;
  base::WallTime extra_at{};

  base::WallTime next_at{};                ///< pacing: when the next admission is due
  base::WallTime next_at_transactional{};  ///< the same for Context::transactional

  // Pauses.
  base::WallTime pause_until{};
  base::Micros pause_len{0};
  base::Micros block_len{0};
  bool careful = false;          ///< one at a time until one is delivered
  bool paused_by_block = false;  ///< what the last pause came from
  base::WallTime last_deferral{};
  base::WallTime last_block{};

  // Recipients whose fate is not known yet, and those the MTA's queue retries after "too fast".
  std::uint32_t in_flight = 0;
  std::uint32_t deferred = 0;
  base::WallTime deferred_at{};
  std::uint32_t unknown = 0;  ///< fresh replies no rule knows, in a row

  base::WallTime manual_pause_until{};  ///< set by a person
  base::WallTime touched{};             ///< last admission or report
  base::WallTime reported_at{};         ///< last report

  friend bool operator==(const Flow&, const Flow&) = default;
};

/// The health of a sender, over all providers together.
struct Health {
  double n = 0;    ///< recipients reported
  double bad = 0;  ///< of those, not existing
  base::WallTime stop_until{};
  base::Micros stop_len{0};
  // What the last stop was for: n and bad begin anew with it.
  double stop_n = 0;
  double stop_bad = 0;

  friend bool operator==(const Health&, const Health&) = default;
};

/// All senders of this host at one provider: a flow of its own plus who suffers there.
struct HostFlow {
  Flow flow;
  struct Suffering {
    std::string sender;
    base::WallTime last_bad{};
    base::WallTime last_ok{};
    friend bool operator==(const Suffering&, const Suffering&) = default;
  };
  std::vector<Suffering> senders;  ///< reports of the last hour only; at most kSufferingMax

  friend bool operator==(const HostFlow&, const HostFlow&) = default;
};
inline constexpr std::size_t kSufferingMax = 256;

/// Plan, constants and the facts that a flow cannot know by itself.
struct Context {
  const Plan& plan;
  const Constants& constants;
  base::WallTime now;
  /// false: reports are missing; mail in flight or deferred limits nothing, levels freeze.
  bool feed_healthy = true;
  /// false: who is behind the recipient's domain is not known yet; Constants::first_contact
  /// applies.
  bool provider_known = true;
  /// Mail that people wait for: paced apart from the rest, not held to one at a time on new ground.
  bool transactional = false;
};

/// Why a flow takes nothing now.
enum class Reason : std::uint8_t {
  None,
  Stopped,             ///< the sender mails too many dead addresses
  Paused,              ///< the provider said "too fast" or blocked, or a person paused it
  HostPaused,          ///< the same, for all senders of this host
  OneAtATime,          ///< after a pause, until one is delivered
  WaitingForDeferred,  ///< the queue's own retry is the probe
  Day,                 ///< the day's allowance is used
  Hour,                ///< the hour's allowance is used
  Pace,                ///< evenly within the hour
  InFlight,            ///< too many with unknown fate
  FirstContact,        ///< the provider behind this domain is not known yet
  Limited,             ///< a learned limit is in force (only in a Summary: more may still go)
  BehindHeld,          ///< mail that is held goes first (the engine's; the ramp knows of none)
};
/// "none", "stopped", "paused", "host_paused", "one_at_a_time", "waiting_for_deferred", "day",
/// "hour", "pace", "in_flight", "first_contact", "limited", "behind_held".
std::string_view to_string(Reason reason) noexcept;

/// The numbers in force at `now`.
struct Allowance {
  std::uint32_t day = 0;  ///< 0 while stopped; kUnlimited without limits
  std::uint32_t hour = 0;
  std::uint32_t flight = 0;
  std::uint32_t used_day = 0;
  std::uint32_t used_hour = 0;
  std::uint32_t got_day = 0;
  std::uint32_t level = 0;  ///< best
  bool limited = false;     ///< a learned limit is in force
  bool new_ground = false;  ///< beyond what was ever delivered
};
inline constexpr std::uint32_t kUnlimited = 0xFFFFFFFF;

/// Moves the windows to `now`, the machine's time. Called by every function below that is asked at
/// the machine's time; idempotent.
void roll(Flow& flow, const Context& context);
/// The part of roll() that follows a clock set back, and nothing else: windows and pace count as if
/// what they hold had just happened. To be called at the machine's time before an event is booked,
/// which would be too old for windows that lie a day ahead.
void bring_back(Flow& flow, const Context& context);
/// Brings a stop that lies too far ahead (the clock was set back) to its own length from `now`.
void roll(Health& health, const Context& context);

/// What is allowed now. Rolls a copy; `flow` is unchanged.
Allowance allowance(const Flow& flow, const Health& health, const Context& context);

/// The answer to one admission.
struct Admission {
  bool admitted = false;
  Reason reason = Reason::None;
  base::WallTime
      until{};        ///< earliest useful time to ask again; finite, after now, when not admitted
  bool host = false;  ///< it is the host flow that takes nothing
};

/// May `units` recipients go now? Rolls the flow and may take a probing step, nothing else: take()
/// charges. More units than the whole window are admitted when the window is empty (into debt).
Admission admit(Flow& flow, const Health& health, const Context& context, std::uint32_t units = 1);

struct Subject;
/// The same for a flow and its host flow together: both must take the units. Rolls the sender's
/// health. A pause of the host flow is HostPaused; its other reasons keep their name and set
/// Admission::host.
Admission admit(const Subject& subject,
                const Context& context,
                const Context& host_context,
                std::uint32_t units = 1);

/// Charges `units` and counts them in flight.
void take(Flow& flow, const Context& context, std::uint32_t units = 1);

/// Takes back a charge of `units` made at `taken_at`, for mail that was never accepted (abort,
/// refusal): volume, pace and in flight.
void refund(Flow& flow, const Context& context, base::WallTime taken_at, std::uint32_t units = 1);

/// Charges `units` without counting them in flight: mail that left without our admission, or a
/// lease that a crash left behind. `context.now` is when it left; older than the windows: nothing.
void charge(Flow& flow, const Context& context, std::uint32_t units = 1);

/// Where a recipient stands between admission and its last report.
enum class Standing : std::uint8_t {
  Unadmitted,  ///< not known to have been admitted here
  InFlight,
  Deferred,  ///< the provider said "too fast"; the MTA's queue retries it
  Neither,   ///< reported, still queued for another cause, or done
};

/// One classified report about one recipient of a flow. Its time is Context::now.
struct Reported {
  reply::ReplyClass reply_class = reply::ReplyClass::Undefined;
  bool permanent = false;  ///< 5xx
  mail::Stage stage = mail::Stage::Unknown;
  Standing standing = Standing::Unadmitted;  ///< before this report
  bool final = false;         ///< the recipient has left the queue (sent, bounced, expired)
  bool volume_counts = true;  ///< false: the 250 was a smarthost's, it teaches no level
  reply::Scope scope = reply::Scope::None;  ///< rate limits of a recipient or message slow nothing
};

/// What a report changed, for the log.
struct Effects {
  Standing standing = Standing::Neither;  ///< of the recipient, after this report
  bool flow_paused = false;               ///< a new pause or block of the flow began
  bool host_paused = false;
  bool sender_stopped = false;
  bool limit_learned = false;
};

/// Everything one report concerns. `host` may be the flow of the same provider only.
struct Subject {
  Flow& flow;
  HostFlow& host;
  Health& health;
  std::string_view sender;
};

/// Learns from one report. `host_context` carries the host flow's plan.
Effects on_report(const Subject& subject,
                  const Reported& reported,
                  const Context& context,
                  const Context& host_context);

/// Takes back one delivery that turned out to be none: the next hop had accepted the mail, and its
/// notice says that the provider did not. `context.now` is when it was taken for delivered; older
/// than the windows: nothing.
void retract(Flow& flow, const Context& context);

/// Has this sender mailed so many recipients who exist that a sudden run of dead ones is hardly its
/// own fault? @param run  dead ones of that run that were counted
bool is_sound(const Health& health, const Context& context, std::uint32_t run);

/// So many of the recipients that were said not to exist were said so wrongly: for a sound sender
/// they count no more, and a stop that would not have come without them ends.
void forgive(Health& health, const Context& context, std::uint32_t dead);

/// A queued recipient disappeared without a report (deleted by a person, expired here after five
/// days).
void forget(Flow& flow, HostFlow& host, Standing standing);

/// Pauses by a person; `until` in the past resumes, beyond the year 9999 it means that year.
void set_manual_pause(Flow& flow, base::WallTime until);
/// Ends every pause, block and stop, and the wait for deferred mail; keeps counts and levels.
void resume(Flow& flow, Health& health);

/// State of a flow as people see it. Paused: nothing until a time (stop, pause, deferred mail
/// waiting); full: the day's allowance is used; slowed: every other reason, a learned limit, or one
/// at a time.
enum class FlowStatus : std::uint8_t { Open, Slowed, Full, Paused };
std::string_view to_string(FlowStatus status) noexcept;  ///< "open", "slowed", "full", "paused"

/// A flow's state with its reason and the time of the next change, computed from a copy.
struct Summary {
  FlowStatus status = FlowStatus::Open;
  Reason reason = Reason::None;
  base::WallTime until{};  ///< valid unless open
  bool host = false;       ///< it is the host flow that takes nothing
  Allowance allowance;
};
/// @param host_plan  the host flow's own plan; nullptr: unlimited
Summary summarize(const Flow& flow,
                  const HostFlow& host,
                  const Health& health,
                  const Context& context,
                  const Plan* host_plan = nullptr);

}  // namespace rampart::ramp
