// What became of a mail about other mails.
//
// Threads: plain values.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace rampart::mail {

struct NoticeOutcome {
  enum class Kind : std::uint8_t {
    Counted,    ///< some recipient was learned from
    Repeated,   ///< all of it was known
    Confirmed,  ///< this host's own notice: the log has told it
    NotOurs,    ///< no token of this host's, or no recipient of that message
    Nothing,    ///< an automatic reply, ordinary mail, a success: nothing to learn
  };
  Kind kind = Kind::Nothing;
  std::uint32_t recipients = 0;  ///< counted
  std::string queue_id;          ///< of the message it is about; "" if not known
};

/// "counted", "repeated", "confirmed", "not_ours", "nothing".
constexpr std::string_view to_string(NoticeOutcome::Kind kind) noexcept {
  constexpr std::string_view kNames[] = {"counted", "repeated", "confirmed", "not_ours", "nothing"};
  return kNames[static_cast<std::size_t>(kind)];
}

}  // namespace rampart::mail
