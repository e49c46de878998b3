#include "rampart/report/stamp.h"

#include <algorithm>
#include <utility>

#include "rampart/base/month.h"
#include "rampart/base/text.h"

namespace rampart::report {
namespace {

using base::WallTime;
using std::chrono::days;
using std::chrono::local_days;
using std::chrono::local_seconds;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::year;
using std::chrono::year_month_day;

constexpr days kFutureMax{1};       // clocks and zones differ; years do not differ by a day
constexpr days kStepBackMax{1};     // a clock that was set, within one log
constexpr minutes kDisorderMax{5};  // lines of several processes are not in exact order
constexpr int kYearsBack = 8;       // far enough to meet a 29 February

struct Traditional {
  std::chrono::month_day date{};
  seconds time{0};
  base::Micros fraction{0};
  std::size_t length = 0;
};

// Two digits, the first of which may be a blank if `padded`; -1 if there are none.
int two_digits(std::string_view text, bool padded) noexcept {
  const bool blank = padded && text[0] == ' ';
  if ((!blank && !base::is_digit(text[0])) || !base::is_digit(text[1])) {
    return -1;
  }
  return (blank ? 0 : text[0] - '0') * 10 + (text[1] - '0');
}

// "Nov 21 00:03:38" or, as journalctl writes it on demand, "Nov 21 00:03:38.123456".
std::optional<Traditional> parse_traditional(std::string_view line) noexcept {
  constexpr std::size_t kLength = 15;
  if (line.size() < kLength || line[3] != ' ' || line[6] != ' ' || line[9] != ':' ||
      line[12] != ':') {
    return std::nullopt;
  }
  // Both MTAs' libraries write "Nov", never "nov".
  const bool spelled =
      base::is_upper(line[0]) && base::is_lower(line[1]) && base::is_lower(line[2]);
  const auto month = spelled ? base::parse_month(line.substr(0, 3)) : std::nullopt;
  const int day = two_digits(line.substr(4), true);
  const int hour = two_digits(line.substr(7), false);
  const int minute = two_digits(line.substr(10), false);
  const int second = two_digits(line.substr(13), false);
  if (!month || day < 1 || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 ||
      second > 60) {
    return std::nullopt;
  }
  Traditional stamp;
  stamp.date = *month / std::chrono::day{static_cast<unsigned>(day)};
  if (!stamp.date.ok()) {
    return std::nullopt;
  }
  stamp.time = std::chrono::hours{hour} + minutes{minute} + seconds{second};
  stamp.length = kLength;
  if (line.size() > kLength && line[kLength] == '.') {
    base::Micros place{100'000};
    for (++stamp.length; stamp.length < line.size() && base::is_digit(line[stamp.length]);
         ++stamp.length) {
      stamp.fraction += place * (line[stamp.length] - '0');
      place /= 10;
    }
  }
  if (stamp.length < line.size() && line[stamp.length] != ' ') {
    return std::nullopt;
  }
  return stamp;
}

void skip_blanks(std::string_view& line) noexcept {
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
}

}  // namespace

LocalTimeRule fixed_offset(seconds east) {
  return [east](local_seconds civil) {
    const WallTime utc{civil.time_since_epoch() - east};
    return LocalInstants{utc, utc};
  };
}

StampReader::StampReader(LocalTimeRule rule, WallTime reference, StampState state)
    : rule_(rule ? std::move(rule) : fixed_offset(seconds{0})),
      reference_(reference),
      state_(state) {}

void StampReader::set_reference(WallTime reference) noexcept {
  reference_ = reference;
  memo_time_ = seconds{-1};
}

std::optional<WallTime> StampReader::consume(std::string_view& line) {
  if (line.empty()) {
    return std::nullopt;
  }
  if (base::is_digit(line.front())) {
    const std::size_t end = std::min(line.find(' '), line.size());
    const auto time = base::parse_rfc3339(line.substr(0, end));
    if (!time) {
      return std::nullopt;
    }
    line.remove_prefix(end);
    skip_blanks(line);
    return note(*time);
  }
  const auto stamp = parse_traditional(line);
  if (!stamp) {
    return std::nullopt;
  }
  line.remove_prefix(stamp->length);
  skip_blanks(line);
  if (stamp->time != memo_time_ || stamp->date != memo_date_) {
    memo_result_ = resolve(stamp->date, stamp->time);
    memo_time_ = stamp->time;
    memo_date_ = stamp->date;
  }
  return note(memo_result_ + stamp->fraction);
}

// The last instant is the clamped one: a line from the far future must not date the lines after it.
WallTime StampReader::note(WallTime time) noexcept {
  time = std::min(time, reference_);
  state_.last_micros = time.time_since_epoch().count();
  return time;
}

WallTime StampReader::to_utc(local_seconds civil) const {
  const LocalInstants instants = rule_(civil);
  if (state_.last_micros == 0) {
    return instants.earlier;
  }
  const WallTime last{base::Micros{state_.last_micros}};
  return instants.earlier >= last - kDisorderMax ? instants.earlier : instants.later;
}

WallTime StampReader::resolve(const std::chrono::month_day& date, seconds time_of_day) const {
  const WallTime newest = reference_ + kFutureMax;
  const WallTime last{base::Micros{state_.last_micros}};
  const year_month_day reference_date{std::chrono::floor<days>(newest)};
  const int reference_year = static_cast<int>(reference_date.year());
  std::optional<WallTime> found;
  // From the newest year down: the oldest that still follows the last stamp, else the newest.
  for (int back = -1; back <= kYearsBack; ++back) {
    const year_month_day day{year{reference_year - back}, date.month(), date.day()};
    if (!day.ok()) {
      continue;
    }
    const WallTime time = to_utc(local_days{day} + time_of_day);
    if (time > newest) {
      continue;
    }
    if (found && (state_.last_micros == 0 || time < last - kStepBackMax)) {
      break;
    }
    found = time;
  }
  return found.value_or(reference_);
}

}  // namespace rampart::report
