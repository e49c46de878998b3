// Suppressed: recipients that would have been suppressed for hard bounces in the course of an old
// log, what would have been refused to them later, and which of them took mail all the same.
//
// A delivery after the entry is the number that says whether a rule is too hard. While a provider
// suddenly calls far too many dead, nothing is suppressed: such entries would only be pending.
// Soft evidence and unknown domains, which take days, are left out.
//
// Pure: time comes from the outcomes; distinct objects may be used from distinct threads.
// Limits: kAddressesMax addresses, more are counted; of a reply 300 bytes are kept; kGuardsMax
// providers are watched for failures.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "rampart/base/time.h"
#include "rampart/history/correlator.h"
#include "rampart/policy/active.h"
#include "rampart/suppression/guard.h"

namespace rampart::history {

struct SuppressedAddress {
  std::string key;  ///< canonical address
  std::string rule;
  std::string reply;
  std::string queue_id;
  base::WallTime since{};
  std::uint64_t refused = 0;      ///< later recipients of messages
  base::WallTime delivered_at{};  ///< first delivery after `since`; zero: none
};

class Suppressed {
 public:
  static constexpr std::size_t kAddressesMax = 500'000;
  static constexpr std::size_t kGuardsMax = 10'000;

  explicit Suppressed(std::shared_ptr<const policy::Active> active);

  /// Takes an outcome, in the order of the log.
  /// @param asked  when its message arrived
  /// @param acts   mail of this flow to a suppressed address is refused
  /// @return whether it would have been refused: only ever at a recipient's first attempt
  bool add(const Outcome& outcome, base::WallTime asked, bool acts);

  /// By address.
  [[nodiscard]] std::vector<SuppressedAddress> addresses() const;
  /// Bounces that would have led to pending entries only.
  [[nodiscard]] std::uint64_t doubted() const noexcept { return doubted_; }
  [[nodiscard]] std::uint64_t passed_over() const noexcept { return passed_over_; }

 private:
  struct Known {
    SuppressedAddress address;
    std::uint32_t bounces = 0;
    bool in_force = false;
  };
  [[nodiscard]] bool is_hard(const Outcome& outcome) const;
  bool refuse(const std::string& key, base::WallTime asked);
  bool doubts(const Outcome& outcome, bool dead, const std::string& key);
  void note(const Outcome& outcome, const std::string& key);

  std::shared_ptr<const policy::Active> active_;
  std::unordered_map<std::string, Known> known_;
  std::unordered_map<std::uint32_t, suppression::FailureGuard> guards_;  // by provider
  std::uint64_t doubted_ = 0;
  std::uint64_t passed_over_ = 0;
};

}  // namespace rampart::history
