#include "mbox_splitter.h"

#include <algorithm>
#include <array>
#include <utility>

#include "rampart/base/month.h"
#include "rampart/base/text.h"

namespace rampart::feed {
namespace {

constexpr std::string_view kSeparator = "From ";
constexpr std::size_t kSeparatorMax = 1000;
constexpr std::array<std::string_view, 7> kWeekdays{"Mon", "Tue", "Wed", "Thu",
                                                    "Fri", "Sat", "Sun"};

// "00:03:39" or "00:03".
std::optional<std::chrono::seconds> parse_time(std::string_view text) {
  const auto parts = base::split(text, ':');
  if (parts.size() != 2 && parts.size() != 3) {
    return std::nullopt;
  }
  std::array<std::uint64_t, 3> numbers{};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto number = base::parse_uint(parts[i]);
    if (!number || *number > (i == 0 ? 23U : 60U)) {
      return std::nullopt;
    }
    numbers[i] = *number;
  }
  return std::chrono::seconds(numbers[0] * 3600 + numbers[1] * 60 + numbers[2]);
}

// Month, day and time, then the year, perhaps behind a zone: "Nov 21 00:03:39 CET 2026".
std::optional<std::chrono::local_seconds> parse_date(const std::vector<std::string_view>& words,
                                                     std::size_t at) {
  if (at + 4 > words.size()) {
    return std::nullopt;
  }
  const auto month = base::parse_month(words[at]);
  const auto day = base::parse_uint(words[at + 1]);
  const auto time = parse_time(words[at + 2]);
  auto year = base::parse_uint(words[at + 3]);
  if (!year && at + 4 < words.size()) {
    year = base::parse_uint(words[at + 4]);
  }
  if (!month || !day || *day > 31 || !time || !year || *year < 1970 || *year > 9999) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)), *month,
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) {
    return std::nullopt;
  }
  return std::chrono::local_days(date) + *time;
}

// ">From ", ">>From ": a line of the message that was quoted.
bool is_quoted(std::string_view line) {
  const std::size_t text = line.find_first_not_of('>');
  return text != 0 && text != std::string_view::npos && line.substr(text).starts_with(kSeparator);
}

}  // namespace

std::optional<std::chrono::local_seconds> parse_separator(std::string_view line) {
  if (!line.starts_with(kSeparator) || line.size() > kSeparatorMax) {
    return std::nullopt;
  }
  std::vector<std::string_view> words;
  for (const std::string_view word : base::split(line.substr(0, line.find('\r')), ' ')) {
    if (!word.empty()) {
      words.push_back(word);
    }
  }
  // From the right: the address may contain anything.
  for (std::size_t at = words.size(); at-- > 1;) {
    if (std::find(kWeekdays.begin(), kWeekdays.end(), words[at]) != kWeekdays.end()) {
      if (const auto date = parse_date(words, at + 1)) {
        return date;
      }
    }
  }
  return std::nullopt;
}

void MboxSplitter::add(std::string_view line, std::uint64_t begin) {
  const bool was_after_blank =
      std::exchange(after_blank_, line.empty() || line == std::string_view("\r"));
  const auto written = was_after_blank ? parse_separator(line) : std::nullopt;
  if (written) {
    finish();
    begin_ = begin;
    partial_ = {{}, *written};
    after_blank_ = false;
    return;
  }
  if (!begin_) {
    stray_lines_ += line.empty() ? 0U : 1U;
    return;
  }
  if (is_quoted(line)) {
    line.remove_prefix(1);
  }
  if (partial_.bytes.size() < kMessageMax) {
    partial_.bytes.append(line.substr(0, kMessageMax - 1 - partial_.bytes.size())).append("\n");
  }
}

void MboxSplitter::finish() {
  if (begin_) {
    complete_.push_back(std::move(partial_));
  }
  begin_.reset();
  partial_ = {};
  after_blank_ = true;
}

std::vector<MboxMessage> MboxSplitter::take() {
  return std::exchange(complete_, {});
}

}  // namespace rampart::feed
