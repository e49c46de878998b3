#include "follower.h"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include <sys/stat.h>
#include <unistd.h>

#include "rampart/base/file.h"

namespace rampart::feed {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only

constexpr std::size_t kChunkSize = 256 * 1024;
constexpr std::size_t kLineMax = 64 * 1024;
constexpr std::size_t kFilesMax = 64;
constexpr std::size_t kEventsMax = 64;
constexpr int kStepsMax = 8;
// A writer keeps the old file open until it is told, or until its next line.
constexpr base::Micros kLinger = 10s;

bool is_same(const struct stat& info, const Position& position) {
  return info.st_dev == position.device && info.st_ino == position.inode;
}

std::uint64_t size_of(const base::Descriptor& file) {
  struct stat info {};
  return ::fstat(file.get(), &info) == 0 ? static_cast<std::uint64_t>(info.st_size) : 0;
}

// Where the last complete line ends; the end of the file if no line end is near it.
std::uint64_t last_line_end(const base::Descriptor& file, std::uint64_t size) {
  std::string tail(std::min<std::uint64_t>(size, kLineMax), '\0');
  const std::uint64_t begin = size - tail.size();
  const ssize_t got = ::pread(file.get(), tail.data(), tail.size(), static_cast<off_t>(begin));
  if (got <= 0) {
    return size;
  }
  const std::size_t at =
      std::string_view(tail).substr(0, static_cast<std::size_t>(got)).rfind('\n');
  if (at == std::string_view::npos) {
    return begin == 0 ? 0 : size;
  }
  return begin + at + 1;
}

}  // namespace

FileFollower::FileFollower(std::string path, std::optional<Position> position, Start start)
    : path_(std::move(path)), resume_(position), from_beginning_(start == Start::Beginning) {}

const std::vector<FollowedLine>& FileFollower::read_lines(std::size_t lines_max,
                                                          base::SteadyTime now) {
  lines_.clear();
  look(now);
  bool moved = next_ready_ < ready_.size();  // nothing is known about the file then
  for (int step = 0; step < kStepsMax && next_ready_ == ready_.size(); ++step) {
    moved = refill(now);
    if (!moved) {
      break;
    }
  }
  while (next_ready_ < ready_.size() && lines_.size() < lines_max) {
    const ReadyLine& line = ready_[next_ready_++];
    lines_.push_back({std::string_view(buffer_).substr(line.begin, line.size), line.end});
  }
  if (!lines_.empty()) {
    chain_.front().position.offset = lines_.back().end;
  }
  more_ = moved || next_ready_ < ready_.size();
  return lines_;
}

std::optional<Position> FileFollower::position() const {
  return chain_.empty() ? resume_ : chain_.front().position;
}

bool FileFollower::has_unread() const {
  if (chain_.empty()) {
    return false;
  }
  if (next_ready_ < ready_.size() || size_of(chain_.front().descriptor) > chain_.front().read_to) {
    return true;
  }
  return std::any_of(chain_.begin() + 1, chain_.end(),
                     [](const File& file) { return size_of(file.descriptor) > 0; });
}

std::vector<FollowEvent> FileFollower::take_events() {
  return std::exchange(events_, {});
}

// Reads one piece, or goes on to the next file. Returns whether there may be more at once.
bool FileFollower::refill(base::SteadyTime now) {
  buffer_.erase(0, line_begin_);
  line_begin_ = 0;
  ready_.clear();
  next_ready_ = 0;
  if (chain_.empty()) {
    return false;
  }
  File& file = chain_.front();
  chunk_.resize(kChunkSize);
  const ssize_t got = ::pread(file.descriptor.get(), chunk_.data(), chunk_.size(),
                              static_cast<off_t>(file.read_to));
  if (got < 0) {
    // A stale handle of a network file system, say: find the file again.
    problem_ = base::error_text(errno);
    resume_ = file.position;
    chain_.clear();
    drop_buffer();
    return false;
  }
  const auto count = static_cast<std::size_t>(got);
  // Looked at after reading: what was read before the file changed is the old content.
  if (!verify(file, file.read_to + count)) {
    ++counts_.truncations;
    find_again(now);
    return !chain_.empty();
  }
  if (count == 0) {
    return leave_front(now);
  }
  append(file, std::string_view(chunk_).substr(0, count));
  return count == kChunkSize || chain_.size() > 1;
}

// The front file was emptied, and perhaps filled again.
void FileFollower::find_again(base::SteadyTime now) {
  drop_buffer();
  resume_ = chain_.front().position;
  truncated_ = true;
  std::deque<File> successors = std::exchange(chain_, {});
  successors.pop_front();
  if (successors.empty()) {
    look(now);
    return;
  }
  if (open_rotated()) {
    events_.push_back(FollowEvent::Truncated);
    extend(now);
  } else {
    ++counts_.losses;
    chain_ = std::move(successors);
  }
  truncated_ = false;
}

bool FileFollower::verify(File& file, std::uint64_t size_min) {
  // One look at the first bytes both compares and extends: between two the file could change.
  const auto head = read_head(file.descriptor.get());
  if (!head) {
    return true;  // what cannot be read now is not another file: reading on tells
  }
  if (!has_fingerprint(*head, file.position)) {
    return false;
  }
  if (head->size() > file.position.fingerprint_size) {
    set_fingerprint(*head, file.position);
  }
  return size_of(file.descriptor) >= size_min;
}

// At the end of the front file: goes on to its successor when it is time.
bool FileFollower::leave_front(base::SteadyTime now) {
  if (chain_.size() < 2) {
    return false;
  }
  const File& front = chain_.front();
  // A writer may keep the file open through one rotation, not through two.
  if (!front.is_copy && chain_.size() == 2) {
    if (!front.superseded_at || now - *front.superseded_at < kLinger) {
      return false;
    }
    // An empty file is no reason to leave one that a writer may never have been told to close.
    if (size_of(chain_[1].descriptor) == 0) {
      return false;
    }
  }
  if (front.read_to > front.position.offset) {
    ++counts_.lines_incomplete;
  }
  drop_buffer();
  chain_.pop_front();
  return true;
}

void FileFollower::look(base::SteadyTime now) {
  if (events_.size() > kEventsMax) {
    events_.erase(events_.begin());
  }
  // Successors are remembered as they look now: they too may be emptied before their turn comes.
  for (std::size_t i = 1; i < chain_.size(); ++i) {
    verify(chain_[i], 0);
  }
  struct stat info {};
  if (::stat(path_.c_str(), &info) != 0) {
    look_without_path(errno, now);
    return;
  }
  missing_since_.reset();
  if (chain_.empty()) {
    open_first(now);
  } else if (!is_same(info, chain_.back().position)) {
    extend(now);
  } else {
    problem_.clear();
  }
}

void FileFollower::look_without_path(int error, base::SteadyTime now) {
  if (!missing_since_) {
    missing_since_ = now;
  }
  was_missing_ = was_missing_ || error == ENOENT;
  if (chain_.empty() && resume_ && open_rotated()) {
    events_.push_back(truncated_ ? FollowEvent::Truncated : FollowEvent::Resumed);
    truncated_ = false;
  }
  // Every rotation leaves the path empty for a moment.
  if (chain_.empty() || now - *missing_since_ >= kLinger) {
    problem_ = base::error_text(error);
  }
}

std::optional<FileFollower::File> FileFollower::open_path() {
  File file{base::open_regular(path_), {}, 0, false, std::nullopt};
  struct stat info {};
  if (!file.descriptor.valid() || ::fstat(file.descriptor.get(), &info) != 0) {
    problem_ = base::open_error_text(errno);
    return std::nullopt;
  }
  problem_.clear();
  file.position.device = info.st_dev;
  file.position.inode = info.st_ino;
  verify(file, 0);
  return file;
}

void FileFollower::open_first(base::SteadyTime now) {
  auto file = open_path();
  if (!file) {
    return;
  }
  if (resume_) {
    open_at_position(*std::move(file), now);
    truncated_ = truncated_ && chain_.empty();
    return;
  }
  // A file that appeared while we were looking has only news.
  if (was_missing_ || from_beginning_) {
    events_.push_back(FollowEvent::StartedAtBeginning);
  } else {
    file->read_to = last_line_end(file->descriptor, size_of(file->descriptor));
    file->position.offset = file->read_to;
    events_.push_back(FollowEvent::StartedAtEnd);
  }
  chain_.push_back(*std::move(file));
}

// `file` is what is at the path now.
void FileFollower::open_at_position(File file, base::SteadyTime now) {
  const Position& want = *resume_;
  const auto head = read_head(file.descriptor.get());
  if (!head) {
    problem_ = base::error_text(errno);  // and tried again
    return;
  }
  const bool same_file = want.device == file.position.device && want.inode == file.position.inode;
  if ((same_file || want.fingerprint_size > 0) && size_of(file.descriptor) >= want.offset &&
      has_fingerprint(*head, want)) {
    file.position.offset = want.offset;
    file.position.fingerprint = want.fingerprint;
    file.position.fingerprint_size = want.fingerprint_size;
    file.read_to = want.offset;
    chain_.push_back(std::move(file));
    events_.push_back(FollowEvent::Resumed);
    return;
  }
  if (open_rotated()) {
    events_.push_back(truncated_ ? FollowEvent::Truncated : FollowEvent::Resumed);
    extend(now);
    return;
  }
  ++counts_.losses;
  events_.push_back(truncated_ ? FollowEvent::Restarted : FollowEvent::Lost);
  chain_.push_back(std::move(file));
}

// Finds the file of resume_ under another name.
bool FileFollower::open_rotated() {
  struct stat at_path {};
  const std::uint64_t except = ::stat(path_.c_str(), &at_path) == 0 ? at_path.st_ino : 0;
  const auto found = find_rotated(list_siblings(path_), *resume_, except);
  if (!found) {
    return false;
  }
  File file{base::open_regular(found->path), *resume_, resume_->offset, false, std::nullopt};
  struct stat info {};
  if (!file.descriptor.valid() || ::fstat(file.descriptor.get(), &info) != 0 ||
      !has_fingerprint(read_head(file.descriptor.get()).value_or(""), *resume_)) {
    return false;
  }
  file.is_copy = !is_same(info, *resume_);
  file.position.device = info.st_dev;
  file.position.inode = info.st_ino;
  chain_.push_back(std::move(file));
  return true;
}

// Another file than the last of the chain is at the path: it follows, after those that were there
// in between.
void FileFollower::extend(base::SteadyTime now) {
  auto at_path = open_path();
  if (!at_path || chain_.size() >= kFilesMax) {
    return;
  }
  const auto known = [&](const struct stat& info) {
    return is_same(info, at_path->position) ||
           std::any_of(chain_.begin(), chain_.end(),
                       [&](const File& file) { return is_same(info, file.position); });
  };
  const std::vector<Sibling> siblings = list_siblings(path_);
  const auto last = std::find_if(siblings.begin(), siblings.end(), [&](const Sibling& sibling) {
    return sibling.inode == chain_.back().position.inode &&
           sibling.device == chain_.back().position.device && !sibling.suffix.empty();
  });
  std::vector<File> between;
  struct stat info {};
  if (last != siblings.end()) {
    for (const Sibling& sibling : newer_than(siblings, *last)) {
      File file{base::open_regular(sibling.path), {}, 0, false, now};
      if (!file.descriptor.valid() || ::fstat(file.descriptor.get(), &info) != 0 || known(info)) {
        continue;
      }
      file.position.device = info.st_dev;
      file.position.inode = info.st_ino;
      verify(file, 0);
      between.push_back(std::move(file));
    }
    // Names move while a rotation is under way: then all of this is done again at the next look.
    if (::stat(last->path.c_str(), &info) != 0 || !is_same(info, chain_.back().position)) {
      return;
    }
  }
  if (::stat(path_.c_str(), &info) != 0 || !is_same(info, at_path->position)) {
    return;
  }
  if (!chain_.back().superseded_at) {
    chain_.back().superseded_at = now;
  }
  for (File& file : between) {
    if (chain_.size() < kFilesMax) {
      chain_.push_back(std::move(file));
      ++counts_.rotations;
    }
  }
  if (chain_.size() < kFilesMax) {
    chain_.push_back(*std::move(at_path));
    ++counts_.rotations;
    events_.push_back(FollowEvent::Rotated);
  }
}

void FileFollower::append(File& file, std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    std::string_view part = bytes.substr(0, end);
    const std::size_t used = part.size() + (end == std::string_view::npos ? 0 : 1);
    file.read_to += used;
    bytes.remove_prefix(used);
    if (buffer_.size() == line_begin_) {
      part.remove_prefix(std::min(part.find_first_not_of('\0'), part.size()));
    }
    const std::size_t room = kLineMax - (buffer_.size() - line_begin_);
    line_cut_ = line_cut_ || part.size() > room;
    buffer_.append(part.substr(0, room));
    if (end == std::string_view::npos) {
      return;
    }
    counts_.lines_cut += line_cut_ ? 1 : 0;
    ready_.push_back({line_begin_, buffer_.size() - line_begin_, file.read_to});
    line_begin_ = buffer_.size();
    line_cut_ = false;
  }
}

void FileFollower::drop_buffer() {
  buffer_.clear();
  ready_.clear();
  next_ready_ = 0;
  line_begin_ = 0;
  line_cut_ = false;
}

}  // namespace rampart::feed
