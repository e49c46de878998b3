// Where answers and errors go, and with which exit code.
//
// Threads: one per process, used by its main thread.

#pragma once

#include <string>
#include <string_view>

#include "arguments.h"
#include "json_fwd.h"

namespace rampart::cli {

inline constexpr int kDone = 0;
inline constexpr int kFound = 1;
inline constexpr int kUsage = 2;
inline constexpr int kUnreachable = 3;
inline constexpr int kNotPermitted = 4;
inline constexpr int kRefused = 5;

/// What went wrong. Thrown inside this room, caught in cli.cc.
struct Failure {
  int exit_code = kUsage;
  std::string code;  ///< "usage", "unreachable", "denied", "not_found", "refused", "unavailable"
  std::string text;
};

class Output {
 public:
  explicit Output(const Arguments& arguments);

  [[nodiscard]] bool json() const noexcept { return json_; }
  [[nodiscard]] bool colours() const noexcept { return colours_; }
  /// To standard output; nothing if quiet.
  void print(std::string_view text) const;
  void print_json(const Json& answer) const;  ///< as indented JSON
  void print_error(const Failure& failure) const;

 private:
  bool json_;
  bool quiet_;
  bool colours_;
};

/// What a file, pipe or ("-") standard input holds, at most `bytes_max` of it. Throws a Failure.
std::string read_input(const std::string& file, std::size_t bytes_max);

/// To standard error; nothing if quiet.
void print_warning(const Arguments& arguments, std::string_view text);

/// Asks on the terminal; `answer` must be typed. @return false if there is no terminal to ask.
bool confirm(const std::string& question, std::string_view answer);

}  // namespace rampart::cli
