// The set of suppressed keys as 64-bit keyed hashes: answers the common "no" without a look-up.
//
// Threads: const use from any thread; changes need the owner's lock.
// Limits: about 12 bytes an entry at most; a "maybe" must be confirmed by the record itself.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "rampart/base/hash.h"

namespace rampart::suppression {

class Index {
 public:
  explicit Index(base::HashKey key);

  void reserve(std::size_t keys);
  /// Adds a key; several entries (senders) may share one, so adding twice needs erasing twice.
  void insert(std::string_view key);
  void erase(std::string_view key);
  /// False: certainly not suppressed. True: look at the record.
  [[nodiscard]] bool may_contain(std::string_view key) const noexcept;
  [[nodiscard]] std::size_t size() const noexcept;

 private:
  base::HashKey key_;
  std::vector<std::uint64_t> slots_;  // open addressing, power of two, 0 = free
  std::size_t used_ = 0;
};

}  // namespace rampart::suppression
