// Plain text tables and colour.
//
// Pure: strings in, strings out. Widths count code points, so that names in any script line up;
// nothing is cut off.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rampart::cli {

enum class Colour : std::uint8_t { None, Green, Yellow, Red, Bold };

/// `text` in a colour of the terminal, or as it is if colours are off.
std::string paint(std::string_view text, Colour colour, bool colours);

/// Code points of UTF-8; bytes that are none count one each.
std::size_t width_of(std::string_view text) noexcept;

/// "12 740": groups of three from four digits on.
std::string grouped(std::uint64_t number);
/// "1 file", "12 740 files". @param many  where it is not `one` with an s: "addresses"
std::string count_of(std::uint64_t number, std::string_view one, std::string_view many = {});

class Table {
 public:
  enum class Align : std::uint8_t { Left, Right };
  struct Column {
    std::string title;
    Align align = Align::Left;
  };
  struct Cell {
    std::string text;
    Colour colour = Colour::None;
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  /// @param cells  as many as there are columns
  void add(std::vector<Cell> cells);
  /// Title line, then the rows; two blanks between columns, none at the end of a line.
  [[nodiscard]] std::string render(bool colours) const;
  [[nodiscard]] std::size_t rows() const noexcept { return rows_.size(); }

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace rampart::cli
