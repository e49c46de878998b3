// Mailboxes of bounce mails: each message is handed over once it is complete.
//
//   Maildir  what is in new/ is read, handed over, and moved to cur/ as seen ("NAME:2,S"). Where
//            that is not permitted, the names are remembered as long as the process runs; the
//            engine counts a notice once anyway. Nothing is ever removed.
//   Mbox     followed like a log, but from its beginning; never written to. A message is complete
//            when the next one begins, or when the file did not change for 2 s.
//
// Source: https://cr.yp.to/proto/maildir.html; RFC 4155.
// Threads: none of their own; one at a time.
// Errors: a mailbox that cannot be read, or a message that nobody takes now, is tried again after
// 10 s and shown in status. A mailbox is never "not open" there: it is no log, and its absence does
// not make the reports of the log unreliable.
// Limits: 1 MiB of a message; 100,000 remembered names.

#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "rampart/base/descriptor.h"
#include "rampart/base/result.h"
#include "rampart/base/time.h"
#include "rampart/engine/engine.h"
#include "rampart/feed/feed.h"
#include "rampart/feed/options.h"
#include "rampart/report/stamp.h"

#include "follower.h"
#include "mbox_splitter.h"
#include "teller.h"

namespace rampart::feed {

/// What both kinds need.
struct MailboxPlace {
  const MailSource& options;
  engine::Engine& engine;
  const base::Clock& clock;
  const MessageSink& sink;
};

class Maildir {
 public:
  explicit Maildir(const MailboxPlace& place);

  /// Hands over what is there, a batch at most. @return true if there is more to do at once
  bool step();

 private:
  void list(base::SteadyTime now);
  void hand_over();
  bool hand_over(const std::string& name);
  void move_to_seen(const std::string& name);
  void fail(std::string problem);

  const std::string path_;
  engine::Engine& engine_;
  const base::Clock& clock_;
  const MessageSink sink_;
  Teller teller_;
  base::Descriptor new_;
  std::deque<std::string> waiting_;  ///< names in new/
  std::set<std::string> kept_;       ///< names that were read but could not be moved
  bool warned_ = false;
  base::SteadyTime look_at_{};
  std::string problem_;
};

class Mbox {
 public:
  explicit Mbox(const MailboxPlace& place);

  /// Reads and hands over a batch. @return true if there is more to do at once
  bool step();

 private:
  bool read(base::SteadyTime now);
  void split(const std::vector<FollowedLine>& lines,
             const std::optional<Position>& before,
             const std::vector<FollowEvent>& events);
  void hand_over(base::SteadyTime now);
  void store_cursor();
  [[nodiscard]] bool is_locked() const;

  const std::string path_;
  engine::Engine& engine_;
  const base::Clock& clock_;
  const MessageSink sink_;
  Teller teller_;
  report::LocalTimeRule rule_;
  FileFollower follower_;
  FollowCounts counted_;
  MboxSplitter splitter_;
  std::deque<MboxMessage> waiting_;
  store::CursorRecord stored_;
  base::SteadyTime changed_at_{};
  std::optional<base::SteadyTime> locked_since_;
  std::optional<base::SteadyTime> retry_at_;
  std::string problem_;
};

}  // namespace rampart::feed
