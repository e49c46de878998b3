#include "checks.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "rampart/base/text.h"

namespace rampart::tidy {
namespace {

constexpr std::size_t kFileLinesMax = 600;
constexpr std::size_t kColumnsMax = 100;
// A long literal, a log line say, is not broken.
constexpr std::ptrdiff_t kLongLiteral = 60;

struct Ban {
  std::string_view name;
  bool call;                                 ///< only where "(" follows
  std::vector<std::string_view> allowed_in;  ///< rooms
  std::string_view instead;
};

constexpr std::string_view kClock = "take a base::Clock& or an argument `now`";
constexpr std::string_view kWait = "wait on a base::Condition or poll(2), so that a stop ends it";
constexpr std::string_view kNumber = "base::parse_uint or std::from_chars";
constexpr std::string_view kUtc = "base::format_utc, or feed/zone.h for local time";
constexpr std::string_view kProcess = "base/program.h starts programs";
constexpr std::string_view kEnvironment = "the environment is shared by all threads: pass options";

const std::vector<Ban>& bans() {
  static const std::vector<Ban> kBans{
      {"system_clock::now", false, {"base"}, kClock},
      {"steady_clock::now", false, {"base"}, kClock},
      {"high_resolution_clock::now", false, {}, kClock},
      {"clock_gettime", true, {"base"}, kClock},
      {"gettimeofday", true, {}, kClock},
      {"time", true, {}, kClock},
      {"sleep", true, {}, kWait},
      {"usleep", true, {}, kWait},
      {"nanosleep", true, {}, kWait},
      {"sleep_for", true, {}, kWait},
      {"sleep_until", true, {}, kWait},
      {"std::regex", false, {}, "RE2, in reply"},
      {"atoi", true, {}, kNumber},
      {"atol", true, {}, kNumber},
      {"atoll", true, {}, kNumber},
      {"atof", true, {}, kNumber},
      {"strtol", true, {}, kNumber},
      {"strtoll", true, {}, kNumber},
      {"strtoul", true, {}, kNumber},
      {"strtoull", true, {}, kNumber},
      {"sscanf", true, {}, kNumber},
      {"sprintf", true, {}, "fmt::format"},
      {"vsprintf", true, {}, "fmt::format"},
      {"strcpy", true, {}, "std::string"},
      {"strcat", true, {}, "std::string"},
      {"rand", true, {}, "a generator of <random> that is passed in"},
      {"srand", true, {}, "a generator of <random> that is passed in"},
      {"localtime", true, {}, kUtc},
      {"gmtime", true, {}, kUtc},
      {"setenv", true, {}, kEnvironment},
      {"putenv", true, {}, kEnvironment},
      {"system", true, {}, "base/program.h"},
      {"popen", true, {}, kProcess},
      {"posix_spawn", true, {"base", "transport"}, kProcess},
      {"posix_spawnp", true, {}, kProcess},
      {"execv", true, {}, kProcess},
      {"execve", true, {}, kProcess},
      {"execvp", true, {}, kProcess},
      {"execl", true, {}, kProcess},
      {"execlp", true, {}, kProcess},
      {"thread_local", false, {}, "libmilter moves sessions between threads: keep state in them"},
  };
  return kBans;
}

// What precedes a name decides whether it is the C library's: not a member, not of another
// namespace, not being declared.
bool is_library_name(std::string_view code, std::size_t at) {
  std::string_view before = code.substr(0, at);
  if (before.ends_with('.') || before.ends_with("->")) {
    return false;
  }
  if (before.ends_with("::")) {
    before.remove_suffix(2);
    return before.ends_with("std") || before.ends_with("chrono") ||
           before.ends_with("this_thread") || before.empty() || !is_word(before.back());
  }
  const std::size_t last = before.find_last_not_of(" \n");
  if (last == std::string_view::npos || last + 1 == before.size()) {
    return true;
  }
  if (is_word(before[last])) {  // "int time(...)" declares, "return time(...)" calls
    std::size_t begin = last;
    while (begin > 0 && is_word(before[begin - 1])) {
      --begin;
    }
    const std::string_view word = before.substr(begin, last + 1 - begin);
    return word == "return" || word == "else" || word == "do" || word == "throw";
  }
  const bool type_end = before[last] == '&' || before[last] == '*' || before[last] == '>';
  return !(type_end && last > 0 && before[last - 1] != ' ');  // "T& time(...)" declares
}

bool is_use(std::string_view code, std::size_t at, const Ban& ban) {
  const std::size_t end = at + ban.name.size();
  if ((at > 0 && is_word(code[at - 1])) || (end < code.size() && is_word(code[end]))) {
    return false;
  }
  if (!ban.call) {
    return true;
  }
  const std::size_t next = code.find_first_not_of(' ', end);
  return next != std::string_view::npos && code[next] == '(' && is_library_name(code, at);
}

std::size_t columns(std::string_view line) {
  return static_cast<std::size_t>(std::count_if(line.begin(), line.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;  // UTF-8 continuation
  }));
}

bool has_word(std::string_view line, std::string_view word, std::size_t& at) {
  for (at = line.find(word); at != std::string_view::npos; at = line.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || !is_word(line[at - 1])) && (end == line.size() || !is_word(line[end]))) {
      return true;
    }
  }
  return false;
}

// "(name): condition" with a name and a condition.
bool is_owned(std::string_view after) {
  const std::size_t close = after.find("): ");
  return after.starts_with('(') && close != std::string_view::npos && close > 1 &&
         !base::trim(after.substr(close + 3)).empty();
}

}  // namespace

void check_calls(const Source& source, Findings& findings) {
  const std::string_view room = room_of(source.path);
  if (room.empty()) {
    return;
  }
  const auto find = [&](const Ban& ban) {
    const std::string_view code = source.code;
    for (std::size_t at = code.find(ban.name); at != std::string_view::npos;
         at = code.find(ban.name, at + 1)) {
      if (is_use(code, at, ban)) {
        findings.push_back({source.path, line_of(code, at),
                            fmt::format("{} is banned: {}", ban.name, ban.instead)});
      }
    }
  };
  for (const Ban& ban : bans()) {
    if (std::find(ban.allowed_in.begin(), ban.allowed_in.end(), room) == ban.allowed_in.end()) {
      find(ban);
    }
  }
  for (std::size_t at = source.code.find(".detach()"); at != std::string::npos;
       at = source.code.find(".detach()", at + 1)) {
    findings.push_back(
        {source.path, line_of(source.code, at), "detach is banned: a std::jthread that is joined"});
  }
}

void check_text(const Source& source, Findings& findings) {
  const bool is_code = source.path.ends_with(".cc") || source.path.ends_with(".h");
  if (source.text.empty() || source.text.back() != '\n') {
    findings.push_back({source.path, 0, "no line end at the end"});
  }
  std::size_t number = 0;
  std::size_t begin = 0;
  while (begin < source.text.size()) {
    ++number;
    const std::size_t end = std::min(source.text.find('\n', begin), source.text.size());
    const std::string_view line = std::string_view(source.text).substr(begin, end - begin);
    const std::string_view code = std::string_view(source.code).substr(begin, end - begin);
    begin = end + 1;
    if (is_code && columns(line) > kColumnsMax &&
        std::count(code.begin(), code.end(), kLiteral) < kLongLiteral) {
      findings.push_back(
          {source.path, number, fmt::format("{} columns, at most {}", columns(line), kColumnsMax)});
    }
    if (line.find('\t') != std::string_view::npos) {
      findings.push_back({source.path, number, "a tab"});
    }
    if (line.ends_with(' ') || line.ends_with('\r')) {
      findings.push_back({source.path, number, "blanks at the line's end"});
    }
  }
  if (is_code && number > kFileLinesMax) {
    findings.push_back(
        {source.path, 0, fmt::format("{} lines, at most {}", number, kFileLinesMax)});
  }
}

void check_words(const Source& source, Findings& findings) {
  std::size_t number = 0;
  for (const std::string_view line : base::split(source.comments, '\n')) {
    ++number;
    std::size_t at = 0;
    for (const std::string_view word : {"FIXME", "XXX"}) {
      if (has_word(line, word, at)) {
        findings.push_back({source.path, number, fmt::format("left-over {}", word)});
      }
    }
    if (has_word(line, "TODO", at) && !is_owned(line.substr(at + 4))) {
      findings.push_back({source.path, number, "TODO without \"(name): condition for removal\""});
    }
  }
  const bool shipped = source.path.starts_with("src/") || source.path.starts_with("include/") ||
                       source.path.starts_with("conf/") || source.path == "README.md";
  for (const std::string_view word : {"/home/", "/root/"}) {
    const std::size_t at = source.text.find(word);
    if (shipped && at != std::string::npos) {
      findings.push_back({source.path, line_of(source.text, at),
                          fmt::format("\"{}\" is of no checkout but ours", word)});
    }
  }
}

void check_listed(std::string_view path, std::string_view cmake_text, Findings& findings) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  for (std::size_t at = cmake_text.find(name); at != std::string_view::npos;
       at = cmake_text.find(name, at + 1)) {
    const std::size_t end = at + name.size();
    const bool begins = at == 0 || !(is_word(cmake_text[at - 1]) || cmake_text[at - 1] == '-');
    if (begins && (end == cmake_text.size() || !is_word(cmake_text[end]))) {
      return;
    }
  }
  findings.push_back({std::string(path), 0, "not listed in its CMakeLists.txt"});
}

void check_top_level(const std::vector<std::string>& names, Findings& findings) {
  static constexpr std::array<std::string_view, 9> kNames{
      "CMakeLists.txt", "CMakePresets.json", "src",       "include", "conf",
      "tests",          "contrib",           "README.md", "LICENSE"};
  for (const std::string& name : names) {
    if (!name.starts_with('.') && std::find(kNames.begin(), kNames.end(), name) == kNames.end()) {
      findings.push_back({name, 0, "does not belong at the top"});
    }
  }
}

}  // namespace rampart::tidy
