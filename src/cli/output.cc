#include "output.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <iostream>

#include <fcntl.h>
#include <unistd.h>

#include "rampart/base/file.h"
#include "rampart/base/text.h"
#include "rampart/telemetry/log.h"

#include "json.h"

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
  telemetry::say(telemetry::Level::Error, text);
}

std::string read_input(const std::string& file, std::size_t bytes_max) {
  base::Descriptor opened;
  if (file != "-") {
    opened.reset(open(file.c_str(), O_RDONLY | O_CLOEXEC));
  }
  if (file != "-" && !opened.valid()) {
    throw Failure{kUsage, "usage", base::system_error(file, errno).what};
  }
  auto bytes = base::read_at_most(opened.valid() ? opened.get() : STDIN_FILENO, file, bytes_max);
  if (!bytes) {
    throw Failure{kUsage, "usage", bytes.error().what};
  }
  return std::move(*bytes);
}

void print_warning(const Arguments& arguments, std::string_view text) {
  if (!arguments.quiet) {
    std::fprintf(stderr, "rampart: warning: %s\n", base::printable(text).c_str());
  }
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
