#include "rampart/reply/rule.h"

#include <algorithm>

#include "rampart/base/text.h"

namespace rampart::reply {
namespace {

constexpr std::uint16_t kDetailMax = 999;

// The words of a list separated by commas and blanks.
std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> out;
  std::size_t at = 0;
  while ((at = text.find_first_not_of(", \t", at)) != std::string_view::npos) {
    const std::size_t end = std::min(text.find_first_of(", \t", at), text.size());
    out.push_back(text.substr(at, end - at));
    at = end;
  }
  return out;
}

struct Numbers {
  std::uint16_t first;
  std::uint16_t last;
};

// "7", "606-649" or "x".
std::optional<Numbers> parse_numbers(std::string_view text) {
  if (text == "x") {
    return Numbers{0, kDetailMax};
  }
  const std::size_t dash = text.find('-');
  const auto first = base::parse_uint(text.substr(0, dash));
  const auto last =
      dash == std::string_view::npos ? first : base::parse_uint(text.substr(dash + 1));
  if (!first || !last || *first > *last || *last > kDetailMax) {
    return std::nullopt;
  }
  return Numbers{static_cast<std::uint16_t>(*first), static_cast<std::uint16_t>(*last)};
}

}  // namespace

bool CodeSet::contains(std::uint16_t code) const noexcept {
  return ranges_.empty() || std::any_of(ranges_.begin(), ranges_.end(), [code](const Range& r) {
           return r.first <= code && code <= r.last;
         });
}

std::optional<CodeSet> parse_code_set(std::string_view text) {
  CodeSet set;
  for (const std::string_view word : words(text)) {
    if (word.size() != 3 || word[0] < '2' || word[0] > '5') {
      return std::nullopt;
    }
    const std::string_view digits = word.substr(0, word.find('x'));
    const auto value = base::parse_uint(digits);
    if (!value || word.find_first_not_of('x', digits.size()) != std::string_view::npos) {
      return std::nullopt;
    }
    const unsigned width = digits.size() == 3 ? 1 : (digits.size() == 2 ? 10 : 100);
    const auto first = static_cast<std::uint16_t>(*value * width);
    set.ranges_.push_back({first, static_cast<std::uint16_t>(first + width - 1)});
  }
  if (set.ranges_.empty() && !text.empty()) {
    return std::nullopt;
  }
  return set;
}

bool EnhancedSet::contains(const std::optional<mail::EnhancedStatusCode>& code) const noexcept {
  if (patterns_.empty()) {
    return true;
  }
  return code && std::any_of(patterns_.begin(), patterns_.end(), [&code](const Pattern& p) {
           return (p.status_class == 0 ||
                   p.status_class == static_cast<std::uint8_t>(code->status_class)) &&
                  p.subject_first <= code->subject && code->subject <= p.subject_last &&
                  p.detail_first <= code->detail && code->detail <= p.detail_last;
         });
}

std::optional<EnhancedSet> parse_enhanced_set(std::string_view text) {
  EnhancedSet set;
  for (const std::string_view word : words(text)) {
    const auto parts = base::split(word, '.');
    if (parts.size() != 3 || parts[0].size() != 1 ||
        std::string_view("245x").find(parts[0]) == std::string_view::npos) {
      return std::nullopt;
    }
    const auto subject = parse_numbers(parts[1]);
    const auto detail = parse_numbers(parts[2]);
    if (!subject || !detail) {
      return std::nullopt;
    }
    const char digit = parts[0].front();
    const auto status_class = static_cast<std::uint8_t>(digit == 'x' ? 0 : digit - '0');
    set.patterns_.push_back(
        {status_class, subject->first, subject->last, detail->first, detail->last});
  }
  if (set.patterns_.empty() && !text.empty()) {
    return std::nullopt;
  }
  return set;
}

}  // namespace rampart::reply
