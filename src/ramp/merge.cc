#include "rampart/ramp/merge.h"

#include <algorithm>
#include <span>

#include "window.h"

namespace rampart::ramp {
namespace {

using Peak = Flow::Peak;

// Highest first. Into a full table only what is above all of it: what was squeezed out must not
// squeeze out something else the next time.
void raise_peaks(std::span<Peak> live, std::span<const Peak> seeded) {
  for (const Peak& peak : seeded) {
    if (peak.day <= 0 || peak.got == 0) {
      continue;
    }
    const bool full = live.back().day != 0;
    const bool covers_some = std::any_of(live.begin(), live.end(), [&](const Peak& known) {
      return known.day != 0 && peak.day >= known.day && peak.got >= known.got;
    });
    if (!full || covers_some || peak.got > live.front().got) {
      enter_peak(live, peak.day, peak.got);
    }
  }
}

void raise_to(std::uint32_t& count, std::uint32_t least) noexcept {
  count = std::max(count, least);
}

// The oldest hour, or twelfth of one, in which something is counted; the one after the newest
// without any.
std::int64_t first_hour(const Flow& flow) noexcept {
  std::int64_t hour = flow.hour_at - std::int64_t{kHours} + 1;
  while (hour <= flow.hour_at && slot(flow.used, hour) == 0 && slot(flow.got, hour) == 0) {
    ++hour;
  }
  return hour;
}
std::int64_t first_five(const Flow& flow) noexcept {
  std::int64_t five = flow.five_at - std::int64_t{kFivesKept} + 1;
  while (five <= flow.five_at && slot(flow.used_five, five) == 0) {
    ++five;
  }
  return five;
}

// The volume of the hours before `live` was first used, and what became of it. In the hour of its
// first use the logs tell of its own mail as well: the higher count is all of it. Later mail it has
// counted itself, at the admission, which may be an hour before the log tells of it.
void take_windows(Flow& live, const Flow& past) {
  const std::int64_t newest = std::min(live.hour_at, past.hour_at);
  const std::int64_t oldest = std::max(live.hour_at, past.hour_at) - std::int64_t{kHours} + 1;
  const std::int64_t begin = first_hour(live);
  if (begin <= oldest) {
    return;
  }
  const std::int64_t begin_five = first_five(live);
  const bool used_before = begin_five / std::int64_t{kFives} > begin;
  for (std::int64_t hour = oldest; hour <= std::min(begin, newest); ++hour) {
    raise_to(slot(live.used, hour), slot(past.used, hour));
    const std::uint32_t got = slot(live.got, hour);
    raise_to(slot(live.got, hour), slot(past.got, hour));
    for (std::int64_t closed = hour; closed < newest; ++closed) {
      add(slot(live.lag, closed), slot(live.got, hour) - got);
    }
  }
  for (std::int64_t closed = oldest - 1; closed < newest; ++closed) {
    raise_to(slot(live.lag, closed), slot(past.lag, closed));  // knows also what lies before
  }
  const std::int64_t oldest_five =
      std::max(live.five_at, past.five_at) - std::int64_t{kFivesKept} + 1;
  const std::int64_t newest_five = std::min({begin_five, live.five_at, past.five_at});
  for (std::int64_t five = oldest_five; !used_before && five <= newest_five; ++five) {
    raise_to(slot(live.used_five, five), slot(past.used_five, five));
  }
  if (live.five_at == past.five_at) {
    live.spoiled |= past.spoiled;
  }
  live.last_deferral = std::max(live.last_deferral, past.last_deferral);
  live.last_block = std::max(live.last_block, past.last_block);
  live.touched = std::max(live.touched, past.touched);
  live.reported_at = std::max(live.reported_at, past.reported_at);
}

}  // namespace

bool merge_history(Flow& live, const Flow& seeded, const Context& context) {
  Flow past = seeded;
  roll(past, context);
  roll(live, context);
  const Flow before = live;
  take_windows(live, past);
  raise_peaks(live.peaks, past.peaks);
  raise_peaks(live.best_hour, past.best_hour);
  raise_peaks(live.best_five, past.best_five);
  if (past.limit > 0 && past.limit_at > live.limit_at &&
      context.now < past.limit_at + context.constants.limited_for) {
    live.limit = past.limit;
    live.limit_at = past.limit_at;
    live.limit_by_block = past.limit_by_block;
  }
  return live != before;
}

}  // namespace rampart::ramp
