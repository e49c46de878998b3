// Where the milter listens and what it does when rampart itself fails.
//
// Pure: plain values.

#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "rampart/base/time.h"
#include "rampart/mail/hold_mark.h"

namespace rampart::milter {

/// The answer when an internal error stops a decision. Never applied to non-SMTP sessions and null
/// senders: those are always accepted.
enum class OnError : std::uint8_t { Accept, Tempfail };

struct Options {
  std::string listen = "unix:/var/spool/postfix/rampart/milter.sock";
  std::string socket_group;  ///< group that may connect to a unix socket; "" leaves it
  OnError on_error = OnError::Accept;
  /// Mail with the null sender is read, since it may be a bounce from outside. The MTA then sends
  /// header and first piece of body of all other mail, too, which nobody looks at.
  bool read_notices = false;
  /// For the mark on held mail (mail::kHoldMarkHeader); none: held mail gets no mark, and only
  /// people release it. The daemon reads it from a file.
  std::optional<mail::HoldKey> hold_key;
  base::Micros timeout = std::chrono::seconds{7210};  ///< of an idle MTA connection
};

}  // namespace rampart::milter
