#include "journal.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include <pwd.h>
#include <sys/stat.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "rampart/base/descriptor.h"
#include "rampart/base/text.h"

#include "bus_error.h"

namespace rampart::feed {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only
namespace fs = std::filesystem;
using Kind = JournalEvent::Kind;

constexpr base::Micros kRetryEvery = 1s;
constexpr base::Micros kCheckEvery = 60s;
constexpr std::size_t kMessageMax = 64UL * 1024UL;
constexpr std::size_t kFilesMax = 4096;
constexpr std::size_t kEventsMax = 64;
constexpr std::string_view kMailFacility = "SYSLOG_FACILITY=2";
// sd-journal(3) looks at the same places.
constexpr std::array<const char*, 2> kSystemDirectories{"/var/log/journal", "/run/log/journal"};

bool is_journal_file(std::string_view name, bool system_only) {
  return (name.ends_with(".journal") || name.ends_with(".journal~")) &&
         (!system_only || name.starts_with("system"));
}

std::optional<std::uint64_t> find_uid(const std::string& user) {
  if (const auto uid = base::parse_uint(user)) {
    return uid;
  }
  std::array<char, 16'384> buffer{};
  struct passwd entry {};
  struct passwd* found = nullptr;
  if (::getpwnam_r(user.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 ||
      found == nullptr) {
    return std::nullopt;
  }
  return found->pw_uid;
}

// libsystemd leaves out what it cannot use without a word; asked for one file alone, it tells.
bool is_damaged(const std::string& path) {
  const char* paths[] = {path.c_str(), nullptr};  // NOLINT: as sd_journal_open_files(3) asks
  sd_journal* journal = nullptr;
  const int opened = sd_journal_open_files(&journal, paths, 0);
  sd_journal_close(journal);
  return opened < 0 && opened != -EACCES && opened != -EPERM && opened != -ENOENT &&
         opened != -EMFILE && opened != -ENFILE && opened != -ENOMEM;
}

}  // namespace

void Journal::Close::operator()(sd_journal* journal) const noexcept {
  sd_journal_close(journal);
}

Journal::Journal(std::string directory,
                 std::vector<std::string> users,
                 std::optional<std::string> cursor)
    : directory_(std::move(directory)), users_(std::move(users)), cursor_(std::move(cursor)) {}

const std::vector<JournalEntry>& Journal::read_entries(std::size_t entries_max,
                                                       base::SteadyTime now) {
  entries_.clear();
  more_ = false;
  if (is_moved()) {
    close("another directory is in its place", now);
    retry_at_.reset();
  }
  const BusErrorGuard guard;
  if (!journal_ && !open(now)) {
    return entries_;
  }
  look_for_changes(now);
  for (std::size_t looked_at = 0; journal_ && looked_at < entries_max; ++looked_at) {
    const int got = sd_journal_next(journal_.get());
    const bool taken = got > 0 && take_entry();
    if (guard.happened()) {
      ++counts_.damaged;
      if (taken) {
        entries_.pop_back();
      }
      close("a file was cut off while it was read", now);
      return entries_;
    }
    if (got < 0) {
      close(base::error_text(-got), now);
      return entries_;
    }
    if (got == 0) {
      return entries_;
    }
    note_cursor();
  }
  more_ = journal_ != nullptr;
  return entries_;
}

std::vector<JournalEvent> Journal::take_events() {
  return std::exchange(events_, {});
}

bool Journal::open(base::SteadyTime now) {
  if (retry_at_ && now < *retry_at_) {
    return false;
  }
  struct stat info {};
  if (!directory_.empty() && ::stat(directory_.c_str(), &info) != 0) {
    close(base::error_text(errno), now);
    return false;
  }
  if (!find_files()) {
    close(problem_, now);
    return false;
  }
  find_users();
  sd_journal* journal = nullptr;
  const int opened = directory_.empty()
                         ? sd_journal_open(&journal, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM)
                         : sd_journal_open_directory(&journal, directory_.c_str(), 0);
  if (opened < 0) {
    close(base::error_text(-opened), now);
    return false;
  }
  journal_.reset(journal);
  opened_ = {info.st_dev, info.st_ino};
  sd_journal_set_data_threshold(journal, 2 * kMessageMax);  // more than is kept, to see it is cut
  // Asked for before anything is read, so that nothing happens unnoticed in between.
  descriptor_ = std::max(sd_journal_get_fd(journal), -1);
  const int matched = sd_journal_add_match(journal, kMailFacility.data(), kMailFacility.size());
  if (matched < 0 || !go_to_position()) {
    close(matched < 0 ? base::error_text(-matched) : "its beginning or end cannot be found", now);
    return false;
  }
  check_files(now);
  problem_.clear();
  return true;
}

bool Journal::go_to_position() {
  sd_journal* journal = journal_.get();
  test_cursor_ = false;
  if (cursor_ && !cursor_->empty()) {
    if (sd_journal_seek_cursor(journal, cursor_->c_str()) >= 0) {
      test_cursor_ = true;
      if (!resumed_) {
        tell(Kind::Resumed);
      }
      resumed_ = true;
      return true;
    }
    ++counts_.losses;
    tell(Kind::Gap);
    cursor_.reset();
  }
  if (!cursor_) {
    const int got = sd_journal_seek_tail(journal) < 0 ? -EINVAL : sd_journal_previous(journal);
    tell(Kind::StartedAtEnd);
    resumed_ = true;
    if (got != 0) {
      note_cursor();
      return got > 0;
    }
    cursor_ = "";
  }
  return sd_journal_seek_head(journal) >= 0;
}

void Journal::close(std::string problem, base::SteadyTime now) {
  journal_.reset();
  descriptor_ = -1;
  problem_ = std::move(problem);
  retry_at_ = now + kRetryEvery;
}

// The directory was removed, and perhaps made again: what is open would never say more.
bool Journal::is_moved() const {
  struct stat info {};
  return journal_ && !directory_.empty() &&
         (::stat(directory_.c_str(), &info) != 0 || info.st_dev != opened_.first ||
          info.st_ino != opened_.second);
}

void Journal::look_for_changes(base::SteadyTime now) {
  const bool changed =
      descriptor_ >= 0 && sd_journal_process(journal_.get()) == SD_JOURNAL_INVALIDATE;
  const bool due = now - checked_at_ >= kCheckEvery;
  if (changed || due) {
    check_files(now);
  }
  // Without inotify(7) new files are only found by opening everything anew.
  if (due && descriptor_ < 0) {
    close({}, now);
    retry_at_.reset();
    open(now);
  }
}

std::vector<Journal::File> Journal::list_files(std::error_code& error) const {
  std::vector<std::string> directories;
  if (directory_.empty()) {
    directories.assign(kSystemDirectories.begin(), kSystemDirectories.end());
  } else {
    directories.push_back(directory_);
  }
  std::vector<File> files;
  // The files are in the directory itself or in one named by the machine's ID.
  for (const std::string& directory : directories) {
    std::error_code problem;
    fs::recursive_directory_iterator entry(directory, problem);
    for (const fs::recursive_directory_iterator end;
         !problem && entry != end && files.size() < kFilesMax; entry.increment(problem)) {
      if (entry.depth() > 0) {
        entry.disable_recursion_pending();
      }
      struct stat info {};
      if (is_journal_file(entry->path().filename().string(), directory_.empty()) &&
          ::stat(entry->path().c_str(), &info) == 0 && S_ISREG(info.st_mode)) {
        files.push_back(
            {entry->path().string(), info.st_ino, static_cast<std::uint64_t>(info.st_size)});
      }
    }
    // Of the two directories of the system either may be missing.
    if (problem && (problem.value() != ENOENT || !directory_.empty())) {
      error = problem;
    }
  }
  return files;
}

// libsystemd opens a journal of which nothing may be read, and finds it empty.
bool Journal::find_files() {
  std::error_code error;
  const std::vector<File> files = list_files(error);
  constexpr std::string_view kAdvice = ": is the user in the group systemd-journal?";
  if (files.empty()) {
    problem_ = error ? error.message() : "there is no journal file";
    problem_ += error.value() == EACCES ? kAdvice : "";
    if (!error && !cursor_ && is_kept_here()) {
      cursor_ = "";  // what comes now is news
    }
    return false;
  }
  if (std::none_of(files.begin(), files.end(),
                   [](const File& file) { return ::access(file.path.c_str(), R_OK) == 0; })) {
    problem_ = base::error_text(EACCES).append(kAdvice);
    return false;
  }
  return true;
}

// Before either directory is there, nothing tells whether old entries will come with it.
bool Journal::is_kept_here() const {
  return !directory_.empty() ||
         std::any_of(kSystemDirectories.begin(), kSystemDirectories.end(), [](const char* path) {
           std::error_code error;
           return fs::exists(path, error);
         });
}

void Journal::check_files(base::SteadyTime now) {
  checked_at_ = now;
  std::map<std::uint64_t, std::uint64_t> looked_at;
  std::error_code ignored;
  for (const File& file : list_files(ignored)) {
    const auto before = checked_.find(file.inode);
    const bool known = before != checked_.end() && before->second == file.size;
    // journald makes a file before it writes anything to it.
    if (!known && file.size > 0 && is_damaged(file.path)) {
      ++counts_.damaged;
      tell(Kind::Damaged, file.path);
    }
    looked_at[file.inode] = file.size;
  }
  checked_ = std::move(looked_at);
}

void Journal::find_users() {
  uids_ = {0};
  for (const std::string& user : users_) {
    if (const auto uid = find_uid(user)) {
      uids_.insert(*uid);
    } else if (unknown_users_.insert(user).second) {
      tell(Kind::UnknownUser, user);
    }
  }
}

// @return whether the entry counts: it is the last of entries_ then
bool Journal::take_entry() {
  if (std::exchange(test_cursor_, false)) {
    if (sd_journal_test_cursor(journal_.get(), cursor_->c_str()) > 0) {
      return false;
    }
    ++counts_.losses;
    tell(Kind::Gap);
  }
  const auto uid = field("_UID");
  const auto number = uid ? base::parse_uint(*uid) : std::nullopt;
  if (!number || !uids_.contains(*number)) {
    ++counts_.untrusted;
    return false;
  }
  JournalEntry entry;
  entry.program = field("SYSLOG_IDENTIFIER").value_or("");
  entry.host = field("_HOSTNAME").value_or("");
  auto pid = field("SYSLOG_PID");
  if (!pid) {
    pid = field("_PID");
  }
  entry.pid = static_cast<std::uint32_t>(base::parse_uint(pid.value_or("")).value_or(0));
  std::uint64_t micros = 0;
  const auto source_time = field("_SOURCE_REALTIME_TIMESTAMP");
  if (const auto parsed = base::parse_uint(source_time.value_or(""))) {
    micros = *parsed;
  } else if (sd_journal_get_realtime_usec(journal_.get(), &micros) < 0) {
    ++counts_.damaged;
    return false;
  }
  entry.time = base::WallTime{base::Micros{static_cast<std::int64_t>(micros)}};
  const auto message = field("MESSAGE");
  if (!message) {
    return false;
  }
  counts_.lines_cut += message->size() > kMessageMax ? 1U : 0U;
  entry.message = message->substr(0, kMessageMax);
  entries_.push_back(std::move(entry));
  return true;
}

// The value is valid until the next call.
std::optional<std::string_view> Journal::field(const char* name) {
  const void* data = nullptr;
  std::size_t size = 0;
  const int got = sd_journal_get_data(journal_.get(), name, &data, &size);
  if (got < 0) {
    counts_.damaged += got == -ENOENT ? 0U : 1U;
    return std::nullopt;
  }
  std::string_view text(static_cast<const char*>(data), size);
  text.remove_prefix(std::min(text.size(), std::string_view(name).size() + 1));
  return text;
}

void Journal::note_cursor() {
  char* text = nullptr;
  if (sd_journal_get_cursor(journal_.get(), &text) >= 0) {
    cursor_ = text;
    std::free(text);  // NOLINT(cppcoreguidelines-no-malloc): as sd_journal_get_cursor(3) asks
  }
}

void Journal::tell(Kind kind, std::string_view text) {
  if (events_.size() < kEventsMax) {
    events_.push_back({kind, std::string(text)});
  }
}

}  // namespace rampart::feed
