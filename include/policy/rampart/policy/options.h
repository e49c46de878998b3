// What the engine decides by: outbound, rules, plans, suppression, the store's deadline.
//
// Pure: plain values, filled by the configuration.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "rampart/base/time.h"
#include "rampart/provider/sender.h"
#include "rampart/ramp/options.h"
#include "rampart/suppression/options.h"

namespace rampart::policy {

/// What to do with a recipient. `Auto` (only for `over`): hold for those who submit and forget, if
/// a releaser is alive, else defer.
enum class Action : std::uint8_t { Accept, Defer, Reject, Hold, Tag, Drop, Auto };
std::string_view to_string(Action action) noexcept;  ///< "accept", "defer", ...

/// Observe: everything is accepted and counted, and the log says what enforcing would have done.
enum class Mode : std::uint8_t { Observe, Enforce };

/// What to do when the store does not answer in time: `Share` goes on from memory; mail to who is
/// known there to be suppressed, but not why and for whom, waits if it can, unless with `Accept`.
enum class OnLoss : std::uint8_t { Share, Defer, Accept };

struct Outbound {
  std::vector<std::string> local_mailers{"local",   "virtual", "lmtp",  "error",
                                         "discard", "prog",    "*file*"};
  std::vector<std::string> local_domains;   ///< for mail without {rcpt_mailer}
  std::vector<provider::Network> networks;  ///< only these clients, if any is given
  bool authenticated_only = false;
};

/// One `[[rule]]`; the first that matches sender and provider wins. Empty fields match all, unset
/// values fall back to [ramp].
struct Rule {
  std::string sender;
  std::string provider;
  std::optional<std::string> plan;
  std::vector<std::uint32_t> schedule;
  std::optional<Action> over;
  std::optional<Mode> mode;
  bool exempt = false;
  bool transactional = false;  ///< priority = "transactional"
};

struct Options {
  Mode mode = Mode::Observe;
  Outbound outbound;
  std::map<std::string, ramp::Plan> plans;  ///< by name; has at least default_plan
  std::string default_plan = "standard";
  std::string host_plan = "none";  ///< "none": no ramp for the host, only pauses
  Action over = Action::Auto;
  /// Mail that has been held so long goes before newer mail, and into debt if need be.
  base::Micros hold_max_age = std::chrono::hours{48};
  ramp::Constants constants;
  std::uint32_t new_senders_per_day = 50;
  base::Micros warn_wait = std::chrono::hours{24};
  std::uint32_t null_per_hour = 100;  ///< warn above, per client
  std::vector<Rule> rules;

  Action suppressed = Action::Reject;
  Action non_smtp_suppressed = Action::Drop;  ///< drop or hold
  Mode suppression_mode = Mode::Enforce;      ///< observe here applies to suppression alone
  suppression::Options suppression;

  base::Micros store_deadline = std::chrono::milliseconds{50};
  OnLoss on_loss = OnLoss::Share;
  /// Zero: units are spent straight from memory, for a store that does not outlive the process.
  base::Micros lease_time = std::chrono::seconds{10};

  base::Micros max_lag = std::chrono::minutes{5};
  /// Mail leaves through a next hop whose answers are not the providers'.
  bool smarthost = false;
  bool lines_brought = false;   ///< another program brings the lines: rampart feed -
  bool has_log_source = false;  ///< some log is configured, or lines are brought
  /// Relays at these addresses are this host itself (content filters): not deliveries.
  std::vector<provider::Network> own_addresses;
  /// Names under which this host's MTA reports: its own notices only confirm what its log says.
  std::vector<std::string> host_names;

  bool reads_notices = false;  ///< bounce mails reach us by some door
  bool token = false;          ///< outgoing mail carries a token by which notices are believed
  base::Micros token_lifetime = std::chrono::hours{24 * 30};
  base::Micros keep = std::chrono::hours{24 * 14};  ///< events, for explain --queue-id
};

}  // namespace rampart::policy
