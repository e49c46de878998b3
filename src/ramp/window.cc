#include "window.h"

#include <algorithm>
#include <numeric>

namespace rampart::ramp {
namespace {

using base::Micros;
using base::WallTime;
using Peak = Flow::Peak;

constexpr std::int64_t kHoursKept = kHours;
constexpr std::int64_t kFivesOfHour = kFives;
constexpr std::int64_t kFivesRing = kFivesKept;
constexpr std::int64_t kDecayDays = 15;
constexpr Micros kClockSkew =
    std::chrono::minutes{1};  // who reads the clock may wait for the store
constexpr std::int64_t kConfirmAfter =
    2 * kFivesOfHour;  // the hour after, and one for late reports

template <class Ring>
std::uint32_t sum(const Ring& ring) noexcept {
  const auto total = std::accumulate(ring.begin(), ring.end(), std::uint64_t{0});
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(total, kCountMax));
}

std::uint32_t sum_fives(const Flow& flow, std::int64_t first, std::int64_t last) noexcept {
  std::uint32_t total = 0;
  for (std::int64_t five = first; five <= last; ++five) {
    add(total, slot(flow.used_five, five));
  }
  return total;
}

std::int64_t day_of_hour(std::int64_t hour) noexcept {
  return hour / kHoursKept;
}
std::int64_t day_of_five(std::int64_t five) noexcept {
  return five / (kHoursKept * kFivesOfHour);
}

// Ends hour bucket `hour_at` and opens the next. What had been delivered in 24 hours one day ago
// becomes a peak only now, so that today's deliveries never raise today's allowance.
void close_hour(Flow& flow, const Constants& constants) noexcept {
  const std::uint32_t yesterday = slot(flow.lag, flow.hour_at);
  slot(flow.lag, flow.hour_at) = sum(flow.got);
  const WallTime end = hour_start(flow.hour_at + 1, constants);
  const bool blocked =
      flow.last_block != WallTime{} && flow.last_block > end - 2 * day_width(constants);
  if (yesterday > 0 && !blocked) {
    enter_peak(flow.peaks, day_of_hour(flow.hour_at - kHoursKept), yesterday);
  }
  ++flow.hour_at;
  slot(flow.used, flow.hour_at) = 0;
  slot(flow.got, flow.hour_at) = 0;
}

// Ends five-minute bucket `five_at` and opens the next. The hour and the five minutes that ended
// two hours ago are confirmed if no deferral came in them or in the hour after them.
void close_five(Flow& flow, bool feed_healthy) noexcept {
  constexpr std::uint64_t kOneHour = (std::uint64_t{1} << kFives) - 1;
  constexpr std::uint64_t kAfter = kOneHour << kFives;  // of a bucket 24 back: the 12 that followed
  constexpr std::uint64_t kDuring = kOneHour << (2 * kFives);
  const std::int64_t last = flow.five_at - kConfirmAfter;
  if ((flow.spoiled & (kAfter | std::uint64_t{1} << kConfirmAfter)) == 0) {
    const std::uint32_t units = slot(flow.used_five, last);
    if (units > 0) {
      enter_peak(flow.best_five, day_of_five(last), units);
    }
    const std::uint32_t of_hour = sum_fives(flow, last - kFivesOfHour + 1, last);
    if (of_hour > 0 && (flow.spoiled & kDuring) == 0) {
      enter_peak(flow.best_hour, day_of_five(last), of_hour);
    }
  }
  ++flow.five_at;
  slot(flow.used_five, flow.five_at) = 0;
  flow.spoiled = flow.spoiled << 1 | (feed_healthy ? 0U : 1U);
}

// A clock set back by more than a window: what the buckets hold counts as if it had just happened.
template <class Ring>
void move_ring(Ring& ring, std::int64_t from, std::int64_t to) noexcept {
  const Ring old = ring;
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(ring.size()); ++i) {
    slot(ring, to - i) = slot(old, from - i);
  }
}

void bring_back_peaks(std::span<Peak> peaks, std::int64_t today) noexcept {
  for (std::size_t i = 0; i < peaks.size() && peaks[i].day != 0; ++i) {
    if (peaks[i].day > today) {
      peaks[i].day = static_cast<std::int32_t>(today);  // the highest of the days ahead
      std::fill(peaks.begin() + static_cast<std::ptrdiff_t>(i) + 1, peaks.end(), Peak{});
      if (i > 0 && peaks[i - 1].day == peaks[i].day) {
        peaks[i] = Peak{};  // counts fall: today's own is the higher
      }
      return;
    }
  }
}

void not_after(WallTime& time, WallTime latest) noexcept {
  time = std::min(time, latest);
}

}  // namespace

void bring_back(Flow& flow, const Context& context) {
  const std::int64_t hour = hour_bucket(context.now, context.constants);
  if (flow.hour_at - hour >= kHoursKept) {
    move_ring(flow.used, flow.hour_at, hour);
    move_ring(flow.got, flow.hour_at, hour);
    move_ring(flow.lag, flow.hour_at - 1, hour - 1);
    flow.hour_at = hour;
  }
  const std::int64_t five = five_bucket(context.now, context.constants);
  if (flow.five_at - five >= kFivesOfHour) {
    move_ring(flow.used_five, flow.five_at, five);
    flow.five_at = five;
  }
  if (flow.touched > context.now + kClockSkew) {
    // As far ahead of now as it was of the last touch: nobody waits for the clock to catch up.
    const Micros back = flow.touched - context.now;
    flow.next_at = std::max(WallTime{}, flow.next_at - back);
    flow.next_at_transactional = std::max(WallTime{}, flow.next_at_transactional - back);
    flow.touched = context.now;
  }
}

std::int64_t hour_bucket(WallTime time, const Constants& constants) noexcept {
  return std::max<std::int64_t>(0, time.time_since_epoch().count()) /
         std::max<std::int64_t>(kFivesOfHour, constants.hour.count());
}

Micros five_width(const Constants& constants) noexcept {
  return Micros{std::max<std::int64_t>(1, constants.hour.count() / kFivesOfHour)};
}

Micros day_width(const Constants& constants) noexcept {
  return constants.hour * kHoursKept;
}

std::int64_t five_bucket(WallTime time, const Constants& constants) noexcept {
  return std::max<std::int64_t>(0, time.time_since_epoch().count()) / five_width(constants).count();
}

WallTime hour_start(std::int64_t bucket, const Constants& constants) noexcept {
  return WallTime{constants.hour * bucket};
}

WallTime five_start(std::int64_t bucket, const Constants& constants) noexcept {
  return WallTime{five_width(constants) * bucket};
}

void enter_peak(std::span<Peak> peaks, std::int64_t day, std::uint32_t count) noexcept {
  const Peak entry{static_cast<std::int32_t>(day), count};
  const auto is_empty = [](const Peak& peak) {
    return peak.day == 0;
  };
  const auto end = std::find_if(peaks.begin(), peaks.end(), is_empty);
  const auto covers = [](const Peak& a, const Peak& b) {
    return a.day >= b.day && a.got >= b.got;
  };
  if (std::any_of(peaks.begin(), end, [&](const Peak& peak) { return covers(peak, entry); })) {
    return;
  }
  const auto kept =
      std::remove_if(peaks.begin(), end, [&](const Peak& peak) { return covers(entry, peak); });
  std::fill(kept, end, Peak{});
  auto size = kept - peaks.begin();
  if (size == static_cast<std::ptrdiff_t>(peaks.size())) {
    // Full: let the one go whose absence is felt least once those before it are forgotten.
    auto least = peaks.begin() + 1;
    for (auto it = peaks.begin() + 1; it + 1 != peaks.end(); ++it) {
      if (it->got - (it + 1)->got <
          least->got - (least + 1 == peaks.end() ? 0 : (least + 1)->got)) {
        least = it;
      }
    }
    std::move(least + 1, peaks.end(), least);
    peaks.back() = Peak{};
    --size;
  }
  auto place = peaks.begin() + size;
  for (; place != peaks.begin() && (place - 1)->day > entry.day; --place) {
    *place = *(place - 1);
  }
  *place = entry;
}

void advance(Flow& flow, const Context& context) {
  const std::int64_t hour = hour_bucket(context.now, context.constants);
  const std::int64_t five = five_bucket(context.now, context.constants);
  if (flow.hour_at == 0) {
    flow.hour_at = hour;
    flow.five_at = five;
  }
  // After two days of nothing every slot is zero: the remaining hours change nothing.
  const std::int64_t hours = std::min<std::int64_t>(hour - flow.hour_at, 2 * kHoursKept);
  for (std::int64_t i = 0; i < hours; ++i) {
    close_hour(flow, context.constants);
  }
  flow.hour_at = std::max(flow.hour_at, hour);
  const std::int64_t fives = std::min<std::int64_t>(five - flow.five_at, 64);
  for (std::int64_t i = 0; i < fives; ++i) {
    close_five(flow, context.feed_healthy);
  }
  flow.five_at = std::max(flow.five_at, five);
  if (!context.feed_healthy) {
    flow.spoiled |= 1;
  }
}

void roll(Flow& flow, const Context& context) {
  const WallTime now = context.now;
  bring_back(flow, context);
  const std::int64_t hour = hour_bucket(now, context.constants);
  const std::int64_t today = day_of_hour(std::max(flow.hour_at, hour));
  bring_back_peaks(flow.peaks, today);
  bring_back_peaks(flow.best_hour, today);
  bring_back_peaks(flow.best_five, today);
  advance(flow, context);
  not_after(flow.pause_until, now + std::max(flow.pause_len, flow.block_len));
  for (WallTime* time : {&flow.limit_at, &flow.run_at, &flow.extra_at, &flow.last_deferral,
                         &flow.last_block, &flow.deferred_at, &flow.touched, &flow.reported_at}) {
    not_after(*time, now);
  }
  if (flow.extra > 0 && now > flow.extra_at + day_width(context.constants)) {
    flow.extra = 0;
  }
  if (now > flow.touched + context.constants.forget_after) {
    flow.in_flight = 0;
    flow.deferred = 0;
  }
}

void roll(Health& health, const Context& context) {
  if (health.stop_len > Micros{0}) {
    not_after(health.stop_until, context.now + health.stop_len);
  }
}

bool book_used(Flow& flow, const Context& context, std::uint32_t units) noexcept {
  const std::int64_t hour = hour_bucket(context.now, context.constants);
  if (hour <= flow.hour_at - kHoursKept) {
    return false;
  }
  add(slot(flow.used, hour), units);
  const std::int64_t five = five_bucket(context.now, context.constants);
  if (five > flow.five_at - kFivesRing) {
    add(slot(flow.used_five, five), units);
  }
  return true;
}

void unbook_used(Flow& flow,
                 const Constants& constants,
                 WallTime time,
                 std::uint32_t units) noexcept {
  const std::int64_t hour = hour_bucket(time, constants);
  if (hour > flow.hour_at - kHoursKept && hour <= flow.hour_at) {
    subtract(slot(flow.used, hour), units);
  }
  const std::int64_t five = five_bucket(time, constants);
  if (five > flow.five_at - kFivesRing && five <= flow.five_at) {
    subtract(slot(flow.used_five, five), units);
  }
}

// Calls `change(bucket)` for the hour of a delivery, and for the 24-hour sums of the hours that
// were closed since then without it: a report may come late.
template <class Change>
void change_got(Flow& flow, const Context& context, Change&& change) noexcept {
  const std::int64_t hour = hour_bucket(context.now, context.constants);
  if (hour > flow.hour_at - kHoursKept && hour <= flow.hour_at) {
    change(slot(flow.got, hour));
  }
  const std::int64_t first = std::max(hour, flow.hour_at - kHoursKept);
  const std::int64_t last = std::min(hour + kHoursKept, flow.hour_at) - 1;
  for (std::int64_t closed = first; closed <= last; ++closed) {
    change(slot(flow.lag, closed));
  }
}

void book_got(Flow& flow, const Context& context) noexcept {
  change_got(flow, context, [](std::uint32_t& bucket) { add(bucket, 1); });
}

void unbook_got(Flow& flow, const Context& context) noexcept {
  change_got(flow, context, [](std::uint32_t& bucket) { subtract(bucket, 1); });
}

void book_harm(Flow& flow, const Context& context) noexcept {
  const std::int64_t back = flow.five_at - five_bucket(context.now, context.constants);
  if (back < 64) {
    flow.spoiled |= std::uint64_t{1} << std::max<std::int64_t>(0, back);
  }
}

std::uint32_t sum_used_day(const Flow& flow) noexcept {
  return sum(flow.used);
}
std::uint32_t sum_got_day(const Flow& flow) noexcept {
  return sum(flow.got);
}
std::uint32_t sum_used_hour(const Flow& flow) noexcept {
  return sum_fives(flow, flow.five_at - kFivesOfHour + 1, flow.five_at);
}

namespace {

// What a peak counts today.
std::uint32_t worth(const Peak& peak,
                    std::int64_t today,
                    const Constants& constants,
                    std::uint32_t start) noexcept {
  const Micros day = day_width(constants);
  const Micros beyond = (today - peak.day) * day - constants.memory;
  if (beyond <= Micros{0}) {
    return peak.got;
  }
  const std::int64_t halvings = std::min<std::int64_t>(31, beyond / (kDecayDays * day));
  return std::max(peak.got >> halvings, std::min(peak.got, start));
}

}  // namespace

Peak level_peak(const Flow& flow, const Constants& constants, std::uint32_t start) noexcept {
  const std::int64_t today = day_of_hour(flow.hour_at);
  Peak best;
  for (const Peak& peak : flow.peaks) {
    if (peak.day == 0) {
      break;
    }
    if (worth(peak, today, constants, start) > worth(best, today, constants, start)) {
      best = peak;
    }
  }
  return best;
}

std::uint32_t level(const Flow& flow, const Constants& constants, std::uint32_t start) noexcept {
  return worth(level_peak(flow, constants, start), day_of_hour(flow.hour_at), constants, start);
}

std::uint32_t best_within_memory(const Flow& flow,
                                 std::span<const Peak> bests,
                                 const Constants& constants) noexcept {
  const std::int64_t today = day_of_hour(flow.hour_at);
  for (const Peak& peak : bests) {  // counts fall: the first one not too old is the highest
    if (peak.day != 0 && (today - peak.day) * day_width(constants) <= constants.memory) {
      return peak.got;
    }
  }
  return 0;
}

WallTime day_frees_at(const Flow& flow, const Constants& constants, std::uint32_t room) noexcept {
  std::uint32_t left = sum_used_day(flow);
  std::int64_t hour = flow.hour_at - kHoursKept;
  while (left > room && hour < flow.hour_at) {
    ++hour;
    subtract(left, slot(flow.used, hour));
  }
  return hour_start(hour + kHoursKept, constants);
}

WallTime hour_frees_at(const Flow& flow, const Constants& constants, std::uint32_t room) noexcept {
  std::uint32_t left = sum_used_hour(flow);
  std::int64_t five = flow.five_at - kFivesOfHour;
  while (left > room && five < flow.five_at) {
    ++five;
    subtract(left, slot(flow.used_five, five));
  }
  return five_start(five + kFivesOfHour, constants);
}

}  // namespace rampart::ramp
