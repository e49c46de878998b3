// rampart's own log: one line an event, shaped like Postfix's so that the same grep finds both.
//
//   rampart[812]: 4Xk2Pq1z9Rz: from=<news@a.example>, to=<u@b.example>, sender=a.example,
//   action=defer
//
// Where stderr is connected to the journal, which puts "rampart[812]: " there itself, a line begins
// with its severity instead: "<6>4Xk2Pq1z9Rz: ...". Source: systemd.exec(5), $JOURNAL_STREAM;
// sd-daemon(3).
//
// Threads: any function from any thread.
// Limits: text from outside passes through Line, which leaves no control byte and quotes what could
// be taken for another field; a value is cut at 1 KiB.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "rampart/mail/address.h"

namespace rampart::telemetry {

enum class Level : std::uint8_t { Debug, Info, Warning, Error };
std::string_view to_string(Level level) noexcept;

/// How recipients appear: whole, or as "*@domain".
enum class Recipients : std::uint8_t { Full, Domain };

struct LogOptions {
  Level level = Level::Info;
  Recipients recipients = Recipients::Full;
};

/// Sets the level and form of all later lines; the sink is stderr (journal, or a file by
/// redirection).
void configure_log(const LogOptions& options);
[[nodiscard]] bool is_enabled(Level level) noexcept;

/// One line under construction: "subject: key=value, key=value".
class Line {
 public:
  explicit Line(std::string_view subject);
  Line& add(std::string_view key, std::string_view value);
  Line& add(std::string_view key, std::uint64_t value);
  Line& address(std::string_view key, const mail::Address& address);  ///< in <>; never masked
  Line& recipient(std::string_view key,
                  const mail::Address& address);  ///< in <>; masked if so configured
  /// Free text at the end, in parentheses.
  Line& text(std::string_view text);
  [[nodiscard]] const std::string& str() const noexcept { return text_; }

 private:
  void key(std::string_view key);
  std::string text_;
  bool first_ = true;
};

void write(Level level, const Line& line);
/// For sentences of our own. @param text  no text from outside unless printable() was applied
void write(Level level, std::string_view text);

/// A sentence for whoever started the program, whatever the level of the log: "rampart: TEXT" on
/// stderr, without the name in the journal. @param text  as for write()
void say(Level level, std::string_view text, std::string_view name = "rampart: ");

/// True if `fd` is the connection to the journal that $JOURNAL_STREAM names.
/// @param journal_stream  its value, "DEVICE:INODE"
bool is_journal(int fd, std::string_view journal_stream) noexcept;

}  // namespace rampart::telemetry
