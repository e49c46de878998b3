#include <algorithm>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "rampart/base/file.h"
#include "rampart/telemetry/counter.h"

#include "cursors.h"
#include "mailbox.h"

namespace rampart::feed {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only

constexpr std::size_t kBatchMax = 1000;
constexpr base::Micros kQuiet = 2s;
constexpr base::Micros kRetryEvery = 10s;
constexpr base::Micros kLockMax = 10s;

bool has(const std::vector<FollowEvent>& events, FollowEvent event) {
  return std::find(events.begin(), events.end(), event) != events.end();
}

}  // namespace

Mbox::Mbox(const MailboxPlace& place)
    : path_(place.options.path),
      engine_(place.engine),
      clock_(place.clock),
      sink_(place.sink),
      teller_(name_of(place.options), place.engine, place.clock),
      rule_(make_rule(teller_.name(), {})),
      follower_(path_, position_of(engine_.cursor(teller_.name())), FileFollower::Start::Beginning),
      stored_(engine_.cursor(teller_.name()).value_or(store::CursorRecord{})) {}

bool Mbox::step() {
  const base::SteadyTime now = clock_.steady_now();
  bool more = false;
  if (!retry_at_ || now >= *retry_at_) {
    retry_at_.reset();
    problem_.clear();
    if (waiting_.empty()) {
      more = read(now);
    }
    hand_over(now);
    if (waiting_.empty()) {
      store_cursor();
    }
  }
  more = more && !retry_at_;
  if (!more || teller_.is_due()) {
    teller_.tell(true, false, problem_);
  }
  return more;
}

bool Mbox::read(base::SteadyTime now) {
  // An MDA that has locked the file is writing to it. Reading then would only be early.
  if (is_locked()) {
    if (!locked_since_) {
      locked_since_ = now;
    }
    if (now - *locked_since_ < kLockMax) {
      return false;
    }
  } else {
    locked_since_.reset();
  }
  const auto before = follower_.position();
  const std::vector<FollowedLine>& lines = follower_.read_lines(kBatchMax, now);
  const std::vector<FollowEvent> events = tell_events(follower_, teller_.name(), counted_);
  if (!follower_.is_open()) {
    problem_ = follower_.problem();
    if (!problem_.empty()) {
      retry_at_ = now + kRetryEvery;
    }
  }
  static telemetry::Counter& stray = telemetry::counter("feed_mbox_lines_stray_total");
  const std::uint64_t strays = splitter_.stray_lines();
  split(lines, before, events);
  stray.add(splitter_.stray_lines() - strays);
  if (!lines.empty()) {
    changed_at_ = now;
  } else if (now - changed_at_ >= kQuiet && !locked_since_) {
    splitter_.finish();
  }
  for (MboxMessage& message : splitter_.take()) {
    waiting_.push_back(std::move(message));
  }
  return follower_.has_more();
}

void Mbox::split(const std::vector<FollowedLine>& lines,
                 const std::optional<Position>& before,
                 const std::vector<FollowEvent>& events) {
  const auto after = follower_.position();
  if (!after) {
    return;
  }
  // A copy that was made before the file was emptied goes on as the file did.
  const bool same = before && before->inode == after->inode && before->device == after->device;
  const bool continues =
      (same || has(events, FollowEvent::Truncated) || has(events, FollowEvent::Resumed)) &&
      !has(events, FollowEvent::Restarted) && !has(events, FollowEvent::Lost);
  std::uint64_t begin = before ? before->offset : 0;
  if (!before || !continues) {
    splitter_.finish();
    begin = 0;
  }
  for (const FollowedLine& line : lines) {
    splitter_.add(line.text, begin);
    begin = line.end;
  }
}

void Mbox::hand_over(base::SteadyTime now) {
  static telemetry::Counter& read = telemetry::counter("feed_mails_read_total");
  static telemetry::Counter& refused = telemetry::counter("feed_mails_refused_total");
  while (!waiting_.empty()) {
    const MboxMessage& message = waiting_.front();
    const base::WallTime written =
        rule_ ? rule_(message.written).earlier
              : base::WallTime{std::chrono::seconds{message.written.time_since_epoch()}};
    const auto taken = sink_(message.bytes, std::min(written, clock_.wall_now()));
    if (!taken && taken.error().kind != base::Error::Kind::InvalidInput) {
      problem_ = taken.error().what;
      retry_at_ = now + kRetryEvery;
      return;
    }
    refused.add(taken ? 0 : 1);
    read.add();
    teller_.note(1, {});
    waiting_.pop_front();
  }
}

void Mbox::store_cursor() {
  auto position = follower_.position();
  if (!position) {
    return;
  }
  position->offset = splitter_.partial_begin().value_or(position->offset);
  store::CursorRecord cursor = make_cursor(teller_.name(), *position);
  if (cursor != stored_) {
    stored_ = cursor;
    engine_.learn({}, cursor);
  }
}

// Whether somebody holds a lock for writing; a lock of our own would delay deliveries.
bool Mbox::is_locked() const {
  const base::Descriptor file = base::open_regular(path_);
  struct flock lock {};
  lock.l_type = F_RDLCK;
  lock.l_whence = SEEK_SET;
  return file.valid() && ::fcntl(file.get(), F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

}  // namespace rampart::feed
