#include "feeds.h"

#include <string>

namespace rampart::daemon {

base::Result<> answer_of(const base::Result<learner::NoticeOutcome>& learned) {
  if (!learned) {
    return learned.error();
  }
  return base::Ok{};
}

// A feed for each mailbox, so that its mails can be told by where they lay.
std::vector<std::unique_ptr<feed::Feed>> start_feeds(const feed::Options& options,
                                                     engine::Engine& engine,
                                                     const base::Clock& clock) {
  std::vector<std::unique_ptr<feed::Feed>> feeds;
  feed::Options logs;
  logs.logs = options.logs;
  feeds.push_back(std::make_unique<feed::Feed>(logs, engine, clock));
  for (const feed::MailSource& mailbox : options.mailboxes) {
    feed::Options one;
    one.mailboxes = {mailbox};
    feeds.push_back(std::make_unique<feed::Feed>(
        one, engine, clock,
        [&engine, origin = name_of(mailbox)](std::string_view bytes, base::WallTime received) {
          return answer_of(engine.learn_message(bytes, received, origin));
        }));
  }
  return feeds;
}

}  // namespace rampart::daemon
