// MboxSplitter: the lines of an mbox file as messages.
//
//   From MAILER-DAEMON  Sat Nov 21 00:03:39 2026
//   Subject: Undelivered Mail Returned to Sender
//
//   >From here on a quoted line
//
// Source: RFC 4155; the dialects "mboxo" and "mboxrd", in which one '>' is put before lines of a
// message that look like a separator. A separator is a line that begins with "From ", has a date in
// it and follows an empty line or nothing.
// Pure: holds state, reads no clock. One thread at a time.
// Limits: 1 MiB of a message is kept.

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rampart::feed {

/// The local time in a separator line, "From a@b.example  Sat Nov 21 00:03:39 2026"; what MDAs
/// write is asctime(3), to which some add a zone, which is not looked at.
/// @return nullopt for any other line
std::optional<std::chrono::local_seconds> parse_separator(std::string_view line);

struct MboxMessage {
  std::string bytes;  ///< without its separator; lines end in LF
  std::chrono::local_seconds written{};
};

class MboxSplitter {
 public:
  static constexpr std::size_t kMessageMax = 1024UL * 1024UL;

  /// @param line   without line end
  /// @param begin  where it begins in its file
  void add(std::string_view line, std::uint64_t begin);

  /// What was added last is the end of a message: another file begins, or nothing came for a while.
  void finish();

  /// The messages that are complete, in order; they are given once.
  std::vector<MboxMessage> take();

  /// Where the separator of the message that is not complete yet begins.
  [[nodiscard]] std::optional<std::uint64_t> partial_begin() const noexcept { return begin_; }
  /// Lines before any separator: not of an mbox, or the rest of a message that was finished.
  [[nodiscard]] std::uint64_t stray_lines() const noexcept { return stray_lines_; }

 private:
  std::optional<std::uint64_t> begin_;
  MboxMessage partial_;
  bool after_blank_ = true;
  std::uint64_t stray_lines_ = 0;
  std::vector<MboxMessage> complete_;
};

}  // namespace rampart::feed
