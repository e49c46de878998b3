// The buckets of a flow: hours, twelfths of an hour, the level they leave behind, the best that was
// taken without harm.
//
// Pure: any thread.
// Units: bucket and day numbers count from 1970 in widths of Constants::hour, its twelfth, its
// 24-fold.

#pragma once

#include <cstdint>
#include <span>

#include "rampart/ramp/flow.h"

namespace rampart::ramp {

inline constexpr std::uint32_t kCountMax = kUnlimited - 1;
inline constexpr base::WallTime kTimeMax{base::Micros{253'402'300'799'000'000LL}};  ///< end of 9999

/// The place of a bucket in its ring.
template <class Ring>
auto& slot(Ring& ring, std::int64_t bucket) noexcept {
  return ring[static_cast<std::size_t>(bucket) % ring.size()];
}

/// Adds without wrapping; kUnlimited is never reached.
constexpr void add(std::uint32_t& count, std::uint32_t by) noexcept {
  count = by > kCountMax - count ? kCountMax : count + by;
}
/// Subtracts, not below zero.
constexpr void subtract(std::uint32_t& count, std::uint32_t by) noexcept {
  count = by > count ? 0 : count - by;
}

std::int64_t hour_bucket(base::WallTime time, const Constants& constants) noexcept;
std::int64_t five_bucket(base::WallTime time, const Constants& constants) noexcept;
base::WallTime hour_start(std::int64_t bucket, const Constants& constants) noexcept;
base::WallTime five_start(std::int64_t bucket, const Constants& constants) noexcept;
base::Micros five_width(const Constants& constants) noexcept;
base::Micros day_width(const Constants& constants) noexcept;

/// Moves the windows forward to an event's time; an older event moves nothing.
void advance(Flow& flow, const Context& context);

/// Books `units` admitted at `context.now`. @return false if that is older than the day's window
bool book_used(Flow& flow, const Context& context, std::uint32_t units) noexcept;
/// Takes `units` booked at `time` out again; what is not there any more stays out.
void unbook_used(Flow& flow,
                 const Constants& constants,
                 base::WallTime time,
                 std::uint32_t units) noexcept;
/// Books one delivery at `context.now`, however late it is reported.
void book_got(Flow& flow, const Context& context) noexcept;
/// Takes one delivery back.
void unbook_got(Flow& flow, const Context& context) noexcept;
/// Notes a deferral or block at `context.now`: what was admitted within the hour before did harm.
void book_harm(Flow& flow, const Context& context) noexcept;

std::uint32_t sum_used_day(const Flow& flow) noexcept;
std::uint32_t sum_got_day(const Flow& flow) noexcept;
std::uint32_t sum_used_hour(const Flow& flow) noexcept;

/// The level at the flow's newest hour: the highest peak within memory; older ones count half for
/// each further 15 days, not below `start` (unless they never were above it).
std::uint32_t level(const Flow& flow, const Constants& constants, std::uint32_t start) noexcept;
/// The day that the level comes from, with what was delivered then; empty without a level.
Flow::Peak level_peak(const Flow& flow, const Constants& constants, std::uint32_t start) noexcept;
/// The highest of `bests` within memory.
std::uint32_t best_within_memory(const Flow& flow,
                                 std::span<const Flow::Peak> bests,
                                 const Constants& constants) noexcept;

/// Enters a day's count into a table of rising days and falling counts.
void enter_peak(std::span<Flow::Peak> peaks, std::int64_t day, std::uint32_t count) noexcept;

/// When the oldest buckets of the day (hour) will have left, so that at most `room` units remain.
base::WallTime day_frees_at(const Flow& flow,
                            const Constants& constants,
                            std::uint32_t room) noexcept;
base::WallTime hour_frees_at(const Flow& flow,
                             const Constants& constants,
                             std::uint32_t room) noexcept;

}  // namespace rampart::ramp
