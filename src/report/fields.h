// Fields of log lines, taken off the front of a text one by one.
//
// Pure. Every consume_ function leaves its argument unchanged if it fails.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "rampart/mail/address.h"
#include "rampart/mail/queue_id.h"
#include "rampart/mail/report.h"

namespace rampart::report {

constexpr std::size_t kFieldBytesMax = 4096;

/// What every answer of ours to an MTA begins with.
constexpr std::string_view kOwnMark = "rampart:";

/// Takes `prefix` off the front.
bool consume(std::string_view& text, std::string_view prefix) noexcept;

/// Takes the bytes before `separator`, and the separator itself.
std::optional<std::string_view> consume_until(std::string_view& text,
                                              std::string_view separator) noexcept;

/// A copy, cut at kFieldBytesMax.
std::string bounded(std::string_view text);

/// Takes digits.
std::optional<std::uint32_t> consume_number(std::string_view& text) noexcept;

bool starts_with_any(std::string_view text, std::span<const std::string_view> prefixes) noexcept;

/// Takes "<...>" with quoted strings inside, as as_address reads it.
std::optional<mail::Address> consume_address(std::string_view& text);

/// An address, with or without <>. One that mail::parse_address refuses is kept whole as a local
/// part without a domain, control bytes as '?': a strange address must not hide a line.
mail::Address as_address(std::string_view written);

/// "mx1.example.org[203.0.113.7]:25", "mx1.example.org[2001:db8::1]:25",
/// "mx1.example.org[203.0.113.7]", "mail.example.org[private/lmtp]", "local". "none" gives an empty
/// relay.
mail::Relay parse_relay(std::string_view text);

/// A loopback address, or no IP address but the path of a socket.
bool is_on_this_host(std::string_view address) noexcept;

/// The ID at the very end of "250 2.0.0 Ok: queued as 42992AB268D"; filters may put more in front.
std::optional<mail::QueueId> find_queued_as(std::string_view text);

/// Takes "02353A9A9CD: " or "NOQUEUE: " (an empty ID).
std::optional<mail::QueueId> consume_queue_id(std::string_view& text);

}  // namespace rampart::report
