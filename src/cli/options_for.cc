#include "options_for.h"

#include <cerrno>

#include <fmt/format.h>
#include <unistd.h>

#include "rampart/base/text.h"

namespace rampart::cli {
namespace {

constexpr std::size_t kSourceLineMax = 200;

[[noreturn]] void refuse_problems(const std::vector<config::Problem>& problems) {
  std::string text = "the configuration has errors:";
  for (const config::Problem& problem : problems) {
    if (problem.is_error) {
      text += '\n' + config::to_string(problem);
    }
  }
  throw Failure{kUsage, "usage", text};
}

template <class T>
T value_or_failure(T value, const std::vector<config::Problem>& problems) {
  if (!value) {
    refuse_problems(problems);
  }
  return value;
}

// The first, and how many more.
std::string in_short(const std::vector<config::Problem>& problems) {
  std::string text = config::to_string(problems.at(0));
  if (const std::size_t more = problems.size() - 1; more > 0) {
    text += fmt::format("; and {} more: rampart config check", more);
  }
  return text;
}

}  // namespace

config::Where where_of(const Arguments& arguments) {
  const bool usual_is_missing =
      !arguments.config_given && access(arguments.config.c_str(), F_OK) != 0 && errno == ENOENT;
  return {usual_is_missing ? "" : arguments.config, arguments.tables};
}

std::unique_ptr<config::Config> load_config(const Arguments& arguments) {
  config::Loaded loaded = config::load(where_of(arguments));
  return value_or_failure(std::move(loaded.config), loaded.problems);
}

std::unique_ptr<config::FileConfig> load_file_config(const Arguments& arguments) {
  config::LoadedFile loaded = config::load_file(where_of(arguments));
  return value_or_failure(std::move(loaded.config), loaded.problems);
}

provider::Table load_providers(const Arguments& arguments) {
  config::LoadedProviders loaded = config::load_providers(where_of(arguments));
  return *value_or_failure(std::move(loaded.providers), loaded.problems);
}

std::string find_socket(const Arguments& arguments) {
  if (!arguments.socket.empty()) {
    return arguments.socket;
  }
  const config::FoundSocket found = config::find_socket(where_of(arguments));
  if (!found.path && arguments.config_given) {
    refuse_problems(found.problems);
  }
  std::string socket = found.path.value_or(control::Options{}.socket);
  if (!found.problems.empty()) {
    print_warning(arguments,
                  in_short(found.problems) + (found.path ? "" : "; asking at " + socket));
  }
  return socket;
}

std::string render_problem(const config::Problem& problem) {
  std::string text = config::to_string(problem) + '\n';
  if (problem.source_line.empty() || problem.source_line.size() > kSourceLineMax) {
    return text;
  }
  const std::string number = fmt::format("{:5}", problem.line);
  const std::string line = base::printable(problem.source_line);  // one column a byte
  text += fmt::format("{} | {}\n", number, line);
  if (problem.column > 0 && problem.column <= line.size() + 1) {
    text += fmt::format("{} | {}^\n", std::string(number.size(), ' '),
                        std::string(problem.column - 1, ' '));
  }
  return text;
}

}  // namespace rampart::cli
