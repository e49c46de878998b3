// A provider with limits that it tells nobody.
//
// Of each sender (or of this host, or both) it remembers how much it takes in a day; that grows
// after days of good volume, falls after days of trouble, and ends for hours where somebody pushes
// on, mails many dead addresses or is complained about. Every number is drawn for each seed.

#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "rampart/sim/options.h"

#include "draw.h"
#include "replies.h"

namespace rampart::sim {

using Seconds = std::int64_t;  ///< since day 0, 00:00; the history is below 0
inline constexpr Seconds kHour = 3600;
inline constexpr Seconds kDay = 24 * kHour;
inline constexpr Seconds kLongAgo = -1000 * kDay;  ///< before every history

/// One provider's hidden numbers.
struct Model {
  enum class Family : std::uint8_t { Free, Day, Hour, Minute, Trust, Sliding, Steps, Spike };
  Family family = Family::Free;
  bool exact = false;  ///< the limit is as stated, whatever was usual before
  bool per_sender = true;
  bool per_host = false;
  double start = 1000;       ///< a day, from a sender it hardly knows
  double host_factor = 4;    ///< the host's limit to the sender's
  double growth = 1.5;       ///< a day
  double most = 100'000;     ///< a day, from the best known sender
  double use_share = 0.5;    ///< of the limit, for a day that lets it grow
  double hour_share = 0;     ///< of the day's limit; 0: none
  double minute_share = 0;   ///< of the day's limit; 0: none
  double over_penalty = 2;   ///< refused attempts, to the day's limit, that halve it
  double over_block = 8;     ///< and those that bring a block
  double block_hours = 24;   ///< twice as long when it comes again within a week
  double dead_soft = 0.06;   ///< share of non-existing recipients: no growth
  double dead_block = 0.15;  ///< a block
  double complaint_soft = 0.003;
  double spike = 0;      ///< x the week's mean day; above, the day's limit halves; 0: none
  bool sticky = false;   ///< attempts during a block prolong it
  Seconds reset = 0;     ///< when its day begins
  Seconds greylist = 0;  ///< 0: none
  double full = 0.003;
  double noise = 0.002;
  std::uint32_t variant = 0;
};

/// @param unseen  from more families: see Scenario::unseen
Model draw_model(const Provider& provider, bool unseen, const Draw& draw);

/// One attempt to deliver.
struct Attempt {
  std::size_t sender = 0;
  std::uint64_t recipient = 0;  ///< a number of its own
  std::uint32_t tries = 0;      ///< earlier attempts at this message
  bool dead = false;
  bool complains = false;
};

class Receiver {
 public:
  /// @param usual  what each sender sent on its largest day of the history, to this provider
  Receiver(const Provider& provider,
           const Model& model,
           const std::vector<double>& usual,
           std::uint64_t seed);

  /// Takes or refuses, and remembers it. Times never fall.
  Kind answer(const Attempt& attempt, Seconds now);
  [[nodiscard]] Words words(Kind kind) const noexcept;

  /// How many more it would take from this sender at once.
  [[nodiscard]] double room(std::size_t sender, Seconds now);

  /// Hours of block between two times, summed over senders and host.
  [[nodiscard]] double hours_blocked(Seconds from, Seconds to) const;

 private:
  struct Standing {
    double limit = 0;
    std::array<std::uint32_t, 24> hours{};  ///< taken, by hour of the epoch
    Seconds hour = 0;                       ///< the newest
    Seconds day = 0;
    double taken = 0;  ///< in the day
    double over = 0;   ///< refused as too much in the day
    double mean = 0;   ///< of the days before
    double tokens = 0;
    Seconds tokens_at = 0;
    double seen = 0;  ///< recipients, halved above 400
    double dead = 0;
    double complaints = 0;  ///< in the day
    bool halved = false;    ///< in the day
    std::uint32_t good_days = 0;
    double total = 0;
    Seconds blocked_until = kLongAgo;
    Seconds blocked_len = 0;
    Seconds last_block = kLongAgo;
    std::vector<std::pair<Seconds, Seconds>> blocks;
  };

  void roll(Standing& standing, double factor, Seconds now) const;
  void end_day(Standing& standing, double factor, Seconds days) const;
  [[nodiscard]] double room_of(Standing& standing, double factor, Seconds now) const;
  void block(Standing& standing, Seconds now) const;
  void push(Standing& standing, Seconds now) const;
  void count_dead(Standing& standing, bool dead, Seconds now) const;
  void take(Standing& standing, bool complains, Seconds now) const;
  template <class Do>
  void each(std::size_t sender, Do&& what);

  Provider provider_;
  Model model_;
  Draw noise_;
  Draw full_;
  Draw grey_;
  std::vector<Standing> senders_;
  Standing host_;
};

}  // namespace rampart::sim
