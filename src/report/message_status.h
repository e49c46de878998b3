// The fields of a delivery status notification.
//
// Source: RFC 3464 section 2, RFC 6533 section 3. Pure, linear time.

#pragma once

#include <optional>
#include <string_view>

#include "rampart/mail/address.h"
#include "rampart/report/message.h"

namespace rampart::report {

/// "rfc822; user@example.org", "utf-8; \x{FC}ser@example.org", "rfc822;<user@example.org> (User)".
/// @return nullopt if nothing in it is an address; the null sender is none.
std::optional<mail::Address> parse_typed_address(std::string_view value);

/// True if a line of the text begins with "Final-Recipient:" or "Original-Recipient:" and another
/// with "Action:", "Status:" or "Diagnostic-Code:".
bool looks_like_status(std::string_view text) noexcept;

/// Reads all groups of fields. Recipients are added to the message; those of all parts together are
/// at most kMessageRecipientsMax. Lines that are no fields are passed over.
void read_status(std::string_view text, Message& message);

}  // namespace rampart::report
