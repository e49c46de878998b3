// Suppressed: recipients that would have been suppressed for hard bounces in the course of an old
// log, what would have been refused to them later, and which of them took mail all the same.
//
// A delivery after the entry is the number that says whether a rule is too hard. While a provider,
// or the whole host, suddenly calls far too many dead, nothing is suppressed: such entries are only
// pending, by the guards of the service. Soft evidence and unknown domains, which take days, are
// left out.
//
// Pure: time comes from the outcomes; distinct objects may be used from distinct threads.
// Limits: kAddressesMax addresses, more are counted; of a reply 300 bytes are kept; those of
// suppression::Guards.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "rampart/base/time.h"
#include "rampart/history/correlator.h"
#include "rampart/policy/active.h"
#include "rampart/suppression/guards.h"

namespace rampart::history {

struct SuppressedAddress {
  std::string key;  ///< canonical address
  std::string rule;
  std::string reply;  ///< the last one that was not refused here; its queue ID and time
  std::string queue_id;
  base::WallTime told_at{};
  base::WallTime since{};
  std::uint64_t refused = 0;      ///< later recipients of messages
  base::WallTime delivered_at{};  ///< first delivery after `since`; zero: none
};

/// While it lasted, recipients that were said not to exist were not believed to.
struct MassFailure {
  std::string provider;    ///< "*": of the whole host
  base::WallTime from{};   ///< when it was seen
  base::WallTime until{};  ///< zero: the log ended first
  std::uint64_t doubted = 0;
};

class Suppressed {
 public:
  static constexpr std::size_t kAddressesMax = 500'000;
  static constexpr std::size_t kFailuresMax = 1'000;

  explicit Suppressed(std::shared_ptr<const policy::Active> active);

  struct Judged {
    bool refused = false;  ///< it would have been refused: only ever at a recipient's first attempt
    bool doubted = false;  ///< it blames the address, and that is not believed
    /// What follows for senders.
    std::vector<suppression::Guards::Turned> turned;
  };
  /// Takes an outcome, in the order of the log.
  /// @param asked  when its message arrived
  /// @param acts   mail of this flow to a suppressed address is refused
  Judged add(const Outcome& outcome, base::WallTime asked, bool acts);

  /// All that were suppressed, by address.
  [[nodiscard]] std::vector<SuppressedAddress> addresses() const;
  /// Those of them that are, as far as is known, dead at `now`: not delivered to since, and not
  /// expired.
  [[nodiscard]] std::vector<SuppressedAddress> dead(base::WallTime now) const;
  /// Those of any consequence, in the order in which they began; of the first kFailuresMax.
  [[nodiscard]] std::vector<MassFailure> failures() const;
  /// Bounces that would have led to pending entries only.
  [[nodiscard]] std::uint64_t doubted() const noexcept { return doubted_; }
  [[nodiscard]] std::uint64_t passed_over() const noexcept { return passed_over_; }

 private:
  struct Known {
    SuppressedAddress address;
    std::uint32_t bounces = 0;
    std::uint32_t since_delivery = 0;
    bool in_force = false;
    std::string pending;  ///< whose failures it is pending for; "": it is not
  };
  void age_guards(base::WallTime now);
  bool refuse(const std::string& key, base::WallTime asked);
  void turn(const suppression::Guards::Turned& turned, base::WallTime now);
  void doubt(const std::string& provider);
  void on_dead(const Outcome& outcome, const std::string& key, bool refused);
  void on_delivered(const std::string& key, base::WallTime time);

  std::shared_ptr<const policy::Active> active_;
  std::unordered_map<std::string, Known> known_;
  suppression::Guards guards_;
  std::vector<MassFailure> failures_;
  std::uint32_t leaping_ = 0;  // guards that have leapt and not fallen
  base::WallTime aged_at_{};
  std::uint64_t doubted_ = 0;
  std::uint64_t passed_over_ = 0;
};

}  // namespace rampart::history
