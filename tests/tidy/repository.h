// The files of this checkout.
//
// Threads: any; reads files only.

#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace rampart::tidy {

/// Paths from the top, sorted, of all files below `directory` ("src").
inline std::vector<std::string> list_files(std::string_view directory) {
  const std::filesystem::path top(RAMPART_SOURCE_DIR);
  std::vector<std::string> paths;
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator entry(top / directory, error), end;
       !error && entry != end; entry.increment(error)) {
    if (entry->is_regular_file()) {
      paths.push_back(entry->path().lexically_relative(top).string());
    }
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

inline std::string read_file(const std::string& path) {
  std::ifstream file(std::filesystem::path(RAMPART_SOURCE_DIR) / path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace rampart::tidy
