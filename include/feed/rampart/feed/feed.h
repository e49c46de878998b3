// The feed: follows logs and hands their lines to the engine; reads mailboxes of bounces.
//
// Threads: create, start and stop from one thread; one thread of its own per source.
// Errors: a source that cannot be opened is retried every second, a mailbox every ten, and shown in
// the engine's status; it never stops the others or the milter.

#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "rampart/base/result.h"
#include "rampart/base/time.h"
#include "rampart/engine/engine.h"
#include "rampart/feed/options.h"
#include "rampart/store/records.h"

namespace rampart::feed {

/// Learns from one mail of a mailbox. Called from the threads of the mailboxes.
/// @param bytes     the mail, at most 1 MiB of it
/// @param received  when it was delivered to the mailbox; not in the future
/// @return  success once its effects are among those that Engine::sync() waits for and that precede
///          the next Engine::learn(); also for a mail that means nothing. InvalidInput: never
///          bring it again. Any other error, such as Unavailable when the engine does not learn any
///          more: it is brought again.
using MessageSink = std::function<base::Result<>(std::string_view bytes, base::WallTime received)>;

class Feed {
 public:
  /// Starts following. A log without a stored cursor starts at its end, so that an old log is not
  /// taken for news; a mailbox at its beginning.
  /// @param sink  takes the mails; without it no mailbox is read
  Feed(const Options& options,
       engine::Engine& engine,
       const base::Clock& clock,
       MessageSink sink = {});
  /// Stops within about a second; what was read but not applied is read again at the next start.
  ~Feed();
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;

 private:
  struct Data;
  std::unique_ptr<Data> data_;
};

/// Where a log would be followed from if it were followed from its end now.
/// @return nullopt if it cannot be read: then it is followed from its beginning once it can
std::optional<store::CursorRecord> find_end(const std::string& path, const base::Clock& clock);

}  // namespace rampart::feed
