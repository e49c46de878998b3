// Which branches of which patterns a text can match at all, in one pass over the text.
//
// An automaton (Aho and Corasick, 1975) finds all literals of all branches; a branch whose every
// factor has been met is a candidate.
//
// Threads: const functions from any thread. Limits: linear in the text and in the literals found
// for the first time; a literal counts once.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "literals.h"

namespace rampart::reply {

class Prefilter {
 public:
  Prefilter();

  /// @return the number of the branch: 0, 1, 2, ...
  std::uint32_t add(const Branch& branch);

  /// Call once, after all branches.
  void build();

  /// @param folded  see fold_case
  /// @return the branches that the text may match, ascending.
  [[nodiscard]] std::vector<std::uint32_t> candidates(std::string_view folded) const;

 private:
  struct Span {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
  };

  std::uint32_t literal_id(const std::string& text);
  void number_bytes();
  void insert(std::uint32_t literal);
  void link();

  std::vector<std::string> literals_;
  std::unordered_map<std::string, std::uint32_t> ids_;
  std::vector<std::vector<std::uint32_t>> factors_of_literal_;
  std::vector<std::uint32_t> branch_of_factor_;
  std::vector<std::uint8_t> needed_;          // by branch: number of factors
  std::vector<std::uint32_t> unconditional_;  // branches without factors

  std::array<std::uint8_t, 256> column_{};
  std::size_t columns_ = 1;
  std::vector<std::uint32_t> next_;  // by state and column
  std::vector<Span> ends_;           // by state: literals that end there, in ended_
  std::vector<std::uint32_t> ended_;
  std::vector<std::vector<std::uint32_t>> own_;  // while building
};

}  // namespace rampart::reply
