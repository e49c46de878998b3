// How a flow may grow, and every constant of the control, with its default.
//
// Pure: plain values.
// Units: counts are recipients (units); shares are 0 to 1; durations carry their type.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rampart/base/time.h"

namespace rampart::ramp {

/// A named way to grow. `unlimited` has no volume limits at all, only pauses (the host flow's
/// default).
struct Plan {
  std::string name = "standard";
  bool unlimited = false;
  std::uint32_t start = 200;  ///< units a day for a flow without history, >= 1
  double growth = 1.4;        ///< x best per day, 1.0 .. Constants::ceiling
  /// Rungs, strictly rising, each >= 1; replaces start and growth when not empty: the day is the
  /// rung after the highest rung r with best >= 0.8 r, the last rung is never exceeded, nothing is
  /// probed.
  std::vector<std::uint32_t> schedule;
  std::uint32_t day_max = 0;  ///< units a day never exceeded; 0: no ceiling of this kind
};

/// Constants of the control. Names are those of the configuration file.
struct Constants {
  double growth_limited = 1.4;  ///< x learned limit, per day, while limited
  base::Micros limited_for = std::chrono::hours{96};
  base::Micros limit_after = std::chrono::hours{1};
  double ceiling = 2.0;      ///< x best: the hard bound of a day
  double new_ceiling = 4.0;  ///< x start: the hard bound of a flow without history
  double probe_step = 0.04;  ///< of the day's allowance
  base::Micros probe_every = std::chrono::minutes{10};
  base::Micros quiet = std::chrono::hours{1};
  base::Micros memory = std::chrono::hours{24 * 45};
  double hourly_share = 0.12;
  double hour_min = 10;  ///< units an hour
  base::Micros burst = std::chrono::seconds{60};
  double burst_min = 10;       ///< units
  double flight_share = 0.05;  ///< of the hour's allowance
  std::uint32_t flight_min = 4;
  std::uint32_t flight_new = 1;
  base::Micros pause = std::chrono::minutes{15};
  base::Micros max_pause = std::chrono::hours{6};
  base::Micros wait_deferred = std::chrono::hours{6};
  std::uint32_t unknown_run = 2;
  base::Micros block_pause = std::chrono::hours{1};
  base::Micros block_max = std::chrono::hours{24};
  double block_cut = 0.5;
  base::Micros block_caution = std::chrono::hours{24 * 7};
  double bounce_share = 0.05;
  double bounce_growth = 1.15;
  double bounce_min_n = 40;
  double stop_share = 0.12;
  double stop_min = 10;
  double health_window = 400;
  base::Micros stop_pause = std::chrono::hours{24};
  base::Micros stop_max = std::chrono::hours{24 * 7};
  std::uint32_t host_senders = 2;
  double host_share = 0.5;
  std::uint32_t first_contact =
      4;  ///< units to a domain of unknown provider before its first report
  /// In flight and deferred counts of a flow nothing was heard of for so long are dropped: an MTA's
  /// queue has given up by then (Postfix maximal_queue_lifetime, Sendmail Timeout.queuereturn: 5
  /// days).
  base::Micros forget_after = std::chrono::hours{24 * 5};
  /// The widths of the windows. Operators leave them alone; tests shorten a day to minutes.
  base::Micros hour = std::chrono::hours{1};  ///< a day is 24 of these
};

}  // namespace rampart::ramp
