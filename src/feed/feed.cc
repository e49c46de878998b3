#include "rampart/feed/feed.h"

#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "cursors.h"
#include "follower.h"
#include "journal_source.h"
#include "mailbox.h"
#include "source.h"
#include "watch.h"

namespace rampart::feed {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only

constexpr base::Micros kLookEvery = 1s;

// Steps until told to stop; waits when there is nothing to do, also for the descriptor of `other`.
template <class Step, class Other>
void run(const std::stop_token& stop, const std::string& watched, Step step, Other other) {
  Watch watch(watched);
  const std::stop_callback wake(stop, [&] { watch.wake(); });
  while (!stop.stop_requested()) {
    if (!watched.empty()) {
      watch.arm();
    }
    if (!step()) {
      watch.wait(kLookEvery, other());
    }
  }
}

constexpr auto kNoOther = [] {
  return -1;
};

void follow(const std::stop_token& stop,
            const LogSource& options,
            engine::Engine& engine,
            const base::Clock& clock) {
  if (options.journal) {
    JournalSource journal(options, engine, clock);
    run(
        stop, {}, [&] { return journal.step(); }, [&] { return journal.descriptor(); });
  } else {
    Source source(options, engine, clock);
    run(
        stop, options.path, [&] { return source.step(); }, kNoOther);
  }
}

void collect(const std::stop_token& stop, const MailboxPlace& place) {
  if (place.options.kind == MailSource::Kind::Maildir) {
    Maildir maildir(place);
    // No such file: what is watched is the directory it would be in.
    run(
        stop, place.options.path + "/new/ ", [&] { return maildir.step(); }, kNoOther);
  } else {
    Mbox mbox(place);
    run(
        stop, place.options.path, [&] { return mbox.step(); }, kNoOther);
  }
}

}  // namespace

struct Feed::Data {
  std::vector<std::jthread> threads;
};

Feed::Feed(const Options& options,
           engine::Engine& engine,
           const base::Clock& clock,
           MessageSink sink)
    : data_(std::make_unique<Data>()) {
  for (const LogSource& log : options.logs) {
    data_->threads.emplace_back(
        [log, &engine, &clock](const std::stop_token& stop) { follow(stop, log, engine, clock); });
  }
  if (!sink) {
    return;
  }
  for (const MailSource& mailbox : options.mailboxes) {
    data_->threads.emplace_back([mailbox, &engine, &clock, sink](const std::stop_token& stop) {
      collect(stop, {mailbox, engine, clock, sink});
    });
  }
}

Feed::~Feed() {
  // All are told before the first is waited for.
  for (std::jthread& thread : data_->threads) {
    thread.request_stop();
  }
}

std::optional<store::CursorRecord> find_end(const std::string& path, const base::Clock& clock) {
  FileFollower follower(path);
  follower.read_lines(1, clock.steady_now());
  const auto position = follower.position();
  return position ? std::optional(make_cursor(path, *position)) : std::nullopt;
}

}  // namespace rampart::feed
