// Lines of an MTA's log as events, whichever MTA wrote them.
//
// Threads: one LineReader at a time per thread.
// Errors: none. Every sequence of bytes is some event.
// Limits: see the readers of the single formats.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rampart/report/event.h"
#include "rampart/report/stamp.h"

namespace rampart::report {

/// Whose lines are read; those of all others are Foreign.
enum class Format : std::uint8_t {
  Auto,  ///< of any MTA known here, told apart line by line
  Postfix,
  Sendmail,
};

/// "auto", "postfix", "sendmail".
std::string_view to_string(Format format) noexcept;
std::optional<Format> parse_format(std::string_view text) noexcept;

/// Reads the lines of one source. Of a program whose name says nothing (Sendmail's -L sets any) the
/// first line that has the shape of a delivery or of an accepted message by Sendmail shows what it
/// is, and its later lines are read as Sendmail's; so for the first 16 such names.
class LineReader {
 public:
  explicit LineReader(Format format) : format_(format) {}

  /// Appends what a line of a log file says, with or without its line end: one LogLine; of a line
  /// that tells of several recipients one for each.
  /// @param stamps  Of this source of lines; told the time of every line that has a stamp.
  void read_line(std::string_view line, StampReader& stamps, std::vector<LogLine>& out);

  /// The same for an entry that comes in parts, as from the journal.
  /// @param program  "postfix/smtp", "sm-mta" (SYSLOG_IDENTIFIER).
  /// @param message  What follows "postfix/smtp[983]: ".
  /// Leaves time, host and pid for the caller to fill in.
  void read_entry(std::string_view program, std::string_view message, std::vector<LogLine>& out);

 private:
  [[nodiscard]] bool is_for_postfix(std::string_view program) const noexcept;
  [[nodiscard]] bool is_sendmail(std::string_view program) const noexcept;
  void remember(std::string_view program);

  Format format_;
  std::vector<std::string> tags_;
};

}  // namespace rampart::report
