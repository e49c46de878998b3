// The set of suppressed keys as 64-bit keyed hashes: answers the common "no" without a look-up.
//
// Threads: const use from any thread; changes need the owner's lock.
// Limits: at most 12 bytes a key, also while it grows; 10 million keys that were reserved for take
// 96 MB. A "maybe" must be confirmed by the record itself: of 10 million keys, one unknown address
// in 7,000 million is a "maybe".

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "rampart/base/hash.h"

namespace rampart::suppression {

class Index {
 public:
  static constexpr unsigned kSegmentBits = 6;

  explicit Index(base::HashKey key);

  /// Makes room for `keys` distinct keys in all; never gives room back.
  void reserve(std::size_t keys);
  /// Adds a key; several entries (senders) may share one, so adding twice needs erasing twice.
  void insert(std::string_view key);
  /// Takes back one insert of the key; without effect where there was none.
  void erase(std::string_view key);
  /// False: certainly not suppressed. True: look at the record.
  [[nodiscard]] bool may_contain(std::string_view key) const noexcept;
  /// Inserts that were not taken back.
  [[nodiscard]] std::size_t size() const noexcept;
  /// What the index has allocated.
  [[nodiscard]] std::size_t memory_bytes() const noexcept;

 private:
  static constexpr std::size_t kSegments = std::size_t{1} << kSegmentBits;

  // Open addressing with linear probing. A slot is 56 bits of hash and the number of inserts (1 to
  // 255); 0 is free. Segments, chosen by the hash's first bits, grow one by one, so that the copy
  // that growing needs is small.
  struct Segment {
    std::vector<std::uint64_t> slots;
    std::size_t used = 0;
  };

  [[nodiscard]] std::uint64_t hash_of(std::string_view key) const noexcept;
  static std::size_t segment_of(std::uint64_t hash) noexcept;
  static void resize(Segment& segment, std::size_t slots);
  static void free_slot(Segment& segment, std::size_t gap) noexcept;

  base::HashKey key_;
  std::vector<Segment> segments_;
  std::unordered_map<std::uint64_t, std::uint64_t> more_;  // inserts beyond 255, by hash
  std::size_t size_ = 0;
};

}  // namespace rampart::suppression
