// The mass-failure guard: tells when a provider suddenly calls everybody dead.
//
// Providers have answered "550 5.1.1 user unknown" for valid mailboxes while their directory was
// away. One such answer cannot be told from a true one, but their number can: when the share of
// answers that blame the address leaps far above what is usual there, what is learned from them is
// only pending, until the share falls or a person decides. One guard for each provider, and one for
// the whole host.
//
// Pure: no clock, no IO; time is an argument. A plain value; distinct objects may be used from
// distinct threads.
// Time: one that lies before an earlier one counts as that one.
// Limits: `GuardOptions::window` answers are kept, with keys of up to 1 KiB each; the key of an
// answer that is longer is counted and forgotten. Where more than half of the answers usually blame
// the address, no leap can be told.

#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rampart/base/time.h"
#include "rampart/suppression/options.h"

namespace rampart::suppression {

class FailureGuard {
 public:
  /// A final answer about one recipient: taken, or refused with the address to blame.
  struct Outcome {
    base::WallTime time{};
    bool dead = false;
    std::string key{};  ///< the suppression's key, if dead

    friend bool operator==(const Outcome&, const Outcome&) = default;
  };
  enum class Turn : std::uint8_t {
    None,
    Leapt,  ///< what is learned from now on is pending, and so is what recent_dead() tells
    Fell,   ///< back to what is usual
  };

  explicit FailureGuard(const GuardOptions& options = {});

  /// A dead key counts once while it is among the recent answers.
  Turn observe(const Outcome& outcome);
  /// Lets answers grow old. To be called now and then, as an outage may end with silence.
  Turn tick(base::WallTime now);
  /// What tick(now) would tell.
  [[nodiscard]] bool leaping(base::WallTime now) const;

  /// The last answers, kSuspectRun or more, all blamed addresses, which is rare where that is not
  /// usual: nothing is pending yet, but nobody should be blamed for them either.
  [[nodiscard]] bool suspicious(base::WallTime now) const;
  static constexpr std::size_t kSuspectRun = 5;

  /// The keys of the recent dead, oldest first: those before the leap was seen were suppressed.
  [[nodiscard]] std::vector<std::string> recent_dead() const;
  /// The share that blames the address in other times, from 0 to 1.
  [[nodiscard]] double usual_share(base::WallTime now) const;
  /// "37 of the last 50 answers say the mailbox does not exist; 2 % is usual here".
  [[nodiscard]] std::string describe(base::WallTime now) const;

  /// A person says that the refusals are true: their present share is usual from now on. Ends a
  /// leap; the recent answers are history.
  void accept(base::WallTime now);

  /// Bounded text, which decode() reads.
  [[nodiscard]] std::string encode() const;
  /// @return nullopt for damaged or newer text. If the options' window has become smaller, only the
  ///         newest answers are recent.
  static std::optional<FailureGuard> decode(std::string_view text,
                                            const GuardOptions& options = {});

  /// Equal in what they have seen.
  friend bool operator==(const FailureGuard& a, const FailureGuard& b);

 private:
  struct Tally {
    std::size_t total = 0;
    std::size_t dead = 0;
    std::size_t run = 0;  ///< most dead in a row
    [[nodiscard]] double share() const;
  };

  void advance(base::WallTime time);
  void forget_oldest();
  Turn turn();
  [[nodiscard]] double kept_until(base::WallTime time) const;  // part of the history's weight
  [[nodiscard]] Tally recent_at(base::WallTime time) const;
  [[nodiscard]] bool leaps(const Tally& recent, base::WallTime now) const;
  [[nodiscard]] bool falls(const Tally& recent, base::WallTime now) const;

  GuardOptions options_;
  std::deque<Outcome> recent_;  // oldest first
  std::size_t dead_ = 0;        // of the recent ones
  double history_dead_ = 0;
  double history_total_ = 0;
  base::WallTime latest_{};  // of all times seen; the history is as of then
  bool leaping_ = false;
};

}  // namespace rampart::suppression
