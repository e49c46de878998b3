#include "text_list.h"

#include <charconv>

#include "rampart/base/text.h"

namespace rampart::store::sqlite {

std::string format_strings(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) {
    text += std::to_string(item.size());
    text += ':';
    text += item;
    text += ',';
  }
  return text;
}

std::optional<std::vector<std::string>> parse_strings(std::string_view text) {
  std::vector<std::string> items;
  while (!text.empty()) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) {
      return std::nullopt;
    }
    const auto size = base::parse_uint(text.substr(0, colon));
    text.remove_prefix(colon + 1);
    if (!size || *size >= text.size() || text[*size] != ',') {
      return std::nullopt;
    }
    items.emplace_back(text.substr(0, *size));
    text.remove_prefix(*size + 1);
  }
  return items;
}

std::string format_days(const std::vector<std::int32_t>& days) {
  std::string text;
  for (const std::int32_t day : days) {
    text += (text.empty() ? "" : ",") + std::to_string(day);
  }
  return text;
}

std::optional<std::vector<std::int32_t>> parse_days(std::string_view text) {
  std::vector<std::int32_t> days;
  if (text.empty()) {
    return days;
  }
  for (const std::string_view part : base::split(text, ',')) {
    std::int32_t day = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), day);
    if (error != std::errc{} || end != part.data() + part.size()) {
      return std::nullopt;
    }
    days.push_back(day);
  }
  return days;
}

}  // namespace rampart::store::sqlite
