// The learner: what the MTA reports changes flows, senders and suppressions.
//
// A log line counts only for a message that this host's milter admitted or that the queue manager
// took up: anybody may write into a log.
//
// Threads: one caller per source, several sources at once. Blocks while the store is far behind.

#pragma once

#include <span>

#include "rampart/ledger/ledger.h"
#include "rampart/report/event.h"
#include "rampart/store/records.h"

namespace rampart::learner {

/// Applies a batch of lines; their effects and the cursor become durable together.
void learn(ledger::Ledger& ledger,
           std::span<const report::LogLine> lines,
           const store::CursorRecord& cursor);

}  // namespace rampart::learner
