// What is read: logs, and mailboxes of bounce mails.
//
// Pure: plain values.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rampart::feed {

/// A log file, or the systemd journal.
struct LogSource {
  std::string path;             ///< "" with `journal`
  std::string format = "auto";  ///< report::parse_format()
  std::string tz;               ///< IANA zone of stamps without one; "": the system's
  std::string where;            ///< for messages
  bool journal = false;
  std::string journal_directory = {};  ///< "": the system's own journal
  /// The accounts whose journal entries count, besides root's; a number is a UID. Everybody else's
  /// are left out, whatever program they claim to come from.
  std::vector<std::string> users = {"postfix", "smmta", "smmsp"};
};

/// Its name in status and cursors: the path, "journal" or "journal:DIRECTORY".
inline std::string name_of(const LogSource& source) {
  if (!source.journal) {
    return source.path;
  }
  return source.journal_directory.empty() ? "journal" : "journal:" + source.journal_directory;
}

/// A mailbox to which bounce mails are delivered. It is read from its beginning: unlike a log, all
/// that lies in it is waiting to be read.
struct MailSource {
  enum class Kind : std::uint8_t {
    Maildir,  ///< each message in new/ is read, then moved to cur/
    Mbox,     ///< one file that grows; never written to
  };
  std::string path;
  Kind kind = Kind::Maildir;
};

/// Its name in status and cursors: "maildir:PATH" or "mbox:PATH".
inline std::string name_of(const MailSource& source) {
  return (source.kind == MailSource::Kind::Maildir ? "maildir:" : "mbox:") + source.path;
}

struct Options {
  std::vector<LogSource> logs;
  std::vector<MailSource> mailboxes;
  std::vector<std::string> history;  ///< old logs: paths, or patterns as of the shell
};

}  // namespace rampart::feed
