// Unmatched: the replies of old logs that no rule knows, each kind once.
//
// Pure: distinct objects may be used from distinct threads.
// Limits: kDifferentMax kinds; replies of further kinds are only counted.

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "rampart/history/correlator.h"

namespace rampart::history {

struct UnmatchedReply {
  std::string provider;
  std::string kind;    ///< with what differs from case to case replaced
  std::string sample;  ///< the first one
  std::uint64_t count = 0;
};

class Unmatched {
 public:
  static constexpr std::size_t kDifferentMax = 5'000;

  /// @param correlator  that brings it: knows the names
  void add(const Outcome& outcome, const Correlator& correlator);

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  /// Most frequent first.
  [[nodiscard]] std::vector<UnmatchedReply> replies() const;

 private:
  std::map<std::pair<std::string, std::string>, UnmatchedReply> kinds_;  // provider, kind
  std::uint64_t count_ = 0;
};

}  // namespace rampart::history
