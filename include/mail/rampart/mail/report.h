// Report: one downstream reply to one recipient, as the MTA reported it.
//
// Source: Postfix delivery log lines, RFC 3464 for delivery status notifications.
// Pure: plain values; distinct objects may be used from distinct threads.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "rampart/base/time.h"
#include "rampart/mail/address.h"
#include "rampart/mail/queue_id.h"
#include "rampart/mail/reply.h"

namespace rampart::mail {

/// What the MTA made of the attempt.
enum class DeliveryStatus : std::uint8_t { Sent, Deferred, Bounced, Expired };

/// "sent", "deferred", "bounced", "expired".
std::string_view to_string(DeliveryStatus status) noexcept;

/// The host that gave the reply.
struct Relay {
  std::string host;  ///< "mx1.example.org", lower case, no trailing dot; "" when none was reached
  std::string address;  ///< "203.0.113.7" or IPv6, without brackets; "" when none
  std::uint16_t port = 0;

  friend bool operator==(const Relay&, const Relay&) = default;
};

struct Report {
  std::string
      /// the log's program prefix ("postfix", "postfix-out"): queue IDs repeat across instances
      instance;
  QueueId queue_id;
  Address recipient;                          ///< final address
  std::optional<Address> original_recipient;  ///< what the milter saw, where it differs
  Relay relay;
  DeliveryStatus status = DeliveryStatus::Sent;
  Reply reply;
  base::WallTime time;  ///< when it happened, not when it was read

  friend bool operator==(const Report&, const Report&) = default;
};

}  // namespace rampart::mail
