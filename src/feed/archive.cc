#include "rampart/feed/archive.h"

#include <algorithm>
#include <cerrno>
#include <functional>
#include <numeric>
#include <optional>
#include <set>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>

#include <glob.h>
#include <sys/stat.h>

#include "rampart/base/file.h"
#include "rampart/base/text.h"
#include "rampart/report/line_reader.h"
#include "rampart/report/stamp.h"

#include "archive_lines.h"
#include "zone.h"

namespace rampart::feed {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only
using base::Error;
using base::WallTime;
using report::LogLine;

constexpr int kFirstLinesMax = 10'000;                // one of them has a stamp
constexpr base::Micros kWindow = 60s;                 // lines may be so much out of order
constexpr base::Micros kOldestFile = 24h * 365 * 20;  // times of modification before are no times

struct Times {
  std::uint32_t count = 0;
  WallTime at{};
};
using Counts = std::unordered_map<std::size_t, Times>;

void forget_before(Counts& counts, WallTime time) {
  std::erase_if(counts, [&](const auto& entry) { return entry.second.at < time; });
}

// One file on its way through the archive.
struct Stream {
  Stream(base::Descriptor file, std::uint64_t end, std::size_t index_is)
      : lines(std::move(file), end), index(index_is) {}

  ArchiveLines lines;
  report::StampReader stamps{{}, {}};
  std::size_t index;          // in files
  WallTime time{};            // latest stamp so far, that of the head included
  std::vector<LogLine> head;  // what the next line says
  std::size_t head_hash = 0;
  Counts seen;  // its lines of the last minute, where another file may tell them, too
};

bool is_pattern(std::string_view text) {
  return text.find_first_of("*?[") != std::string_view::npos;
}

std::vector<std::string> expand(const std::string& path) {
  struct stat info {};
  if (!is_pattern(path) || ::stat(path.c_str(), &info) == 0) {
    return {path};
  }
  std::vector<std::string> found;
  glob_t matches{};
  if (::glob(path.c_str(), 0, nullptr, &matches) == 0) {
    found.assign(matches.gl_pathv, matches.gl_pathv + matches.gl_pathc);
  }
  ::globfree(&matches);
  return found;
}

std::string why_not_open(const std::string& path, int error) {
  struct stat info {};
  switch (error) {
    case EACCES:
      return "permission denied: run as root, or as a user who may read it";
    case EINVAL:
      return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode)
                 ? "a directory: name the files in it"
                 : "not a regular file";
    default:
      return base::error_text(error);
  }
}

WallTime modified(const struct stat& info) {
  return WallTime{std::chrono::seconds{info.st_mtim.tv_sec + 1}};
}

bool is_nothing(const LogLine& line) {
  return std::holds_alternative<report::Foreign>(line.event) ||
         std::holds_alternative<report::Ignored>(line.event);
}

}  // namespace

struct Archive::Data {
  Data(const ArchiveOptions& options, report::Format format, report::LocalTimeRule zone)
      : now(options.now), rule(std::move(zone)), reader(format) {}

  void add(const std::string& path, const std::vector<ArchiveEnd>& ends);
  std::optional<WallTime> find_first(Stream& stream, WallTime written) const;
  void sort();
  void open_next();
  bool advance(Stream& stream);
  void close(const Stream& stream);
  bool step(std::vector<LogLine>& block);
  void emit(Stream& stream, std::vector<LogLine>& block);
  bool is_repeated(Stream& stream);
  void prune(WallTime time);
  [[nodiscard]] WallTime next_first() const {
    return waiting.empty() ? WallTime::max() : files[waiting.back()->index].first;
  }
  // Another file has, or may have, lines of this time.
  [[nodiscard]] bool overlaps(const Stream& stream) const {
    return active.size() > 1 || stream.time >= next_first() - kWindow;
  }
  [[nodiscard]] bool may_repeat(const Stream& stream) const {
    return overlaps(stream) || stream.time < watched_until;
  }

  WallTime now;
  report::LocalTimeRule rule;
  report::LineReader reader;
  std::vector<ArchiveFile> files;
  std::vector<std::unique_ptr<Stream>> waiting;  // by first stamp, the next one last
  std::vector<std::unique_ptr<Stream>> active;   // in the order in which they were opened
  std::vector<std::string> unmatched;
  std::set<std::pair<std::uint64_t, std::uint64_t>> known;  // device and inode
  Counts given;  // lines of the last minute, where files may overlap
  WallTime pruned{};
  WallTime watched_until{};  // what a file that has ended told may come again
  ArchiveProgress progress;
  std::uint64_t bytes_of_closed = 0;
  std::uint64_t not_understood = 0;
  std::vector<ArchivePlace> places;
};

void Archive::Data::add(const std::string& path, const std::vector<ArchiveEnd>& ends) {
  ArchiveFile file;
  file.path = path;
  base::Descriptor descriptor = base::open_regular(path);
  struct stat info {};
  if (!descriptor.valid() || ::fstat(descriptor.get(), &info) != 0) {
    file.problem = path + ": " + why_not_open(path, errno);
    files.push_back(std::move(file));
    return;
  }
  if (!known.emplace(info.st_dev, info.st_ino).second) {
    return;
  }
  auto end = static_cast<std::uint64_t>(info.st_size);
  for (const ArchiveEnd& other : ends) {
    if (other.device == info.st_dev && other.inode == info.st_ino) {
      end = std::min(end, other.offset);
    }
  }
  file.bytes = end;
  auto stream = std::make_unique<Stream>(std::move(descriptor), end, files.size());
  const auto first = find_first(*stream, modified(info));
  file.compressed = stream->lines.compressed();
  if (first) {
    file.first = *first;
    stream->lines.rewind();
    waiting.push_back(std::move(stream));
  } else if (!stream->lines.problem().empty()) {
    file.problem = path + ": " + stream->lines.problem();
  } else if (stream->lines.lines() > 0) {
    file.problem = path + ": not a log: no line begins with \"Nov 21 00:03:38\" or " +
                   "\"2026-11-21T00:03:38+01:00\"";
  }
  files.push_back(std::move(file));
}

// Stamps with a year need no time of modification, and are not bound by a wrong one.
std::optional<WallTime> Archive::Data::find_first(Stream& stream, WallTime written) const {
  const WallTime reference = written > now - kOldestFile ? std::min(now, written) : now;
  std::string_view line;
  for (int i = 0; i < kFirstLinesMax && stream.lines.next(line); ++i) {
    const bool has_year = !line.empty() && base::is_digit(line.front());
    report::StampReader stamps(rule, has_year ? now : reference);
    stream.stamps = stamps;
    if (const auto time = stamps.consume(line)) {
      return time;
    }
  }
  return std::nullopt;
}

void Archive::Data::sort() {
  std::vector<std::size_t> order(files.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto rank = [this](std::size_t i) {
    return files[i].first == WallTime{} ? WallTime::max() : files[i].first;
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return rank(a) < rank(b); });
  std::vector<ArchiveFile> sorted;
  std::vector<std::size_t> place(files.size());
  for (const std::size_t i : order) {
    place[i] = sorted.size();
    sorted.push_back(std::move(files[i]));
  }
  files = std::move(sorted);
  for (const auto& stream : waiting) {
    stream->index = place[stream->index];
  }
  std::sort(waiting.begin(), waiting.end(),
            [](const auto& a, const auto& b) { return a->index > b->index; });  // next one last
}

// Parses the next line of a stream into its head. Returns false at its end.
bool Archive::Data::advance(Stream& stream) {
  std::string_view line;
  stream.head.clear();
  if (!stream.lines.next(line)) {
    return false;
  }
  reader.read_line(line, stream.stamps, stream.head);
  stream.time = std::max(stream.time, stream.head.front().time);
  if (may_repeat(stream)) {
    line.remove_suffix(line.ends_with('\r') ? 1 : 0);
    stream.head_hash = std::hash<std::string_view>{}(line);
  }
  return true;
}

void Archive::Data::emit(Stream& stream, std::vector<LogLine>& block) {
  ArchiveFile& file = files[stream.index];
  file.last = stream.time;
  for (LogLine& line : stream.head) {
    if (std::holds_alternative<report::NotUnderstood>(line.event)) {
      ++not_understood;
      if (places.size() < kPlacesMax) {
        places.push_back({file.path, stream.lines.lines()});
      }
    }
    if (!is_nothing(line)) {
      block.push_back(std::move(line));
    }
  }
  progress.at = std::max(progress.at, stream.time);
}

// Whether another file told the head of this one already. Notes that it was told.
bool Archive::Data::is_repeated(Stream& stream) {
  prune(stream.time);
  if (overlaps(stream)) {
    watched_until = std::max(watched_until, stream.time + kWindow);
  }
  Times& mine = stream.seen[stream.head_hash];
  Times& all = given[stream.head_hash];
  mine.at = all.at = stream.time;
  if (++mine.count <= all.count) {
    return true;
  }
  ++all.count;
  return false;
}

void Archive::Data::prune(WallTime time) {
  if (time < pruned + kWindow) {
    return;
  }
  pruned = time;
  forget_before(given, time - kWindow);
  for (const auto& stream : active) {
    forget_before(stream->seen, time - kWindow);
  }
}

void Archive::Data::open_next() {
  std::unique_ptr<Stream> stream = std::move(waiting.back());
  waiting.pop_back();
  stream->time = files[stream->index].first;
  active.push_back(std::move(stream));
  if (!advance(*active.back())) {
    close(*active.back());
    active.pop_back();
  }
}

void Archive::Data::close(const Stream& stream) {
  ArchiveFile& file = files[stream.index];
  if (!stream.lines.problem().empty()) {
    file.problem =
        file.path + ":" + std::to_string(stream.lines.lines() + 1) + ": " + stream.lines.problem();
  }
  bytes_of_closed += file.bytes;
}

// Gives the earliest line of the files that are open. Returns false at the end of all.
bool Archive::Data::step(std::vector<LogLine>& block) {
  const auto earlier = [](const auto& a, const auto& b) {
    return a->time < b->time;
  };
  auto at = std::min_element(active.begin(), active.end(), earlier);
  while (!waiting.empty() && (active.empty() || (*at)->time >= next_first())) {
    open_next();
    at = std::min_element(active.begin(), active.end(), earlier);
  }
  if (active.empty()) {
    return false;
  }
  Stream& stream = **at;
  ++files[stream.index].lines;
  files[stream.index].foreign +=
      std::holds_alternative<report::Foreign>(stream.head.front().event) ? 1U : 0U;
  if (may_repeat(stream) && is_repeated(stream)) {
    ++files[stream.index].repeated;
  } else {
    ++progress.lines;
    emit(stream, block);
  }
  if (!advance(stream)) {
    close(stream);
    active.erase(at);
  }
  return true;
}

base::Result<Archive> Archive::open(const ArchiveOptions& options) {
  const auto format = report::parse_format(options.format);
  if (!format) {
    return Error{Error::Kind::InvalidInput,
                 "\"" + options.format + "\" is no format: auto, postfix or sendmail"};
  }
  auto zone = load_zone(options.tz);
  if (!zone) {
    return zone.error();
  }
  auto data = std::make_unique<Data>(options, *format, std::move(*zone));
  std::vector<std::string> paths;
  for (const std::string& path : options.paths) {
    const std::vector<std::string> found = expand(path);
    if (found.empty()) {
      data->unmatched.push_back(path);
    }
    paths.insert(paths.end(), found.begin(), found.end());
  }
  if (paths.size() > kFilesMax) {
    return Error{Error::Kind::InvalidInput, std::to_string(paths.size()) + " files: at most " +
                                                std::to_string(kFilesMax) + " can be read at once"};
  }
  for (const std::string& path : paths) {
    data->add(path, options.ends);
  }
  data->sort();
  return Archive(std::move(data));
}

Archive::Archive(std::unique_ptr<Data> data) : data_(std::move(data)) {}
Archive::Archive(Archive&&) noexcept = default;
Archive& Archive::operator=(Archive&&) noexcept = default;
Archive::~Archive() = default;

bool Archive::read(std::vector<LogLine>& block, std::size_t lines_max) {
  block.clear();
  std::size_t lines = 0;
  while (lines < lines_max && data_->step(block)) {
    ++lines;
  }
  return lines > 0;
}

ArchiveProgress Archive::progress() const {
  ArchiveProgress progress = data_->progress;
  progress.bytes = data_->bytes_of_closed;
  for (const auto& stream : data_->active) {
    progress.bytes += stream->lines.bytes();
  }
  for (const ArchiveFile& file : data_->files) {
    progress.bytes_total += file.first == WallTime{} ? 0 : file.bytes;
  }
  return progress;
}

const std::vector<ArchiveFile>& Archive::files() const {
  return data_->files;
}
const std::vector<std::string>& Archive::unmatched() const {
  return data_->unmatched;
}
std::uint64_t Archive::not_understood() const {
  return data_->not_understood;
}
const std::vector<ArchivePlace>& Archive::not_understood_places() const {
  return data_->places;
}

}  // namespace rampart::feed
