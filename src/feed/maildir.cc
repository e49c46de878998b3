#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rampart/telemetry/counter.h"
#include "rampart/telemetry/log.h"

#include "mailbox.h"

namespace rampart::feed {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only
namespace fs = std::filesystem;

constexpr std::size_t kMessageMax = MboxSplitter::kMessageMax;
constexpr std::size_t kBatchMax = 100;
constexpr std::size_t kNamesMax = 10'000;
constexpr std::size_t kKeptMax = 100'000;
constexpr base::Micros kLookEvery = 1s;
constexpr base::Micros kRetryEvery = 10s;
constexpr base::Micros kSyncMax = 10s;

// A name without flags becomes one that was seen.
std::string seen_name(const std::string& name) {
  return name.find(":2,") == std::string::npos ? name + ":2,S" : name;
}

struct Mail {
  std::string bytes;
  base::WallTime written;
};

// @return nullopt, with errno telling why
std::optional<Mail> read_mail(int directory, const std::string& name) {
  const base::Descriptor file(
      ::openat(directory, name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
  struct stat info {};
  if (!file.valid() || ::fstat(file.get(), &info) != 0) {
    return std::nullopt;
  }
  if (!S_ISREG(info.st_mode)) {
    errno = ELOOP;
    return std::nullopt;
  }
  Mail mail;
  mail.written = base::WallTime{std::chrono::seconds{info.st_mtim.tv_sec}};
  mail.bytes.resize(std::min<std::size_t>(static_cast<std::size_t>(info.st_size), kMessageMax));
  std::size_t have = 0;
  while (have < mail.bytes.size()) {
    const ssize_t got = ::read(file.get(), mail.bytes.data() + have, mail.bytes.size() - have);
    if (got < 0) {
      return std::nullopt;
    }
    if (got == 0) {
      break;
    }
    have += static_cast<std::size_t>(got);
  }
  mail.bytes.resize(have);
  return mail;
}

}  // namespace

Maildir::Maildir(const MailboxPlace& place)
    : path_(place.options.path),
      engine_(place.engine),
      clock_(place.clock),
      sink_(place.sink),
      teller_(name_of(place.options), place.engine, place.clock) {}

bool Maildir::step() {
  const base::SteadyTime now = clock_.steady_now();
  if (now >= look_at_) {
    problem_.clear();
    if (waiting_.empty()) {
      list(now);
    }
  }
  if (problem_.empty()) {
    hand_over();
  }
  const bool more = !waiting_.empty() && problem_.empty();
  if (!more || teller_.is_due()) {
    teller_.tell(true, false, problem_);
  }
  return more;
}

void Maildir::fail(std::string problem) {
  problem_ = std::move(problem);
  look_at_ = clock_.steady_now() + kRetryEvery;
}

void Maildir::list(base::SteadyTime now) {
  look_at_ = now + kLookEvery;
  const std::string directory = path_ + "/new";
  new_ = base::Descriptor(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!new_.valid()) {
    fail(base::error_text(errno));
    return;
  }
  std::set<std::string> still_kept;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end;
       !error && entry != end && waiting_.size() < kNamesMax; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.starts_with('.')) {
      continue;
    }
    if (kept_.contains(name)) {
      still_kept.insert(name);
    } else {
      waiting_.push_back(name);
    }
  }
  if (error) {
    fail(error.message());
    return;
  }
  if (waiting_.size() < kNamesMax) {
    kept_ = std::move(still_kept);
  }
  // Names begin with the time of the delivery.
  std::sort(waiting_.begin(), waiting_.end());
}

void Maildir::hand_over() {
  static telemetry::Counter& read = telemetry::counter("feed_mails_read_total");
  std::vector<std::string> done;
  while (!waiting_.empty() && done.size() < kBatchMax && kept_.size() < kKeptMax) {
    if (hand_over(waiting_.front())) {
      done.push_back(std::move(waiting_.front()));
    } else if (!problem_.empty()) {
      break;
    }
    waiting_.pop_front();
  }
  if (kept_.size() >= kKeptMax) {
    fail("too many messages that can neither be read nor moved");
  }
  if (done.empty()) {
    return;
  }
  // Only what is durable is moved away.
  if (const auto synced = engine_.sync(kSyncMax); !synced) {
    waiting_.insert(waiting_.begin(), done.begin(), done.end());
    fail(synced.error().what);
    return;
  }
  for (const std::string& name : done) {
    move_to_seen(name);
  }
  read.add(done.size());
  teller_.note(done.size(), {});
}

// @return whether it was taken; otherwise problem_ tells whether to try again
bool Maildir::hand_over(const std::string& name) {
  static telemetry::Counter& unreadable = telemetry::counter("feed_mails_unreadable_total");
  static telemetry::Counter& refused = telemetry::counter("feed_mails_refused_total");
  const auto mail = read_mail(new_.get(), name);
  if (!mail) {
    if (errno != ENOENT) {  // gone: its reader was faster
      unreadable.add();
      kept_.insert(name);
    }
    return false;
  }
  const auto taken = sink_(mail->bytes, std::min(mail->written, clock_.wall_now()));
  if (!taken && taken.error().kind != base::Error::Kind::InvalidInput) {
    fail(taken.error().what);
    return false;
  }
  refused.add(taken ? 0 : 1);
  return true;
}

void Maildir::move_to_seen(const std::string& name) {
  const std::string from = path_ + "/new/" + name;
  const std::string to = path_ + "/cur/" + seen_name(name);
  // Never over another message.
  int error = 0;
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) != 0) {
    error = errno;
    struct stat info {};
    if (error == EINVAL && ::lstat(to.c_str(), &info) != 0 && errno == ENOENT) {
      error = ::rename(from.c_str(), to.c_str()) == 0 ? 0 : errno;  // NFS knows no flags
    }
  }
  if (error == 0 || error == ENOENT) {
    struct stat info {};
    if (error == 0 || ::lstat(from.c_str(), &info) != 0) {
      return;
    }
  }
  kept_.insert(name);
  if (!std::exchange(warned_, true)) {
    telemetry::write(
        telemetry::Level::Warning,
        telemetry::Line("feed")
            .add("log", teller_.name())
            .add("event", "not_moved")
            .add("file", to)
            .text(base::error_text(error) + "; read messages stay in new/ and are read again "
                                            "after a restart"));
  }
}

}  // namespace rampart::feed
