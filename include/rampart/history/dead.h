// Dead: recipients that servers called non-existent in old logs, by the same rules as live.
//
// A later delivery takes an address off again. A day on which most recipients of a provider were
// "dead" is left out: providers have said so of everybody while their directory was away.
//
// Pure: time comes from the outcomes; distinct objects may be used from distinct threads.
// Limits: kDeadMax addresses; more are counted. What is known of one is cut at 300 bytes.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "rampart/base/time.h"
#include "rampart/history/correlator.h"
#include "rampart/policy/active.h"

namespace rampart::history {

struct DeadRecipient {
  std::string key;       ///< canonical address
  std::string evidence;  ///< the reply
  std::string queue_id;
  base::WallTime time{};  ///< of the last such reply
};

/// A provider's day that was left out.
struct LeftOut {
  std::string provider;
  base::WallTime day{};     ///< its beginning, UTC
  std::uint32_t dead = 0;   ///< recipients said not to exist
  std::uint32_t total = 0;  ///< of so many
};

class Dead {
 public:
  static constexpr std::size_t kDeadMax = 500'000;

  explicit Dead(std::shared_ptr<const policy::Active> active);
  ~Dead();
  Dead(Dead&&) noexcept;
  Dead& operator=(Dead&&) noexcept;

  /// Takes an outcome, in the order of the log.
  void add(const Outcome& outcome);

  /// Called dead often enough (Options::hard_bounces), not delivered to since, not expired at
  /// `now`, and not on a day left out; by address.
  [[nodiscard]] std::vector<DeadRecipient> recipients(base::WallTime now) const;
  /// By day.
  [[nodiscard]] std::vector<LeftOut> left_out(const Correlator& correlator) const;
  [[nodiscard]] std::uint64_t passed_over() const noexcept;  ///< beyond kDeadMax

 private:
  struct Data;
  std::unique_ptr<Data> data_;
};

}  // namespace rampart::history
