// Replay: what a configuration would have done with the mail of old logs.
//
//   400 recipients at gmail within a minute, day's allowance 200 -> 200 go at once, 200 wait
//
// Each recipient asks for admission when the MTA took its message up. One that may not go waits in
// its flow's line and goes when the flow lets it. What it is told then is what the log said of it
// nearest to that moment, as far as kLookBack ahead; later attempts are as in the log. An answer
// takes as long as it took in the log. Deferred mail counts as asking again at once when it may go.
// All of this is given to the ramp's own functions, so that pauses, growth and limits are those of
// the service.
//
// The estimate of throttles ("421s") is a range:
//   low   those told to recipients that went when they did in the log, at a time when the flow had
//         sent no less within the hour before than in the log: nothing would have been different;
//   high  all that were told here, those of delayed recipients included.
// It cannot know whether a provider that was asked more slowly would have throttled at all, how a
// submitter retries what is deferred, nor mail that the log does not show.
//
// Pure: time comes from the outcomes; the same outcomes give the same answers. Distinct objects may
// be used from distinct threads.
// Limits: kFlowsMax flows of about 1.6 KB; kMailsMax recipients that wait, are under way, or are
// deferred; what finds no room is counted and passed over. A message that was queued for longer
// than kLookBack before its first answer counts as arrived so long before it.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "rampart/base/time.h"
#include "rampart/history/correlator.h"
#include "rampart/history/suppressed.h"
#include "rampart/policy/active.h"

namespace rampart::history {

/// What became of one flow. Counts are recipients, those of throttles are answers.
struct FlowReplay {
  std::uint64_t sent = 0;        ///< by the log
  std::uint64_t held = 0;        ///< of those, made to wait: held or deferred by us
  std::uint64_t waiting = 0;     ///< of those, not gone when the log ended
  std::uint64_t refused = 0;     ///< for volume, where a rule rejects or drops
  std::uint64_t suppressed = 0;  ///< refused because the address is suppressed
  base::Micros longest_wait{0};
  bool longest_goes_on = false;  ///< that one still waited when the log ended
  std::uint64_t throttled_then = 0;
  std::uint64_t throttled_low = 0;
  std::uint64_t throttled_high = 0;
};

class Replay {
 public:
  static constexpr std::size_t kFlowsMax = 100'000;
  static constexpr std::size_t kMailsMax = 1'000'000;
  static constexpr base::Micros kLookBack = std::chrono::minutes{10};

  /// @param since      what is earlier passes freely, teaches levels and is not counted
  /// @param mails_max  for tests
  explicit Replay(std::shared_ptr<const policy::Active> active,
                  std::optional<base::WallTime> since = std::nullopt,
                  std::size_t mails_max = kMailsMax);
  ~Replay();
  Replay(Replay&&) noexcept;
  Replay& operator=(Replay&&) noexcept;

  /// Takes an outcome, in the order of the log.
  /// @param correlator  that brings it: knows the names
  void add(const Outcome& outcome, const Correlator& correlator);
  /// The log has ended; call once, before the answers below.
  void finish();

  /// One sender x one provider, by their numbers in the correlator.
  struct Place {
    std::uint32_t sender = 0;
    std::uint32_t provider = 0;
    FlowReplay result;
  };
  /// Flows with mail that counts, most recipients first.
  [[nodiscard]] std::vector<Place> flows() const;
  [[nodiscard]] const Suppressed& suppressed() const noexcept;
  [[nodiscard]] std::uint64_t passed_over() const noexcept;  ///< outcomes that found no room

 private:
  struct Data;
  std::unique_ptr<Data> data_;
};

}  // namespace rampart::history
