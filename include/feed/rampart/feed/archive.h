// Archive: old logs, plain or compressed with gzip, as one stream of lines in the order of time.
//
//   mail.log.2.gz, mail.log.1, mail.log, a-copy-of-mail.log.1  ->  LogLine, LogLine, ...
//
// The order comes from the stamps of the files' first lines; names say nothing. Files whose times
// overlap are merged, and a line that two of them have at the same time counts once: a copy, a log
// that was rotated with copytruncate, or /var/log/syslog beside /var/log/mail.log. Twice the same
// line within one file stays two lines.
//
// Source: RFC 1951 and RFC 1952 through zlib, also of several members; logrotate(8), glob(7).
// Stamps without a year are dated by the file's time of last modification, which gzip(1) keeps.
// Threads: one at a time.
// Errors: what cannot be read is told in files() and unmatched(); the rest is read. Of a damaged
// file the lines before the damage count.
// Limits: 512 files, all open until they are read; memory is bounded by a few hundred KiB for each
// file whose time overlaps that of another, and a minute of lines. A line is cut at 64 KiB; a last
// line without line end is left out, as it may still be being written. Lines of one file that are
// up to a minute out of order are given as they stand.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "rampart/base/result.h"
#include "rampart/base/time.h"
#include "rampart/report/event.h"

namespace rampart::feed {

/// Of a file that somebody else reads on: only what lies before the offset belongs to the archive.
struct ArchiveEnd {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t offset = 0;
};

struct ArchiveOptions {
  std::vector<std::string> paths;  ///< of files, or patterns as of the shell
  std::string format = "auto";     ///< report::parse_format()
  std::string tz;                  ///< IANA zone of stamps without one; "": the system's
  base::WallTime now{};            ///< no line lies behind it
  std::vector<ArchiveEnd> ends;
};

struct ArchiveFile {
  std::string path;
  bool compressed = false;
  std::uint64_t bytes = 0;     ///< on disk
  std::uint64_t lines = 0;     ///< read so far
  std::uint64_t foreign = 0;   ///< of those, no line of an MTA
  std::uint64_t repeated = 0;  ///< of all, told by another file as well: not given again
  base::WallTime first{};      ///< stamp of the first line that has one; zero: none
  base::WallTime last{};       ///< latest stamp so far
  /// Why it could not be read to its end; "" if it can. "mail.log.2.gz:1882: ..." where it is not
  /// the first line's.
  std::string problem;
};

struct ArchivePlace {
  std::string path;
  std::uint64_t line = 0;  ///< from 1
};

struct ArchiveProgress {
  std::uint64_t bytes = 0;  ///< on disk, read
  std::uint64_t bytes_total = 0;
  std::uint64_t lines = 0;  ///< without those told twice
  base::WallTime at{};      ///< stamp reached
};

class Archive {
 public:
  static constexpr std::size_t kFilesMax = 512;
  static constexpr std::size_t kPlacesMax = 10;

  /// Opens all files and reads their first lines.
  /// @return InvalidInput for a zone or format that is none, or too many files; never because of a
  ///         file that cannot be read
  static base::Result<Archive> open(const ArchiveOptions& options);
  Archive(Archive&&) noexcept;
  Archive& operator=(Archive&&) noexcept;
  ~Archive();

  /// Replaces `block` by the events of the next lines, in order of time, without those that are
  /// Foreign or Ignored.
  /// @param lines_max  lines to read at most
  /// @return false at the end: nothing was read
  bool read(std::vector<report::LogLine>& block, std::size_t lines_max = 4096);

  [[nodiscard]] ArchiveProgress progress() const;
  /// In the order of their first stamps; those that could not be read at the end.
  [[nodiscard]] const std::vector<ArchiveFile>& files() const;
  /// Paths and patterns that no file answers to.
  [[nodiscard]] const std::vector<std::string>& unmatched() const;
  /// Lines of the MTA that nobody understands, and where the first kPlacesMax of them stand.
  [[nodiscard]] std::uint64_t not_understood() const;
  [[nodiscard]] const std::vector<ArchivePlace>& not_understood_places() const;

 private:
  struct Data;
  explicit Archive(std::unique_ptr<Data> data);
  std::unique_ptr<Data> data_;
};

}  // namespace rampart::feed
