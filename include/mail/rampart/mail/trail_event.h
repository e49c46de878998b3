// One thing that happened to a message or to one of its recipients.
//
// Threads: plain values.

#pragma once

#include <string>

#include "rampart/base/time.h"

namespace rampart::mail {

struct TrailEvent {
  base::WallTime time{};
  std::string queue_id;
  std::string what;       ///< "accepted", "held", "sent", "deferred", "bounced", "notice", ...
  std::string recipient;  ///< "" of the whole message
  std::string sender;     ///< of the flow; "" if it concerns none
  std::string provider;
  std::string text;  ///< the reply, or words
  std::string rule;  ///< reply rule, or ""
};

}  // namespace rampart::mail
