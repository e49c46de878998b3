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

template <class Number>
std::string format_numbers(const std::vector<Number>& numbers) {
  std::string text;
  for (const Number number : numbers) {
    text += (text.empty() ? "" : ",") + std::to_string(number);
  }
  return text;
}

template <class Number>
std::optional<std::vector<Number>> parse_numbers(std::string_view text) {
  std::vector<Number> numbers;
  if (text.empty()) {
    return numbers;
  }
  for (const std::string_view part : base::split(text, ',')) {
    Number number = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), number);
    if (error != std::errc{} || end != part.data() + part.size()) {
      return std::nullopt;
    }
    numbers.push_back(number);
  }
  return numbers;
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
  return format_numbers(days);
}

std::optional<std::vector<std::int32_t>> parse_days(std::string_view text) {
  return parse_numbers<std::int32_t>(text);
}

std::string format_times(const std::vector<base::WallTime>& times) {
  std::vector<std::int64_t> numbers;
  numbers.reserve(times.size());
  for (const base::WallTime time : times) {
    numbers.push_back(time.time_since_epoch().count());
  }
  return format_numbers(numbers);
}

std::optional<std::vector<base::WallTime>> parse_times(std::string_view text) {
  const auto numbers = parse_numbers<std::int64_t>(text);
  if (!numbers) {
    return std::nullopt;
  }
  std::vector<base::WallTime> times;
  times.reserve(numbers->size());
  for (const std::int64_t number : *numbers) {
    times.emplace_back(base::Micros{number});
  }
  return times;
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
