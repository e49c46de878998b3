// Fields of Sendmail's log lines, taken off the front of a text one by one.
//
// Source: Sendmail 8.17 as measured.
// Pure. Every consume_ function leaves its argument unchanged if it fails.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "rampart/mail/address.h"
#include "rampart/mail/report.h"

namespace rampart::report {

/// Takes an element of an address list, up to a comma or the end: "<a@b>", "a@b",
/// "<"x, y"@b>(comment)", "|/usr/bin/filter". Quotes, brackets, comments and backslashes count as
/// in RFC 5322 3.2; fails if one of them is not closed.
std::optional<std::string_view> consume_mailbox(std::string_view& text) noexcept;

/// The address in an element of such a list. 8-bit bytes, which are logged as "\351", are restored.
mail::Address to_mailbox(std::string_view element);

/// Text as it was before it was logged: "caf\351" is "caf" and the byte 0xE9. Control bytes
/// ("\033", "\r") become '?'. At most 4 KiB.
std::string unescape(std::string_view text);

/// "mx1.sink.example. [203.0.113.100]", "[203.0.113.100] [203.0.113.100]",
/// "mx1. [IPv6:2001:db8::1]", "mx1.sink.example." (nothing was reached: only the name).
/// @return nullopt if it is none of these.
std::optional<mail::Relay> parse_sendmail_relay(std::string_view text);

}  // namespace rampart::report
