// The learner: what the MTA reports changes flows, senders and suppressions.
//
// A log line counts only for a message that this host's milter admitted or that the queue manager
// took up: anybody may write into a log. A notice counts only with the token that this host put on
// the message: anybody may write a mail.
//
// Threads: one caller per source, several sources at once. Blocks while the store is far behind.

#pragma once

#include <span>
#include <string_view>

#include "rampart/base/result.h"
#include "rampart/base/time.h"
#include "rampart/ledger/ledger.h"
#include "rampart/mail/notice_outcome.h"
#include "rampart/report/event.h"
#include "rampart/report/message.h"
#include "rampart/store/records.h"

namespace rampart::learner {

/// Learns from one mail about other mails. What it changes is queued when this returns.
/// @param received  when it came
/// @param origin    the door it came through, for people
/// @return  Unavailable while the store does not answer or after a stop began: bring it again
base::Result<mail::NoticeOutcome> learn(ledger::Ledger& ledger,
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
