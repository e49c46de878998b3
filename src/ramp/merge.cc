#include "rampart/ramp/merge.h"

#include <algorithm>
#include <span>

#include "window.h"

namespace rampart::ramp {
namespace {

using base::WallTime;
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

// Volume and what became of it, without what is still under way.
void take_windows(Flow& live, const Flow& seeded) {
  live.used = seeded.used;
  live.got = seeded.got;
  live.lag = seeded.lag;
  live.used_five = seeded.used_five;
  live.hour_at = seeded.hour_at;
  live.five_at = seeded.five_at;
  live.spoiled = seeded.spoiled;
  live.last_deferral = seeded.last_deferral;
  live.last_block = seeded.last_block;
  live.touched = seeded.touched;
  live.reported_at = seeded.reported_at;
}

}  // namespace

bool merge_history(Flow& live, const Flow& seeded, const Context& context) {
  Flow past = seeded;
  roll(past, context);
  roll(live, context);
  const Flow before = live;
  if (live.touched == WallTime{} && live.reported_at == WallTime{}) {
    take_windows(live, past);
  }
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
