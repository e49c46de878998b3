// What is suppressed, for how long, and how addresses are compared.
//
// Pure: plain values.

#pragma once

#include <cstddef>
#include <cstdint>

#include "rampart/base/time.h"

namespace rampart::suppression {

/// When a share of dead addresses is a provider's failure and not the addresses'.
struct GuardOptions {
  /// Answers that the present share is told from: at a fifth of dead, one more or less is 2 %.
  std::size_t window = 50;
  base::Micros window_age = std::chrono::hours{24};  ///< older ones tell of another day
  /// The history loses half its weight in this time: longer than any outage, short enough to follow
  /// a sender's lists.
  base::Micros half_life = std::chrono::hours{24 * 14};
  /// What is assumed without history, and how many answers that assumption weighs. Few lists that
  /// are mailed regularly have more than a twentieth of dead addresses.
  double assumed_share = 0.05;
  double assumed_weight = 20;

  std::uint32_t leap_dead = 10;  ///< fewer dead are a bad list's head, not an outage
  double leap_share = 0.30;      ///< a share below is never a leap
  double leap_factor = 4;        ///< nor one below so many times the usual
  /// Added to the bound without any history, less as it grows: until then nothing says that twelve
  /// in a hundred are usual, and one in a hundred such senders would leap at the start.
  double leap_margin = 0.05;
  /// So many dead in a row are a leap too, if the usual share makes them less likely than
  /// `run_chance`: where the usual share is high, the factor above cannot be reached.
  std::uint32_t run_dead = 20;
  double run_chance = 1e-6;

  std::uint32_t fall_dead = 5;  ///< a leap is over with fewer dead than this,
  double fall_factor = 0.5;     ///< or with a share below this part of what is a leap,
  double fall_margin = 0.05;    ///< or below the usual share and this much
  /// Answers that a person's word weighs.
  double accepted_weight = 200;
};

struct Options {
  std::uint32_t hard_bounces = 1;  ///< occurrences, >= 1
  base::Micros hard_expiry = std::chrono::hours{24 * 365};
  std::uint32_t soft_days = 4;  ///< distinct days
  base::Micros soft_span = std::chrono::hours{24 * 14};
  base::Micros soft_expiry = std::chrono::hours{24 * 90};
  std::uint32_t domain_unknown_days = 3;  ///< distinct days
  bool fold_local_part = false;           ///< compare local parts without regard to case
  bool ignore_subaddress = false;         ///< "user+tag" is "user"
  bool lift_on_delivery = false;
  GuardOptions guard{};
};

}  // namespace rampart::suppression
