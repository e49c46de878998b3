// An envelope address: local part as written, domain in its comparable spelling.
//
// Source: RFC 5321 4.1.2 (Path, Mailbox), 4.5.5 (null reverse-path).
// Pure: every function may be called from any thread.
// Limits: local part at most 1024 bytes (RFC 5321 allows 64; MTAs accept more).
// Deviation: source routes ("<@a,@b:user@c>") lose their route; an address without a domain is
// kept, because MTAs accept "root" from their own host.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "rampart/mail/domain.h"

namespace rampart::mail {

struct Address {
  std::string local_part;  ///< as written, quotes included
  Domain domain;

  /// The null sender "<>".
  [[nodiscard]] bool is_null() const noexcept { return local_part.empty() && domain.empty(); }

  friend bool operator==(const Address&, const Address&) = default;
  friend auto operator<=>(const Address&, const Address&) = default;
};

/// Reads an address as a milter or a log shows it, with or without one pair of angle brackets.
/// @param text  "<user@example.org>", "user@example.org", "<>" or "" (the null sender).
/// @return      nullopt if it has control bytes, an overlong part or no sense; never throws for
///              content.
std::optional<Address> parse_address(std::string_view text);

/// "user@example.org", without brackets; "" for the null sender.
std::string to_string(const Address& address);

}  // namespace rampart::mail
