// What the service and the root helper for held mail say to each other, one request a connection.
//
//     rampart 1 release 2            rampart 1 list 0           rampart 1 delete 1
//     4Xk2Pq1z9Rz                                               4Xk2Pq1z9Rz
//     4Xk2Pq1zA11
//
//     ok 2                           ok 1                       error hold key ... is a link
//     4Xk2Pq1z9Rz released           4Xk2Pq1z9Rz
//     4Xk2Pq1zA11 still_held text
//
// A request names the protocol's version, the command and how many queue IDs follow, one a line. An
// answer has as many lines as "ok" says: of "list" the queue IDs that are held or being received,
// whoever holds them; otherwise one for each ID asked for, in the same order, with its outcome and
// perhaps a text. "error" answers the whole request: what has been done is not known.
//
// Pure: every function may be called from any thread.
// Limits: kIdsMax queue IDs a request; 1,000,000 in a list; text of 300 bytes.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "rampart/base/result.h"
#include "rampart/mail/queue_id.h"

namespace rampart::release {

inline constexpr std::size_t kIdsMax = 1000;
inline constexpr std::size_t kListMax = 1'000'000;
inline constexpr std::size_t kRequestBytesMax = 64 + kIdsMax * 21;
inline constexpr std::size_t kAnswerBytesMax = 64 + kListMax * 21;

enum class Command : std::uint8_t { List, Release, Delete };
std::string_view to_string(Command command) noexcept;

struct Request {
  Command command = Command::List;
  std::vector<mail::QueueId> ids;
};

enum class Outcome : std::uint8_t {
  Released,
  Deleted,
  StillHeld,
  Gone,     ///< not in the hold queue (any more)
  NotOurs,  ///< held, but without a mark of rampart: left alone
  Unknown   ///< the queue could not be looked at
};
std::string_view to_string(Outcome outcome) noexcept;

struct Answer {
  mail::QueueId id;
  Outcome outcome = Outcome::StillHeld;
  std::string text;  ///< more about it, perhaps ""
};

std::string encode(const Request& request);
/// @param bytes  what has come so far
/// @return nullopt: more must come; InvalidInput: nothing that comes can make it a request
base::Result<std::optional<Request>> parse_request(std::string_view bytes);

std::string encode_answers(const std::vector<Answer>& answers);
std::string encode_list(const std::set<std::string>& ids);
std::string encode_error(std::string_view text);

/// @param bytes  the whole answer. @return Unavailable with the helper's words if it could not do
///         it; Corrupt for anything that is not an answer to these IDs
base::Result<std::vector<Answer>> parse_answers(std::string_view bytes,
                                                const std::vector<mail::QueueId>& asked);
base::Result<std::set<std::string>> parse_list(std::string_view bytes);

}  // namespace rampart::release
