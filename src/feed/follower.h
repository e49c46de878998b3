// FileFollower: reads the lines of a log file as they come, through every kind of rotation.
//
//   rename        the old file is read to its end, and for 10 s more once a new one exists,
//                 because the writer may still have it open; then the new one
//   copytruncate  seen by the size, or by other first bytes; what was not read yet comes from the
//                 copy
//   restart       a Position finds the file again, also under its rotated name; the files rotated
//                 away since then follow in order
//
// Source: logrotate(8); rsyslogd and Postfix's postlogd(8) write whole lines in append mode.
// Threads: none of its own; one thread at a time.
// Errors: nothing ends the following; problem() says why nothing comes, and every call tries again.
// Limits: a line is cut at 64 KiB and counted; at most 64 files are held open; compressed rotated
// files are not read. Bytes written between a copy and its truncation are in neither file: the
// rotation's loss, not ours. A truncated file that grows again beyond its old size with the same
// first 1 KiB is taken for the old one, and so is one that was empty when last looked at.

#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rampart/base/descriptor.h"
#include "rampart/base/time.h"

#include "siblings.h"

namespace rampart::feed {

struct FollowedLine {
  std::string_view text;  ///< without line end; without NULs in front, which a crash may leave
  std::uint64_t end = 0;  ///< offset in its file of the first byte behind it
};

/// What happened to the file, for the log.
enum class FollowEvent : std::uint8_t {
  StartedAtEnd,        ///< no position was given
  StartedAtBeginning,  ///< no position was given, and the file was not there at first, or so asked
  Resumed,             ///< at the position given
  Rotated,             ///< a new file is at the path
  Truncated,           ///< emptied in place; the unread rest is read from a copy
  Restarted,           ///< truncated, and no copy to be found: from the beginning of what is there
  Lost,                ///< the file of the position is gone: from the beginning of what is there
};

struct FollowCounts {
  std::uint64_t lines_cut = 0;
  std::uint64_t lines_incomplete = 0;  ///< last lines without line end of files that were left
  std::uint64_t rotations = 0;
  std::uint64_t truncations = 0;
  std::uint64_t losses = 0;  ///< Restarted and Lost
};

class FileFollower {
 public:
  enum class Start : std::uint8_t { End, Beginning };

  /// Nothing is opened before the first read_lines().
  /// @param start  where, without a position
  explicit FileFollower(std::string path,
                        std::optional<Position> position = std::nullopt,
                        Start start = Start::End);

  /// The next complete lines, at most `lines_max`, all of one file; empty if there are none now.
  /// @return  views valid until the next call
  const std::vector<FollowedLine>& read_lines(std::size_t lines_max, base::SteadyTime now);

  /// Behind the lines given last: whoever starts there misses none and reads none twice.
  /// @return nullopt before a file was found
  [[nodiscard]] std::optional<Position> position() const;

  /// True if the next call need not wait.
  [[nodiscard]] bool has_more() const noexcept { return more_; }
  /// True if bytes are waiting to be read, also those of a new file that wait for the old one's
  /// end.
  [[nodiscard]] bool has_unread() const;

  /// False if the path cannot be read now; problem() says why.
  [[nodiscard]] bool is_open() const noexcept { return !chain_.empty() && problem_.empty(); }
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

  [[nodiscard]] const FollowCounts& counts() const noexcept { return counts_; }
  /// What happened since the last call.
  std::vector<FollowEvent> take_events();

 private:
  struct File {
    base::Descriptor descriptor;
    Position position;
    std::uint64_t read_to = 0;  ///< bytes up to here are in buffer_ or delivered
    bool is_copy = false;       ///< made by copytruncate: nobody writes to it
    std::optional<base::SteadyTime> superseded_at;
  };
  struct ReadyLine {
    std::size_t begin;
    std::size_t size;
    std::uint64_t end;
  };

  bool refill(base::SteadyTime now);
  bool leave_front(base::SteadyTime now);
  void find_again(base::SteadyTime now);
  void look(base::SteadyTime now);
  void look_without_path(int error, base::SteadyTime now);
  void open_first(base::SteadyTime now);
  void open_at_position(File file, base::SteadyTime now);
  void extend(base::SteadyTime now);
  bool open_rotated();
  std::optional<File> open_path();
  static bool verify(File& file, std::uint64_t size_min);
  void append(File& file, std::string_view bytes);
  void drop_buffer();

  std::string path_;
  std::optional<Position> resume_;  ///< to be found while no file is open
  bool truncated_ = false;          ///< why it has to be found again
  bool from_beginning_;
  bool was_missing_ = false;
  std::optional<base::SteadyTime> missing_since_;
  std::string problem_;
  bool more_ = false;
  std::deque<File> chain_;  ///< being read, then its successors up to the one at the path

  std::string chunk_;
  std::string buffer_;          ///< lines of the front file, without line ends
  std::size_t line_begin_ = 0;  ///< in buffer_, of the line that is not complete yet
  bool line_cut_ = false;
  std::vector<ReadyLine> ready_;
  std::size_t next_ready_ = 0;
  std::vector<FollowedLine> lines_;

  FollowCounts counts_;
  std::vector<FollowEvent> events_;
};

}  // namespace rampart::feed
