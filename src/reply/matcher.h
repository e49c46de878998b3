// Finds the first rule that matches a reply.
//
// Threads: const functions from any thread; patterns are compiled when they are first needed.
// Limits: time is linear in the text.

#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "rampart/base/result.h"
#include "rampart/reply/normalise.h"
#include "rampart/reply/rule.h"

#include "prefilter.h"

namespace re2 {
class RE2;
}

namespace rampart::reply {

/// One RE2 pattern, compiled at its first use.
class Pattern {
 public:
  explicit Pattern(std::string source);
  ~Pattern();

  /// "" or what is wrong with the pattern. Compiles it.
  [[nodiscard]] std::string error() const;
  /// False for a pattern with an error.
  [[nodiscard]] bool is_found_in(std::string_view text) const;

 private:
  const re2::RE2& compiled() const;
  std::string source_;
  mutable std::once_flag once_;
  mutable std::unique_ptr<re2::RE2> re_;
};

class Matcher {
 public:
  static constexpr std::uint32_t kNone = 0xFFFFFFFF;

  /// Adds a rule after those that have been added. Its number is the count of rules before it.
  /// @param check_patterns  compiles the patterns to find mistakes in them
  /// @return "" or what is wrong with the rule.
  std::string add(const Rule& rule, bool check_patterns);

  /// Call once, after all rules.
  void build() { prefilter_.build(); }

  /// @param from  rules before this one are left out.
  /// @return number of the first rule that matches, or kNone.
  [[nodiscard]] std::uint32_t find(const Normalised& reply,
                                   std::string_view provider,
                                   std::uint32_t from) const;

 private:
  struct Entry {
    CodeSet codes;
    EnhancedSet enhanced;
    std::uint32_t provider = 0;  // 0: any
    std::uint32_t stages = 0;    // by bit; 0: any
  };
  struct Alternative {
    Alternative(std::uint32_t number, Branch&& branch)
        : rule(number), literal(branch.literal), pattern(std::move(branch.pattern)) {}
    std::uint32_t rule;
    bool literal;  // the prefilter's word is enough
    Pattern pattern;
  };

  [[nodiscard]] bool accepts(const Entry& entry,
                             const Normalised& reply,
                             std::uint32_t provider) const;
  std::string add_pattern(const std::string& pattern, std::uint32_t rule, bool check);

  std::vector<Entry> entries_;
  std::vector<std::uint32_t> textless_;   // rules that need no text, ascending
  std::deque<Alternative> alternatives_;  // by number of branch, ascending rules
  std::unordered_map<std::string, std::uint32_t> providers_;
  Prefilter prefilter_;
};

}  // namespace rampart::reply
