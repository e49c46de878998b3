// The learner: what the MTA reports changes flows, senders and suppressions.
//
// A log line counts only for a message that this host's milter admitted or that the queue manager
// took up: anybody may write into a log. A notice counts only with the token that this host put on
// the message: anybody may write a mail.
//
// Threads: one caller per source, several sources at once. Blocks while the store is far behind.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "rampart/base/result.h"
#include "rampart/base/time.h"
#include "rampart/ledger/ledger.h"
#include "rampart/report/event.h"
#include "rampart/report/message.h"
#include "rampart/store/records.h"

namespace rampart::learner {

/// What became of a mail about other mails.
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
std::string_view to_string(NoticeOutcome::Kind kind) noexcept;

/// Learns from one mail about other mails. What it changes is queued when this returns.
/// @param received  when it came
/// @param origin    the door it came through, for people
/// @return  Unavailable while the store does not answer or after a stop began: bring it again
base::Result<NoticeOutcome> learn(ledger::Ledger& ledger,
                                  const report::Message& message,
                                  base::WallTime received,
                                  std::string_view origin);

/// Lets the mass-failure guards see that time passes.
void age_guards(ledger::Ledger& ledger);

/// Applies a batch of lines; their effects and the cursor become durable together.
void learn(ledger::Ledger& ledger,
           std::span<const report::LogLine> lines,
           const store::CursorRecord& cursor);

}  // namespace rampart::learner
