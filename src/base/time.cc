#include "rampart/base/time.h"

#include <array>
#include <charconv>

#include <fmt/format.h>

#include "rampart/base/text.h"

namespace rampart::base {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only

constexpr Micros kDurationMax = std::chrono::hours{24 * 365 * 100};

struct Unit {
  std::string_view name;
  Micros length;
};

constexpr std::array<Unit, 6> kUnits{{{"w", std::chrono::hours{168}},
                                      {"d", std::chrono::hours{24}},
                                      {"h", 1h},
                                      {"m", 1min},
                                      {"s", 1s},
                                      {"ms", 1ms}}};

std::optional<Micros> find_unit(std::string_view name) noexcept {
  for (const Unit& unit : kUnits) {
    if (unit.name == name) {
      return unit.length;
    }
  }
  return std::nullopt;
}

// Two or four digits at `at`, or -1.
int digits(std::string_view text, std::size_t at, std::size_t count) noexcept {
  if (at + count > text.size()) {
    return -1;
  }
  int value = 0;
  for (const char c : text.substr(at, count)) {
    if (!is_digit(c)) {
      return -1;
    }
    value = value * 10 + (c - '0');
  }
  return value;
}

// The zone at the end of a stamp as an offset from UTC.
std::optional<Micros> parse_zone(std::string_view text) noexcept {
  if (text == "Z" || text == "z") {
    return Micros{0};
  }
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') {
    return std::nullopt;
  }
  const int hours = digits(text, 1, 2);
  const int minutes = digits(text, 4, 2);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) {
    return std::nullopt;
  }
  const Micros offset = std::chrono::hours{hours} + std::chrono::minutes{minutes};
  return text[0] == '-' ? -offset : offset;
}

}  // namespace

WallTime SystemClock::wall_now() const noexcept {
  return std::chrono::time_point_cast<Micros>(std::chrono::system_clock::now());
}

SteadyTime SystemClock::steady_now() const noexcept {
  return std::chrono::time_point_cast<Micros>(std::chrono::steady_clock::now());
}

std::optional<Micros> parse_duration(std::string_view text) noexcept {
  if (text.empty()) {
    return std::nullopt;
  }
  Micros total{0};
  while (!text.empty()) {
    long long count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc{} || count < 0) {
      return std::nullopt;
    }
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    std::size_t length = 0;
    while (length < text.size() && text[length] >= 'a' && text[length] <= 'z') {
      ++length;
    }
    const auto unit = find_unit(text.substr(0, length));
    if (!unit || count > kDurationMax / *unit) {
      return std::nullopt;
    }
    total += *unit * count;
    if (total > kDurationMax) {
      return std::nullopt;
    }
    text.remove_prefix(length);
  }
  return total;
}

std::string format_duration(Micros duration) {
  if (duration <= Micros{0}) {
    return "0s";
  }
  if (duration < 1s) {
    return fmt::format("{}ms", std::chrono::ceil<std::chrono::milliseconds>(duration).count());
  }
  static constexpr std::array<Unit, 4> kShown{
      {{"d", std::chrono::hours{24}}, {"h", 1h}, {"m", 1min}, {"s", 1s}}};
  for (std::size_t i = 0; i < kShown.size(); ++i) {
    const bool last = i + 1 == kShown.size();
    const Micros step = last ? kShown[i].length : kShown[i + 1].length;
    // Rounded up to what is shown; rounding may carry into the larger unit.
    const long long steps = (duration + step - Micros{1}) / step;
    const Micros rounded = step * steps;
    if (rounded < kShown[i].length) {
      continue;
    }
    const long long whole = rounded / kShown[i].length;
    const long long rest = (rounded % kShown[i].length) / step;
    if (last || rest == 0) {
      return fmt::format("{}{}", whole, kShown[i].name);
    }
    return fmt::format("{}{} {}{}", whole, kShown[i].name, rest, kShown[i + 1].name);
  }
  return "0s";
}

std::string format_utc(WallTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{std::chrono::floor<std::chrono::seconds>(time - day)};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

std::string format_clock(WallTime time, WallTime now) {
  // Rounded up to the minute: whoever comes back at the time told must not be early.
  const WallTime minute = std::chrono::ceil<std::chrono::minutes>(time);
  const std::string full = format_utc(minute);
  if (day_number(minute) == day_number(now)) {
    return full.substr(11, 5);
  }
  return full.substr(0, 10) + ' ' + full.substr(11, 5);
}

std::optional<WallTime> parse_rfc3339(std::string_view text) noexcept {
  const int year = digits(text, 0, 4);
  const int month = digits(text, 5, 2);
  const int day = digits(text, 8, 2);
  const int hour = digits(text, 11, 2);
  const int minute = digits(text, 14, 2);
  const int second = digits(text, 17, 2);
  if (year < 1970 || month < 1 || day < 1 || hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
      second < 0 || second > 60 || text[4] != '-' || text[7] != '-' ||
      (text[10] != 'T' && text[10] != 't') || text[13] != ':' || text[16] != ':') {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year{year},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok()) {
    return std::nullopt;
  }
  text.remove_prefix(19);
  Micros fraction{0};
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    std::size_t length = 0;
    Micros place{100'000};
    while (length < text.size() && is_digit(text[length])) {
      fraction += place * (text[length] - '0');
      place /= 10;
      ++length;
    }
    if (length == 0) {
      return std::nullopt;
    }
    text.remove_prefix(length);
  }
  const auto zone = parse_zone(text);
  if (!zone) {
    return std::nullopt;
  }
  return WallTime{std::chrono::sys_days{date}} + std::chrono::hours{hour} +
         std::chrono::minutes{minute} + std::chrono::seconds{second} + fraction - *zone;
}

}  // namespace rampart::base
