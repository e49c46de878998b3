// Names: each different text once, as a small number.
//
// Pure: distinct objects may be used from distinct threads.

#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

namespace rampart::history {

class Names {
 public:
  Names() = default;
  Names(const Names&) = delete;
  Names& operator=(const Names&) = delete;

  /// The number of `name`, the next one if it is new.
  std::uint32_t enter(std::string_view name) {
    const auto known = numbers_.find(name);
    if (known != numbers_.end()) {
      return known->second;
    }
    const auto number = static_cast<std::uint32_t>(texts_.size());
    numbers_.emplace(texts_.emplace_back(name), number);
    return number;
  }
  /// @param number  from enter()
  [[nodiscard]] const std::string& text(std::uint32_t number) const { return texts_[number]; }
  [[nodiscard]] std::size_t size() const noexcept { return texts_.size(); }

 private:
  std::deque<std::string> texts_;  // never move: numbers_ refers to them
  std::unordered_map<std::string_view, std::uint32_t> numbers_;
};

}  // namespace rampart::history
