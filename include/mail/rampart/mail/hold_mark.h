// The header by which rampart knows its own held mail again: X-Rampart-Held, signed with a key that
// only rampart's user and root can read.
//
//     X-Rampart-Held: 1 4Xk2Pq1z9Rz 1795252764 0123456789abcdef0123456789abcdef
//
// Version, queue ID, seconds since 1970 when it was held, tag. Whoever can send mail through this
// host can write such a header, and whoever got a message that was held has seen a valid one; the
// tag covers the queue ID, so it is good for that message alone.
//
// Source: the tag is two SipHash-2-4 values under independent keys, 128 bits: nobody learns
// anything from a wrong guess, since the mail is simply not released, but a header is guessed for
// ever.
// Pure: every function may be called from any thread.
// Limits: a mark has no end of its own; held mail may lie for weeks.

#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "rampart/base/hash.h"
#include "rampart/base/time.h"
#include "rampart/mail/queue_id.h"

namespace rampart::mail {

inline constexpr std::string_view kHoldMarkHeader = "X-Rampart-Held";

/// Two keys, one for each half of the tag.
using HoldKey = std::array<base::HashKey, 2>;

/// The value of the header. @param queue_id  not empty
std::string make_hold_mark(const HoldKey& key, const QueueId& queue_id, base::WallTime held_at);

/// @param value  of a header, without the blanks around it
/// @return when the message was held (whole seconds), or nullopt unless the mark is wholly as
///         make_hold_mark() writes it, for this message and with this key
std::optional<base::WallTime> verify_hold_mark(const HoldKey& key,
                                               std::string_view value,
                                               const QueueId& queue_id);

/// 64 lower-case hexadecimal digits: a key as it is kept in a file.
std::string to_string(const HoldKey& key);
/// @return nullopt unless `text` is wholly what to_string() writes
std::optional<HoldKey> parse_hold_key(std::string_view text);

}  // namespace rampart::mail
