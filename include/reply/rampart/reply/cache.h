// Answers of a rule table kept for replies that come again: during a throttle a provider says the
// same to every message.
//
// Threads: none; the owner locks. The table must outlive the cache and stay where it is; a new
// table needs a new cache.
// Limits: replies above 1 KiB are not kept; memory is bounded by the number of places, each with
// one reply; a place is given to whoever asked last.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "rampart/reply/table.h"

namespace rampart::reply {

class Cache {
 public:
  /// @param places  rounded up to a power of two, at least 1
  explicit Cache(const Table& table, std::size_t places = 1024);

  /// The same as Table::classify. Compares the whole question apart from Question::host, which no
  /// rule looks at: two questions are never taken for one.
  Classification classify(const Question& question);

  [[nodiscard]] std::uint64_t hits() const noexcept { return hits_; }
  [[nodiscard]] std::uint64_t misses() const noexcept { return misses_; }

 private:
  struct Place {
    std::string reply;
    std::string provider;
    std::uint64_t rest = 0;  // stage, status and dsn; 0: the place is free
    Classification answer;
  };

  const Table* table_;
  std::vector<Place> places_;
  std::uint64_t hits_ = 0;
  std::uint64_t misses_ = 0;
};

}  // namespace rampart::reply
