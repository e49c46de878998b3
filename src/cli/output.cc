#include "output.h"

#include <cstdio>
#include <cstdlib>
#include <iostream>

#include <unistd.h>

#include "rampart/base/text.h"

namespace rampart::cli {

Output::Output(const Arguments& arguments)
    : json_(arguments.json),
      quiet_(arguments.quiet),
      colours_(!arguments.no_color && !arguments.json && isatty(STDOUT_FILENO) != 0 &&
               std::getenv("NO_COLOR") == nullptr) {}  // NOLINT(concurrency-mt-unsafe): one thread

void Output::print(std::string_view text) const {
  if (!quiet_) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
  }
}

void Output::print_json(const Json& answer) const {
  print(dump(answer, 2) + '\n');
}

void Output::print_error(const Failure& failure) const {
  if (json_) {
    const Json error{{"error", {{"code", failure.code}, {"text", failure.text}}}};
    const std::string line = dump(error) + '\n';
    std::fwrite(line.data(), 1, line.size(), stdout);
    return;
  }
  std::string text;
  for (const char c : failure.text) {
    text += c == '\n' ? std::string(1, c) : base::printable(std::string_view(&c, 1));
  }
  std::fprintf(stderr, "rampart: %s\n", text.c_str());
}

bool confirm(const std::string& question, std::string_view answer) {
  if (isatty(STDIN_FILENO) == 0 || isatty(STDERR_FILENO) == 0) {
    return false;
  }
  std::fprintf(stderr, "%s", question.c_str());
  std::string line;
  return std::getline(std::cin, line) && base::trim(line) == answer;
}

}  // namespace rampart::cli
