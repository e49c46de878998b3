// ArchiveLines: the lines of one old log file, plain or gzip, told apart by its first bytes.
//
// Source: RFC 1952 (gzip: several members one after the other; zeros behind the last are padding).
// Threads: one at a time.
// Limits: a line is cut at 64 KiB; 256 KiB are read at once.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "rampart/base/descriptor.h"

namespace rampart::feed {

class ArchiveLines {
 public:
  /// @param end  where to stop reading the file
  ArchiveLines(base::Descriptor file, std::uint64_t end);
  ArchiveLines(ArchiveLines&&) noexcept;
  ArchiveLines& operator=(ArchiveLines&&) noexcept;
  ~ArchiveLines();

  /// The next line, without line end and without NULs in front, valid until the next call.
  /// @return false at the end, or at damage; then problem() says so
  bool next(std::string_view& line);

  [[nodiscard]] std::uint64_t lines() const noexcept { return lines_; }   ///< given
  [[nodiscard]] std::uint64_t bytes() const noexcept { return offset_; }  ///< read of the file
  [[nodiscard]] bool compressed() const noexcept { return inflater_ != nullptr; }
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

  /// From the first line again.
  void rewind();

 private:
  struct Inflater;

  bool fill();
  bool start();
  std::size_t read_chunk();
  bool inflate_more();
  void fail(std::string what);

  base::Descriptor file_;
  std::uint64_t end_;
  std::uint64_t offset_ = 0;
  std::uint64_t lines_ = 0;
  bool started_ = false;
  bool ended_ = false;
  std::unique_ptr<Inflater> inflater_;
  std::string chunk_;   // as read
  std::string buffer_;  // decompressed, from line_begin_ on not given yet
  std::size_t line_begin_ = 0;
  bool skipping_ = false;  // the rest of a line that was cut
  std::string problem_;
};

}  // namespace rampart::feed
