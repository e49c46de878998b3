#include "table.h"

#include <algorithm>
#include <array>

#include "rampart/base/assert.h"

namespace rampart::cli {
namespace {

// In the order of the enumerators (ECMA-48 SGR).
constexpr std::array<std::string_view, 5> kCodes{"", "32", "33", "31", "1"};

bool is_continuation(char c) noexcept {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

}  // namespace

std::string paint(std::string_view text, Colour colour, bool colours) {
  if (!colours || colour == Colour::None || text.empty()) {
    return std::string(text);
  }
  return "\x1b[" + std::string(kCodes[static_cast<std::size_t>(colour)]) + 'm' + std::string(text) +
         "\x1b[0m";
}

std::size_t width_of(std::string_view text) noexcept {
  std::size_t width = 0;
  int expected = 0;  // continuation bytes of the code point under way
  for (const char c : text) {
    if (is_continuation(c) && expected > 0) {
      --expected;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    expected = byte >= 0xF0U ? 3 : byte >= 0xE0U ? 2 : byte >= 0xC0U ? 1 : 0;
    ++width;
  }
  return width;
}

std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, 1, ' ');
  }
  return digits;
}

std::string count_of(std::uint64_t number, std::string_view one, std::string_view many) {
  const bool takes_s = number != 1 && many.empty();
  return grouped(number) + ' ' + std::string(number == 1 || takes_s ? one : many) +
         (takes_s ? "s" : "");
}

void Table::add(std::vector<Cell> cells) {
  RAMPART_ASSERT(cells.size() == columns_.size());
  rows_.push_back(std::move(cells));
}

std::string Table::render(bool colours) const {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::size_t width = width_of(columns_[i].title);
    for (const auto& row : rows_) {
      width = std::max(width, width_of(row[i].text));
    }
    widths.push_back(width);
  }
  std::string out;
  const auto write_row = [&](const std::vector<Cell>& cells) {
    std::string gap;  // written only before more text
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const std::string pad(widths[i] - width_of(cells[i].text), ' ');
      const bool right = columns_[i].align == Align::Right;
      if (!cells[i].text.empty()) {
        out += gap + (right ? pad : "") + paint(cells[i].text, cells[i].colour, colours);
        gap = right ? "" : pad;
      } else {
        gap += pad;
      }
      gap += "  ";
    }
    out += '\n';
  };
  std::vector<Cell> titles;
  for (const Column& column : columns_) {
    titles.push_back({column.title, Colour::None});
  }
  write_row(titles);
  std::for_each(rows_.begin(), rows_.end(), write_row);
  return out;
}

}  // namespace rampart::cli
