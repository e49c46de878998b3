// Fields of Postfix's log lines, taken off the front of a text one by one.
//
// Pure. Every consume_ function leaves its argument unchanged if it fails.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "rampart/mail/address.h"
#include "rampart/mail/queue_id.h"
#include "rampart/mail/report.h"

namespace rampart::report {

constexpr std::size_t kFieldBytesMax = 4096;

/// Takes `prefix` off the front.
bool consume(std::string_view& text, std::string_view prefix) noexcept;

/// Takes the bytes before `separator`, and the separator itself.
std::optional<std::string_view> consume_until(std::string_view& text,
                                              std::string_view separator) noexcept;

/// A copy, cut at kFieldBytesMax.
std::string bounded(std::string_view text);

/// Takes "<...>" with quoted strings inside. An address that mail::parse_address refuses is kept
/// whole as a local part without a domain, control bytes as '?': a strange address must not hide a
/// line.
std::optional<mail::Address> consume_address(std::string_view& text);

/// "mx1.example.org[203.0.113.7]:25", "mx1.example.org[2001:db8::1]:25",
/// "mx1.example.org[203.0.113.7]", "mail.example.org[private/lmtp]", "local". "none" gives an empty
/// relay.
mail::Relay parse_relay(std::string_view text);

/// A loopback address, or no IP address but the path of a socket.
bool is_on_this_host(std::string_view address) noexcept;

/// Takes "02353A9A9CD: " or "NOQUEUE: " (an empty ID).
std::optional<mail::QueueId> consume_queue_id(std::string_view& text);

}  // namespace rampart::report
