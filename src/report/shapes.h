// What each service of Postfix logs: one function per group of services, from the text behind the
// queue ID to an event.
//
// Source: Postfix 3.7 as measured; the services' manual pages.
// Pure.

#pragma once

#include <cstdint>
#include <string_view>

#include "rampart/mail/queue_id.h"
#include "rampart/report/event.h"

namespace rampart::report {

/// Services that log alike.
enum class Family : std::uint8_t {
  Unknown,   ///< no service of Postfix
  Delivers,  ///< smtp, lmtp, local, virtual, pipe, error, retry, discard
  QueueManager,
  Smtpd,
  Cleanup,
  Pickup,
  Bounce,
  Postsuper,
  Quiet,  ///< nothing it says is for us: anvil, scache, tlsmgr, postscreen, ...
};

Family find_family(std::string_view service) noexcept;

/// A message without its queue ID, and what is known from the part of the line before it.
struct LineMessage {
  std::string_view service;
  const mail::QueueId* queue_id = nullptr;  ///< never null; empty if the line has none
  std::string_view text;
};

/// The event of `message`, which comes from a service of `family`.
Event read_message(Family family, const LineMessage& message);

/// The text from "to=<" on.
Event read_delivery(std::string_view service, std::string_view text);

}  // namespace rampart::report
