// What the MTA's own configuration says about its queue.
//
// Source: postconf(5) maximal_queue_lifetime; Sendmail "Installation and Operation Guide" 4.1.4,
// 5.6 (Timeout.queuereturn).
// Pure but for RealFiles, which runs postconf(1) or reads sendmail.cf.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "rampart/base/time.h"

#include "files.h"

namespace rampart::config {

/// What is taken for a lifetime: an MTA may be told to try only once, or for years.
inline constexpr base::Micros kQueueLifetimeMin = std::chrono::hours{1};
inline constexpr base::Micros kQueueLifetimeMax = std::chrono::hours{24 * 100};

/// "5d", "432000s", "1w2d", or "5", which is days to both MTAs; brought within the limits above.
std::optional<base::Micros> parse_queue_time(std::string_view text);

/// The longest of the lifetimes that sendmail.cf gives to different kinds of mail.
std::optional<base::Micros> find_queuereturn(std::string_view sendmail_cf);

/// How long mail may be held: a day, or half of a short lifetime, is left for the MTA's own tries.
base::Micros hold_age_limit(base::Micros queue_lifetime) noexcept;

}  // namespace rampart::config
