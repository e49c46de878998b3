// rampart config check|show|reload

#include <algorithm>

#include <fmt/format.h>

#include "commands.h"
#include "json.h"
#include "options_for.h"
#include "service.h"
#include "table.h"

namespace rampart::cli {
namespace {

Json problem_json(const config::Problem& problem) {
  return {{"file", problem.file},     {"line", problem.line},
          {"column", problem.column}, {"severity", problem.is_error ? "error" : "warning"},
          {"key", problem.key},       {"text", problem.text}};
}

std::string plural(std::size_t count, const char* noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

}  // namespace

// The file that was named, or the usual one: a missing file is an error here.
int run_config_check(const Arguments& arguments, const Output& output) {
  const config::Loaded loaded = config::load({arguments.config, arguments.tables});
  const auto errors = static_cast<std::size_t>(
      std::count_if(loaded.problems.begin(), loaded.problems.end(),
                    [](const config::Problem& problem) { return problem.is_error; }));
  const std::size_t warnings = loaded.problems.size() - errors;
  if (output.json()) {
    Json problems = Json::array();
    for (const config::Problem& problem : loaded.problems) {
      problems.push_back(problem_json(problem));
    }
    output.print_json(problems);
  } else {
    for (const config::Problem& problem : loaded.problems) {
      output.print(render_problem(problem));
    }
    if (errors > 0) {
      output.print(fmt::format("{}, {}; a running service keeps what it has\n",
                               plural(errors, "error"), plural(warnings, "warning")));
    } else {
      output.print(fmt::format("{}: good{}\n", arguments.config,
                               warnings > 0 ? ", with " + plural(warnings, "warning") : ""));
    }
  }
  if (errors > 0) {
    return kUsage;
  }
  return warnings > 0 && arguments.strict ? kFound : kDone;
}

int run_config_show(const Arguments& arguments, const Output& output) {
  const std::vector<config::Setting> settings = config::show(where_of(arguments));
  if (settings.empty()) {
    load_config(arguments);  // says why
    throw Failure{kUsage, "usage", "the configuration cannot be shown; see rampart config check"};
  }
  Json list = Json::array();
  Table table({{"KEY"}, {"VALUE"}, {"FROM"}});
  for (const config::Setting& setting : settings) {
    if (arguments.changed && setting.origin == "default") {
      continue;
    }
    list.push_back({{"key", setting.key}, {"value", setting.value}, {"origin", setting.origin}});
    table.add({{setting.key}, {setting.value}, {setting.origin}});
  }
  if (output.json()) {
    output.print_json(list);
  } else {
    output.print(table.render(output.colours()));
  }
  return kDone;
}

int run_config_reload(const Arguments& arguments, const Output& output) {
  const Json answer =
      Service(arguments).ask({{"command", "config.reload"}}, std::chrono::seconds{60});
  const bool done = flag_of(answer, "reloaded");
  if (output.json()) {
    output.print_json(answer);
  } else {
    for (const Json& message : answer.value("messages", Json::array())) {
      output.print(message.get<std::string>() + '\n');
    }
    output.print(done ? "reloaded\n" : "not reloaded: the service keeps what it has\n");
  }
  return done ? kDone : kUsage;
}

}  // namespace rampart::cli
