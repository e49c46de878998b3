// Journal: reads what the MTA wrote to the systemd journal, entry by entry, across rotations and
// restarts.
//
// Only entries of the facility "mail" count, and of these only those of root and the MTA's own
// accounts: anybody may write to the journal under any name with logger(1), but journald itself
// notes the account.
//
// Source: sd-journal(3), sd_journal_seek_cursor(3), sd_journal_get_fd(3),
// systemd.journal-fields(7).
// Threads: none of its own; all calls from one thread, as libsystemd asks for.
// Errors: nothing ends the reading; problem() says why nothing comes, and every second is another
// try. A file that was damaged or cut off is left out and counted; one that becomes unreadable
// while it is mapped does not kill the process (see bus_error.h).
// Limits: a message is cut at 64 KiB and counted; a file with damage in its middle is read up to
// it; entries that journald removed before they were read are lost, which shows as a gap after a
// restart only.

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "rampart/base/time.h"

struct sd_journal;

namespace rampart::feed {

struct JournalEntry {
  base::WallTime time{};  ///< when it was written, as journald noted it
  std::string host;
  std::string program;  ///< "postfix/smtp"
  std::uint32_t pid = 0;
  std::string message;
};

/// What happened to the journal, for the log.
struct JournalEvent {
  enum class Kind : std::uint8_t {
    StartedAtEnd,  ///< no position was given
    Resumed,       ///< at the position given
    Gap,           ///< the entry of the position is gone: from the next one that is there
    Damaged,       ///< a file was left out; `text` is its name
    UnknownUser,   ///< an account that this machine does not have; `text` is its name
  };
  Kind kind;
  std::string text;
};

struct JournalCounts {
  std::uint64_t lines_cut = 0;
  std::uint64_t untrusted = 0;  ///< entries of other accounts, or of none
  std::uint64_t damaged = 0;    ///< files and entries that could not be read
  std::uint64_t losses = 0;     ///< Gap
};

class Journal {
 public:
  /// Nothing is opened before the first read_entries().
  /// @param directory  "": the system's own journal
  /// @param users      accounts that count besides root; a number is a UID
  /// @param cursor     as cursor() gave it; nullopt: start at the end
  Journal(std::string directory,
          std::vector<std::string> users,
          std::optional<std::string> cursor = std::nullopt);

  /// The next entries, at most `entries_max` looked at; empty if there are none now.
  /// @return  valid until the next call
  const std::vector<JournalEntry>& read_entries(std::size_t entries_max, base::SteadyTime now);

  /// Behind the entries given last: whoever starts there misses none and reads none twice. "" is
  /// before the first of a journal that was empty. @return nullopt before one was found
  [[nodiscard]] const std::optional<std::string>& cursor() const noexcept { return cursor_; }

  /// True if the next call need not wait.
  [[nodiscard]] bool has_more() const noexcept { return more_; }
  [[nodiscard]] bool is_open() const noexcept { return journal_ != nullptr; }
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }
  /// Readable when something happened; -1 where that is not to be had.
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

  [[nodiscard]] const JournalCounts& counts() const noexcept { return counts_; }
  /// What happened since the last call.
  std::vector<JournalEvent> take_events();

 private:
  struct Close {
    void operator()(sd_journal* journal) const noexcept;
  };
  struct File {
    std::string path;
    std::uint64_t inode = 0;
    std::uint64_t size = 0;
  };

  bool open(base::SteadyTime now);
  bool go_to_position();
  void close(std::string problem, base::SteadyTime now);
  bool is_moved() const;
  void look_for_changes(base::SteadyTime now);
  std::vector<File> list_files(std::error_code& error) const;
  [[nodiscard]] bool is_kept_here() const;
  bool find_files();
  void check_files(base::SteadyTime now);
  void find_users();
  bool take_entry();
  std::optional<std::string_view> field(const char* name);
  void note_cursor();
  void tell(JournalEvent::Kind kind, std::string_view text = {});

  std::string directory_;
  std::vector<std::string> users_;
  std::set<std::uint64_t> uids_;
  std::set<std::string> unknown_users_;
  std::optional<std::string> cursor_;
  bool resumed_ = false;      ///< not for the first time
  bool test_cursor_ = false;  ///< the next entry may be the one of cursor_

  std::unique_ptr<sd_journal, Close> journal_;
  int descriptor_ = -1;
  std::pair<std::uint64_t, std::uint64_t> opened_{};  ///< device and inode of the directory
  std::optional<base::SteadyTime> retry_at_;
  base::SteadyTime checked_at_{};
  std::map<std::uint64_t, std::uint64_t> checked_;  ///< inode to size of files that were looked at
  std::string problem_;
  bool more_ = false;

  std::vector<JournalEntry> entries_;
  JournalCounts counts_;
  std::vector<JournalEvent> events_;
};

}  // namespace rampart::feed
