#include "text_list.h"

#include <charconv>

#include "rampart/base/text.h"

namespace rampart::store::sqlite {
namespace {

constexpr std::size_t kIdBytes = sizeof(std::uint32_t);

std::uint32_t id_at(std::string_view packed, std::size_t index) noexcept {
  std::uint32_t id = 0;
  for (std::size_t i = kIdBytes; i > 0; --i) {
    id = id << 8U | static_cast<unsigned char>(packed[index * kIdBytes + i - 1]);
  }
  return id;
}

}  // namespace

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

std::string pack_ids(const std::vector<std::uint32_t>& ids) {
  std::string packed;
  packed.reserve(ids.size() * kIdBytes);
  for (const std::uint32_t id : ids) {
    for (unsigned shift = 0; shift < 32; shift += 8) {
      packed += static_cast<char>(static_cast<unsigned char>(id >> shift));
    }
  }
  return packed;
}

std::optional<bool> contains_id(std::string_view packed, std::uint32_t id) noexcept {
  if (packed.size() % kIdBytes != 0) {
    return std::nullopt;
  }
  std::size_t low = 0;
  std::size_t high = packed.size() / kIdBytes;
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    const std::uint32_t at = id_at(packed, middle);
    if (at == id) {
      return true;
    }
    if (at < id) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return false;
}

}  // namespace rampart::store::sqlite
