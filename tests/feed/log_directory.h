// A directory of its own for one test, with a log in it that is written and rotated.

#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "feed/follower.h"

namespace rampart::feed {

class LogDirectory {
 public:
  LogDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "rampart-feed-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~LogDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  LogDirectory(const LogDirectory&) = delete;
  LogDirectory& operator=(const LogDirectory&) = delete;

  [[nodiscard]] std::string file(std::string_view name = "mail.log") const {
    return (path_ / name).string();
  }
  void write(std::string_view text, std::string_view name = "mail.log") const {
    std::ofstream(path_ / name, std::ios::binary | std::ios::app) << text;
  }
  void rename(std::string_view from, std::string_view to) const {
    std::filesystem::rename(path_ / from, path_ / to);
  }
  void copy(std::string_view from, std::string_view to) const {
    std::filesystem::copy_file(path_ / from, path_ / to);
  }
  void truncate(std::string_view name = "mail.log") const {
    std::filesystem::resize_file(path_ / name, 0);
  }
  void remove(std::string_view name = "mail.log") const { std::filesystem::remove(path_ / name); }
  /// mail.log.1 becomes mail.log.2 and so on; mail.log.1 is free then.
  void shift_numbers() const {
    for (int number = 60; number >= 1; --number) {
      const std::string from = "mail.log." + std::to_string(number);
      if (std::filesystem::exists(path_ / from)) {
        rename(from, "mail.log." + std::to_string(number + 1));
      }
    }
  }

 private:
  std::filesystem::path path_;
};

/// Everything that can be read now.
inline std::vector<std::string> read_all(FileFollower& follower,
                                         base::SteadyTime now,
                                         std::size_t lines_max = 100) {
  std::vector<std::string> all;
  do {
    for (const FollowedLine& line : follower.read_lines(lines_max, now)) {
      all.emplace_back(line.text);
    }
  } while (follower.has_more());
  return all;
}

}  // namespace rampart::feed
