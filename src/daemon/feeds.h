// The sources of what is learned, each started with its way into the engine.
//
// Threads: start_feeds() and what it returns belong to one thread.

#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "rampart/base/result.h"
#include "rampart/base/time.h"
#include "rampart/engine/engine.h"
#include "rampart/feed/feed.h"
#include "rampart/feed/options.h"

namespace rampart::daemon {

/// Follows all logs and reads all mailboxes. What learns must outlive the feeds.
std::vector<std::unique_ptr<feed::Feed>> start_feeds(const feed::Options& options,
                                                     engine::Engine& engine,
                                                     const base::Clock& clock);

/// What a mailbox is told of a mail: done, whatever it meant, or the engine's error.
base::Result<> answer_of(const base::Result<learner::NoticeOutcome>& learned);

}  // namespace rampart::daemon
