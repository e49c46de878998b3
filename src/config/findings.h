// Collects what is wrong with a set of files, with places, and sorts it for a person.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "rampart/config/config.h"

namespace rampart::config {

/// A place in one of the files given to Findings. Line 0: the file as a whole.
struct Place {
  std::size_t file = 0;
  std::size_t line = 0;
  std::size_t column = 0;
};

class Findings {
 public:
  /// Files are listed in the order in which they are added. @return its index for Place::file.
  std::size_t add_file(std::string name, std::string text);
  [[nodiscard]] const std::string& name_of(std::size_t file) const { return files_[file].name; }

  void error(const Place& place, std::string_view key, std::string text);
  void warning(const Place& place, std::string_view key, std::string text);
  /// Takes over lines "file:line:column: error: text" as other rooms write them; a line without a
  /// known place is about the file of `fallback`.
  void add_lines(std::string_view lines, const Place& fallback);

  [[nodiscard]] bool has_error() const noexcept { return has_error_; }
  /// All findings: files as added, lines from the top.
  std::vector<Problem> take();

 private:
  struct File {
    std::string name;
    std::string text;
    std::vector<std::size_t> line_starts;
  };
  struct Found {
    Place place;
    Problem problem;
  };
  void add(const Place& place, bool is_error, std::string_view key, std::string text);
  [[nodiscard]] std::string source_line(const Place& place) const;

  std::vector<File> files_;
  std::vector<Found> found_;
  bool has_error_ = false;
};

}  // namespace rampart::config
