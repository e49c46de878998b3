#include "zone.h"

#include <algorithm>
#include <fstream>
#include <utility>

#include <fmt/format.h>

#include "rampart/base/text.h"

namespace rampart::feed {
namespace {

using std::chrono::seconds;

constexpr std::size_t kFileBytesMax = 256 * 1024;
constexpr std::uint32_t kTransitionsMax = 4096;
constexpr std::size_t kHeaderSize = 44;
constexpr seconds kOffsetMax{26 * 3600};

// Big-endian numbers and counted parts, taken from the front.
class Bytes {
 public:
  explicit Bytes(std::string_view bytes) : rest_(bytes) {}

  std::optional<std::string_view> take(std::size_t count) {
    if (count > rest_.size()) {
      return std::nullopt;
    }
    const std::string_view part = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return part;
  }
  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

std::int64_t big_endian(std::string_view bytes) {
  std::uint64_t value = (bytes[0] & 0x80) != 0 ? ~std::uint64_t{0} : 0;
  for (const char c : bytes) {
    value = value << 8 | static_cast<unsigned char>(c);
  }
  return static_cast<std::int64_t>(value);
}

struct Header {
  bool has_second_block = false;
  std::uint32_t ut_count = 0;
  std::uint32_t std_count = 0;
  std::uint32_t leap_count = 0;
  std::uint32_t time_count = 0;
  std::uint32_t type_count = 0;
  std::uint32_t char_count = 0;
};

std::optional<Header> read_header(Bytes& bytes) {
  const auto text = bytes.take(kHeaderSize);
  if (!text || !text->starts_with("TZif")) {
    return std::nullopt;
  }
  const auto count = [&](std::size_t index) {
    return static_cast<std::uint32_t>(big_endian(text->substr(20 + 4 * index, 4)) & 0xFFFF'FFFF);
  };
  Header header;
  header.has_second_block = (*text)[4] >= '2';
  header.ut_count = count(0);
  header.std_count = count(1);
  header.leap_count = count(2);
  header.time_count = count(3);
  header.type_count = count(4);
  header.char_count = count(5);
  if (header.time_count > kTransitionsMax || header.type_count == 0 || header.type_count > 256 ||
      header.char_count > 4096 || header.leap_count > 4096 || header.std_count > 256 ||
      header.ut_count > 256) {
    return std::nullopt;
  }
  return header;
}

std::size_t block_size(const Header& header, std::size_t time_size) {
  return header.time_count * (time_size + 1) + header.type_count * std::size_t{6} +
         header.char_count + header.leap_count * (time_size + 4) + header.std_count +
         header.ut_count;
}

std::optional<int> consume_number(std::string_view& text, int most) {
  int value = 0;
  std::size_t length = 0;
  while (length < text.size() && length < 4 && base::is_digit(text[length])) {
    value = value * 10 + (text[length++] - '0');
  }
  if (length == 0 || value > most) {
    return std::nullopt;
  }
  text.remove_prefix(length);
  return value;
}

bool consume(std::string_view& text, char c) {
  if (!text.starts_with(c)) {
    return false;
  }
  text.remove_prefix(1);
  return true;
}

// "[+-]hh[:mm[:ss]]"
std::optional<seconds> consume_time(std::string_view& text) {
  const bool negative = consume(text, '-');
  if (!negative) {
    consume(text, '+');
  }
  seconds total{0};
  int unit = 3600;
  do {
    const auto number = consume_number(text, unit == 3600 ? 167 : 59);
    if (!number) {
      return std::nullopt;
    }
    total += seconds{*number * unit};
    unit /= 60;
  } while (unit != 0 && consume(text, ':'));
  return negative ? -total : total;
}

// "CET" or "<+0330>"
bool consume_name(std::string_view& text) {
  if (consume(text, '<')) {
    const std::size_t end = text.find('>');
    if (end == std::string_view::npos || end == 0) {
      return false;
    }
    text.remove_prefix(end + 1);
    return true;
  }
  std::size_t length = 0;
  while (length < text.size() && base::is_alpha(text[length])) {
    ++length;
  }
  text.remove_prefix(length);
  return length >= 3;
}

// "M3.5.0/3", "J60" or "59"
std::optional<ChangeDay> consume_change(std::string_view& text) {
  ChangeDay change;
  if (consume(text, 'M')) {
    const auto month = consume_number(text, 12);
    const auto week = month && consume(text, '.') ? consume_number(text, 5) : std::nullopt;
    const auto day = week && consume(text, '.') ? consume_number(text, 6) : std::nullopt;
    if (!day || *month == 0 || *week == 0) {
      return std::nullopt;
    }
    change.month = *month;
    change.week = *week;
    change.day = *day;
  } else {
    const bool julian = consume(text, 'J');
    const auto day = consume_number(text, 365);
    if (!day || (julian && *day == 0)) {
      return std::nullopt;
    }
    change.kind = julian ? ChangeDay::Kind::JulianWithoutLeapDay : ChangeDay::Kind::DayOfYear;
    change.day = *day;
  }
  if (consume(text, '/')) {
    const auto time = consume_time(text);
    if (!time) {
      return std::nullopt;
    }
    change.time = *time;
  }
  return change;
}

std::chrono::local_days day_in(const ChangeDay& change, std::chrono::year year) {
  using namespace std::chrono;  // NOLINT(google-build-using-namespace): calendar types only
  const local_days january = local_days{year / January / 1};
  switch (change.kind) {
    case ChangeDay::Kind::MonthWeekDay: {
      const auto in_month = year / month{static_cast<unsigned>(change.month)};
      const weekday day{static_cast<unsigned>(change.day)};
      return change.week == 5 ? local_days{in_month / day[last]}
                              : local_days{in_month / day[static_cast<unsigned>(change.week)]};
    }
    case ChangeDay::Kind::JulianWithoutLeapDay:
      return january + days{change.day - 1 + (year.is_leap() && change.day >= 60 ? 1 : 0)};
    case ChangeDay::Kind::DayOfYear:
      break;
  }
  return january + days{change.day};
}

seconds offset_by(const ZoneRule& rule, std::chrono::sys_seconds time) {
  if (!rule.summer) {
    return rule.standard;
  }
  using Local = std::chrono::local_seconds;
  const auto day = std::chrono::floor<std::chrono::days>(time + rule.standard);
  const std::chrono::year year = std::chrono::year_month_day{day}.year();
  // Both in UTC, spelled as local_seconds.
  const Local begin = day_in(rule.begin, year) + rule.begin.time - rule.standard;
  const Local end = day_in(rule.end, year) + rule.end.time - *rule.summer;
  const Local now{time.time_since_epoch()};
  const bool summer = begin < end ? begin <= now && now < end : !(end <= now && now < begin);
  return summer ? *rule.summer : rule.standard;
}

}  // namespace

std::optional<ZoneRule> parse_zone_rule(std::string_view text) {
  ZoneRule rule;
  if (!consume_name(text)) {
    return std::nullopt;
  }
  const auto standard = consume_time(text);
  if (!standard) {
    return std::nullopt;
  }
  rule.standard = -*standard;  // POSIX counts west of Greenwich
  if (text.empty()) {
    return rule;
  }
  if (!consume_name(text)) {
    return std::nullopt;
  }
  rule.summer = rule.standard + seconds{3600};
  if (!text.starts_with(',')) {
    const auto summer = consume_time(text);
    if (!summer) {
      return std::nullopt;
    }
    rule.summer = -*summer;
  }
  const auto begin = consume(text, ',') ? consume_change(text) : std::nullopt;
  const auto end = begin && consume(text, ',') ? consume_change(text) : std::nullopt;
  if (!end || !text.empty()) {
    return std::nullopt;
  }
  rule.begin = *begin;
  rule.end = *end;
  return rule;
}

std::optional<Zone> Zone::parse(std::string_view text) {
  Bytes bytes(text);
  auto header = read_header(bytes);
  std::size_t time_size = 4;
  if (header && header->has_second_block) {
    if (!bytes.take(block_size(*header, 4))) {
      return std::nullopt;
    }
    header = read_header(bytes);
    time_size = 8;
  }
  if (!header || block_size(*header, time_size) > bytes.rest().size()) {
    return std::nullopt;
  }
  const std::string_view times = *bytes.take(header->time_count * time_size);
  const std::string_view indices = *bytes.take(header->time_count);
  const std::string_view types = *bytes.take(header->type_count * std::size_t{6});
  bytes.take(header->char_count + header->leap_count * (time_size + 4) + header->std_count +
             header->ut_count);

  Zone zone;
  const auto offset = [&](std::size_t type) {
    return seconds{big_endian(types.substr(type * 6, 4))};
  };
  for (std::size_t type = 0; type < header->type_count; ++type) {
    if (std::chrono::abs(offset(type)) > kOffsetMax) {
      return std::nullopt;
    }
  }
  zone.before_first_ = offset(0);
  for (std::size_t i = 0; i < header->time_count; ++i) {
    const auto type = static_cast<unsigned char>(indices[i]);
    const std::int64_t at = big_endian(times.substr(i * time_size, time_size));
    if (type >= header->type_count ||
        (!zone.transitions_.empty() && at <= zone.transitions_.back().at)) {
      return std::nullopt;
    }
    zone.transitions_.push_back({at, offset(type)});
  }
  if (time_size == 8) {
    std::string_view footer = bytes.rest();
    if (!consume(footer, '\n') || !footer.ends_with('\n')) {
      return std::nullopt;
    }
    footer.remove_suffix(1);
    if (!footer.empty()) {
      zone.rule_ = parse_zone_rule(footer);
      if (!zone.rule_) {
        return std::nullopt;
      }
    }
  }
  return zone;
}

seconds Zone::offset_at(std::chrono::sys_seconds time) const noexcept {
  const std::int64_t at = time.time_since_epoch().count();
  if (rule_ && (transitions_.empty() || at >= transitions_.back().at)) {
    return offset_by(*rule_, time);
  }
  const auto next =
      std::upper_bound(transitions_.begin(), transitions_.end(), at,
                       [](std::int64_t value, const Transition& t) { return value < t.at; });
  return next == transitions_.begin() ? before_first_ : std::prev(next)->offset;
}

report::LocalInstants Zone::resolve(std::chrono::local_seconds time) const noexcept {
  // The offsets of the day before and the day after are all that can hold: no zone changes twice
  // within two days.
  const std::chrono::sys_seconds as_utc{time.time_since_epoch()};
  const seconds before = offset_at(as_utc - std::chrono::days{1});
  const seconds after = offset_at(as_utc + std::chrono::days{1});
  const std::chrono::sys_seconds first = as_utc - before;
  const std::chrono::sys_seconds second = as_utc - after;
  const bool first_valid = offset_at(first) == before;
  const bool second_valid = offset_at(second) == after;
  if (first_valid == second_valid && first_valid) {
    return {std::min(first, second), std::max(first, second)};
  }
  const std::chrono::sys_seconds only = second_valid ? second : first;
  return {only, only};
}

base::Result<Zone> load_zone(std::string_view name, const std::string& directory) {
  using Kind = base::Error::Kind;
  const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
    return base::is_alnum(c) || c == '/' || c == '_' || c == '-' || c == '+';
  });
  if (!plain || name.starts_with('/') || name.size() > 100) {
    return base::Error{Kind::InvalidInput,
                       fmt::format("\"{}\" is no time zone name", base::printable(name, 100))};
  }
  const std::string path =
      name.empty() ? std::string("/etc/localtime") : fmt::format("{}/{}", directory, name);
  std::ifstream file(path, std::ios::binary);
  std::string bytes(kFileBytesMax + 1, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  const auto size = static_cast<std::size_t>(file.gcount());
  if (size == 0) {
    if (name.empty()) {
      return Zone{};
    }
    return base::Error{Kind::NotFound, fmt::format("{}: no such time zone", path)};
  }
  auto zone =
      size > kFileBytesMax ? std::nullopt : Zone::parse(std::string_view(bytes).substr(0, size));
  if (!zone) {
    return base::Error{Kind::Corrupt, fmt::format("{}: not a time zone file", path)};
  }
  return *std::move(zone);
}

}  // namespace rampart::feed
