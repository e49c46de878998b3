#include "options_for.h"

#include <cerrno>

#include <fmt/format.h>
#include <unistd.h>

#include "rampart/base/text.h"

namespace rampart::cli {
namespace {

constexpr std::size_t kSourceLineMax = 200;

template <class Loaded>
auto config_or_failure(Loaded loaded) {
  if (!loaded.config) {
    std::string text = "the configuration has errors:";
    for (const config::Problem& problem : loaded.problems) {
      if (problem.is_error) {
        text += '\n' + config::to_string(problem);
      }
    }
    throw Failure{kUsage, "usage", text};
  }
  return std::move(loaded.config);
}

}  // namespace

config::Where where_of(const Arguments& arguments) {
  const bool usual_is_missing =
      !arguments.config_given && access(arguments.config.c_str(), F_OK) != 0 && errno == ENOENT;
  return {usual_is_missing ? "" : arguments.config, arguments.tables};
}

std::unique_ptr<config::Config> load_config(const Arguments& arguments) {
  return config_or_failure(config::load(where_of(arguments)));
}

std::unique_ptr<config::HelperConfig> load_helper_config(const Arguments& arguments) {
  return config_or_failure(config::load_helper(where_of(arguments)));
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
