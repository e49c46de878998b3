#include "rampart/suppression/index.h"

#include <algorithm>
#include <cmath>

namespace rampart::suppression {
namespace {

constexpr std::uint64_t kCountMax = 0xff;
constexpr std::uint64_t kCountMask = kCountMax;
constexpr std::size_t kSlotsMin = 8;

std::uint64_t hash_part(std::uint64_t slot) noexcept {
  return slot & ~kCountMask;
}
std::uint64_t count_part(std::uint64_t slot) noexcept {
  return slot & kCountMask;
}

// Room for `keys` at a load of 0.85.
std::size_t slots_for(std::size_t keys) noexcept {
  return std::max(kSlotsMin, keys + keys / 17 * 3 + 3);
}

// Where a hash would like to be: in proportion, so that any number of slots will do.
std::size_t home_of(std::uint64_t hash, std::size_t slots) noexcept {
  const std::uint64_t fraction = (hash << Index::kSegmentBits) >> 32;
  return static_cast<std::size_t>((fraction * slots) >> 32);
}

std::size_t next_of(std::size_t at, std::size_t slots) noexcept {
  return at + 1 == slots ? 0 : at + 1;
}

// The slot that holds the hash, or the free one where it belongs.
std::size_t find_slot(const std::vector<std::uint64_t>& slots, std::uint64_t hash) noexcept {
  std::size_t at = home_of(hash, slots.size());
  while (slots[at] != 0 && hash_part(slots[at]) != hash) {
    at = next_of(at, slots.size());
  }
  return at;
}

}  // namespace

Index::Index(base::HashKey key) : key_(key), segments_(kSegments) {}

std::uint64_t Index::hash_of(std::string_view key) const noexcept {
  return hash_part(base::siphash(key_, key));
}

std::size_t Index::segment_of(std::uint64_t hash) noexcept {
  return hash >> (64 - kSegmentBits);
}

void Index::resize(Segment& segment, std::size_t slots) {
  std::vector<std::uint64_t> grown(slots);
  for (const std::uint64_t slot : segment.slots) {
    if (slot != 0) {
      grown[find_slot(grown, hash_part(slot))] = slot;
    }
  }
  segment.slots = std::move(grown);
}

void Index::reserve(std::size_t keys) {
  // Keys spread over the segments like coins: five standard deviations cover the fullest.
  const double mean = static_cast<double>(keys) / static_cast<double>(kSegments);
  const auto fullest = static_cast<std::size_t>(std::ceil(mean + 5 * std::sqrt(mean)));
  for (Segment& segment : segments_) {
    if (keys > 0 && slots_for(fullest) > segment.slots.size()) {
      resize(segment, slots_for(fullest));
    }
  }
}

void Index::insert(std::string_view key) {
  const std::uint64_t hash = hash_of(key);
  Segment& segment = segments_[segment_of(hash)];
  if (slots_for(segment.used + 1) > segment.slots.size()) {
    resize(segment, slots_for(segment.used + segment.used / 4 + 1));
  }
  std::uint64_t& slot = segment.slots[find_slot(segment.slots, hash)];
  ++size_;
  if (slot == 0) {
    slot = hash | 1;
    ++segment.used;
  } else if (count_part(slot) < kCountMax) {
    ++slot;
  } else {
    ++more_[hash];
  }
}

void Index::erase(std::string_view key) {
  const std::uint64_t hash = hash_of(key);
  Segment& segment = segments_[segment_of(hash)];
  if (segment.used == 0) {
    return;
  }
  const std::size_t at = find_slot(segment.slots, hash);
  std::uint64_t& slot = segment.slots[at];
  if (slot == 0) {
    return;
  }
  --size_;
  if (const auto more = more_.find(hash); more != more_.end()) {
    if (--more->second == 0) {
      more_.erase(more);
    }
  } else if (count_part(slot) > 1) {
    --slot;
  } else {
    free_slot(segment, at);
  }
}

// Moves later slots back over the gap, so that no probe ends too early and none grows longer.
void Index::free_slot(Segment& segment, std::size_t gap) noexcept {
  std::vector<std::uint64_t>& slots = segment.slots;
  const std::size_t count = slots.size();
  for (std::size_t at = next_of(gap, count); slots[at] != 0; at = next_of(at, count)) {
    const std::size_t home = home_of(hash_part(slots[at]), count);
    const std::size_t from_home = at >= home ? at - home : at + count - home;
    const std::size_t from_gap = at >= gap ? at - gap : at + count - gap;
    if (from_home >= from_gap) {
      slots[gap] = slots[at];
      gap = at;
    }
  }
  slots[gap] = 0;
  --segment.used;
}

bool Index::may_contain(std::string_view key) const noexcept {
  const std::uint64_t hash = hash_of(key);
  const Segment& segment = segments_[segment_of(hash)];
  return segment.used > 0 && segment.slots[find_slot(segment.slots, hash)] != 0;
}

std::size_t Index::size() const noexcept {
  return size_;
}

std::size_t Index::memory_bytes() const noexcept {
  std::size_t bytes = segments_.size() * sizeof(Segment);
  for (const Segment& segment : segments_) {
    bytes += segment.slots.capacity() * sizeof(std::uint64_t);
  }
  // A node of the map: link, cached hash or padding, key and count.
  constexpr std::size_t kNodeBytes = 4 * sizeof(std::uint64_t);
  return bytes + more_.size() * kNodeBytes + more_.bucket_count() * sizeof(void*);
}

}  // namespace rampart::suppression
