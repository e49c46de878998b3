#include "rampart/telemetry/log.h"

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rampart/base/text.h"

namespace rampart::telemetry {
namespace {

constexpr std::size_t kValueBytesMax = 1024;

std::atomic<Level> least_level{Level::Info};
std::atomic<Recipients> recipients_form{Recipients::Full};

spdlog::level::level_enum spdlog_level(Level level) noexcept {
  static constexpr std::array<spdlog::level::level_enum, 4> kLevels{
      spdlog::level::debug, spdlog::level::info, spdlog::level::warn, spdlog::level::err};
  return kLevels[static_cast<std::size_t>(level)];
}

// Whether each line on stderr becomes a record of the journal's.
bool is_for_journal() {
  static const bool answer = [] {
    const char* name = std::getenv("JOURNAL_STREAM");  // NOLINT(concurrency-mt-unsafe): first use
    return name != nullptr && is_journal(STDERR_FILENO, name);
  }();
  return answer;
}

// Source: sd-daemon(3), "<N>" at the beginning of a line, with the numbers of syslog(3).
std::string_view journal_priority(Level level) noexcept {
  static constexpr std::array<std::string_view, 4> kPriorities{"<7>", "<6>", "<4>", "<3>"};
  return kPriorities[static_cast<std::size_t>(level)];
}

// The journal stamps each line itself and puts the program's name and number before it; elsewhere
// the line carries these and its own time (UTC).
std::shared_ptr<spdlog::logger> make_logger() {
  auto logger = std::make_shared<spdlog::logger>("rampart",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern(is_for_journal() ? "%v" : "%Y-%m-%dT%H:%M:%S.%eZ %^%l%$ rampart[%P]: %v",
                      spdlog::pattern_time_type::utc);
  logger->set_level(spdlog::level::debug);
  logger->flush_on(spdlog::level::debug);
  return logger;
}

spdlog::logger& logger() {
  static const std::shared_ptr<spdlog::logger> instance = make_logger();
  return *instance;
}

bool needs_quotes(std::string_view value) noexcept {
  return value.empty() || value.find_first_of(" ,\"=()") != std::string_view::npos;
}

}  // namespace

std::string_view to_string(Level level) noexcept {
  static constexpr std::array<std::string_view, 4> kNames{"debug", "info", "warning", "error"};
  return kNames[static_cast<std::size_t>(level)];
}

void configure_log(const LogOptions& options) {
  least_level = options.level;
  recipients_form = options.recipients;
}

bool is_enabled(Level level) noexcept {
  return level >= least_level.load(std::memory_order_relaxed);
}

Line::Line(std::string_view subject) {
  text_.reserve(256);
  text_ += base::printable(subject, kValueBytesMax);
  text_ += ": ";
}

void Line::key(std::string_view key) {
  if (!first_) {
    text_ += ", ";
  }
  first_ = false;
  text_ += key;
  text_ += '=';
}

Line& Line::add(std::string_view name, std::string_view value) {
  key(name);
  const std::string shown = base::printable(value, kValueBytesMax);
  if (!needs_quotes(shown)) {
    text_ += shown;
    return *this;
  }
  text_ += '"';
  for (const char c : shown) {
    if (c == '"' || c == '\\') {
      text_ += '\\';
    }
    text_ += c;
  }
  text_ += '"';
  return *this;
}

Line& Line::add(std::string_view name, std::uint64_t value) {
  key(name);
  text_ += std::to_string(value);
  return *this;
}

Line& Line::address(std::string_view name, const mail::Address& address) {
  key(name);
  text_ += '<';
  text_ += base::printable(to_string(address), kValueBytesMax);
  text_ += '>';
  return *this;
}

Line& Line::recipient(std::string_view name, const mail::Address& address) {
  if (recipients_form.load(std::memory_order_relaxed) == Recipients::Full) {
    return this->address(name, address);
  }
  return this->address(name, mail::Address{"*", address.domain});
}

Line& Line::text(std::string_view text) {
  text_ += first_ ? "(" : " (";
  text_ += base::printable(text, kValueBytesMax);
  text_ += ')';
  return *this;
}

void write(Level level, const Line& line) {
  write(level, line.str());
}

void write(Level level, std::string_view text) {
  if (is_enabled(level)) {
    logger().log(spdlog_level(level), "{}{}",
                 is_for_journal() ? journal_priority(level) : std::string_view(), text);
  }
}

void say(Level level, std::string_view text, std::string_view name) {
  const std::string_view priority = journal_priority(level);
  std::string all(is_for_journal() ? priority : name);
  for (const char c : text) {
    all += c;
    all += c == '\n' && is_for_journal() ? priority : std::string_view();
  }
  all += '\n';
  std::fputs(all.c_str(), stderr);
}

bool is_journal(int fd, std::string_view journal_stream) noexcept {
  struct stat status {};
  const std::size_t colon = journal_stream.find(':');
  return colon != std::string_view::npos && fstat(fd, &status) == 0 &&
         base::parse_uint(journal_stream.substr(0, colon)) == status.st_dev &&
         base::parse_uint(journal_stream.substr(colon + 1)) == status.st_ino;
}

}  // namespace rampart::telemetry
