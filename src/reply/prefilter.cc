#include "prefilter.h"

#include <algorithm>

#include "rampart/base/assert.h"

namespace rampart::reply {

Prefilter::Prefilter() = default;

std::uint32_t Prefilter::literal_id(const std::string& text) {
  const auto [at, fresh] = ids_.emplace(text, static_cast<std::uint32_t>(literals_.size()));
  if (fresh) {
    literals_.push_back(text);
    factors_of_literal_.emplace_back();
  }
  return at->second;
}

std::uint32_t Prefilter::add(const Branch& branch) {
  const auto number = static_cast<std::uint32_t>(needed_.size());
  RAMPART_ASSERT(branch.factors.size() < 256);
  needed_.push_back(static_cast<std::uint8_t>(branch.factors.size()));
  if (branch.factors.empty()) {
    unconditional_.push_back(number);
  }
  for (const Factor& factor : branch.factors) {
    const auto id = static_cast<std::uint32_t>(branch_of_factor_.size());
    branch_of_factor_.push_back(number);
    for (const std::string& text : factor) {
      factors_of_literal_[literal_id(text)].push_back(id);
    }
  }
  return number;
}

// Bytes that occur in no literal share column 0.
void Prefilter::number_bytes() {
  std::array<bool, 256> used{};
  for (const std::string& literal : literals_) {
    for (const char c : literal) {
      used[static_cast<unsigned char>(c)] = true;
    }
  }
  std::uint8_t last = 0;
  for (std::size_t byte = 0; byte < used.size(); ++byte) {
    if (used[byte]) {
      column_[byte] = ++last;
    }
  }
  columns_ = last + 1U;
}

void Prefilter::insert(std::uint32_t literal) {
  std::uint32_t state = 0;
  for (const char c : literals_[literal]) {
    const std::size_t edge = state * columns_ + column_[static_cast<unsigned char>(c)];
    if (next_[edge] == 0) {
      next_[edge] = static_cast<std::uint32_t>(own_.size());
      next_.resize(next_.size() + columns_, 0);
      own_.emplace_back();
    }
    state = next_[edge];
  }
  own_[state].push_back(literal);
}

// Turns the tree into an automaton: breadth first, so that the state to fall back to is complete.
void Prefilter::link() {
  std::vector<std::uint32_t> fallback(own_.size(), 0);
  std::vector<std::uint32_t> queue;
  for (std::size_t column = 0; column < columns_; ++column) {
    if (next_[column] != 0) {
      queue.push_back(next_[column]);
    }
  }
  for (std::size_t head = 0; head < queue.size(); ++head) {
    const std::uint32_t state = queue[head];
    const std::vector<std::uint32_t>& shorter = own_[fallback[state]];
    own_[state].insert(own_[state].end(), shorter.begin(), shorter.end());
    for (std::size_t column = 0; column < columns_; ++column) {
      std::uint32_t& target = next_[state * columns_ + column];
      const std::uint32_t other = next_[fallback[state] * columns_ + column];
      if (target == 0) {
        target = other;
      } else {
        fallback[target] = other;
        queue.push_back(target);
      }
    }
  }
}

void Prefilter::build() {
  number_bytes();
  std::size_t bytes = 1;
  for (const std::string& literal : literals_) {
    bytes += literal.size();
  }
  next_.reserve(bytes * columns_);
  own_.reserve(bytes);
  own_.emplace_back();
  next_.resize(columns_, 0);
  for (std::uint32_t literal = 0; literal < literals_.size(); ++literal) {
    insert(literal);
  }
  link();
  for (const std::vector<std::uint32_t>& literals : own_) {
    const auto begin = static_cast<std::uint32_t>(ended_.size());
    ended_.insert(ended_.end(), literals.begin(), literals.end());
    ends_.push_back({begin, static_cast<std::uint32_t>(ended_.size())});
  }
  own_.clear();
  own_.shrink_to_fit();
}

std::vector<std::uint32_t> Prefilter::candidates(std::string_view folded) const {
  std::vector<std::uint32_t> found = unconditional_;
  std::vector<bool> met_literal(literals_.size());
  std::vector<bool> met_factor(branch_of_factor_.size());
  std::vector<std::uint8_t> missing = needed_;
  std::uint32_t state = 0;
  for (const char c : folded) {
    state = next_[state * columns_ + column_[static_cast<unsigned char>(c)]];
    const Span span = ends_[state];
    for (std::uint32_t i = span.begin; i < span.end; ++i) {
      const std::uint32_t literal = ended_[i];
      if (met_literal[literal]) {
        continue;
      }
      met_literal[literal] = true;
      for (const std::uint32_t factor : factors_of_literal_[literal]) {
        if (met_factor[factor]) {
          continue;
        }
        met_factor[factor] = true;
        const std::uint32_t branch = branch_of_factor_[factor];
        if (--missing[branch] == 0) {
          found.push_back(branch);
        }
      }
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace rampart::reply
