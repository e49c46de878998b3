#include "rampart/cli/cli.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>

#include "arguments.h"
#include "commands.h"
#include "options_for.h"
#include "output.h"

namespace rampart::cli {
namespace {

struct Command {
  std::string_view name;
  int (*run)(const Arguments& arguments, const Output& output);
};

constexpr auto kCommands = std::to_array<Command>({
    {"status", run_status},
    {"flow show", run_flow_show},
    {"flow pause", run_flow_pause},
    {"flow resume", run_flow_resume},
    {"flow reset", run_flow_reset},
    {"explain", run_explain},
    {"suppression add", run_suppression_add},
    {"suppression remove", run_suppression_remove},
    {"suppression why", run_suppression_why},
    {"suppression list", run_suppression_list},
    {"suppression import", run_suppression_import},
    {"suppression confirm", run_suppression_confirm},
    {"suppression clear-pending", run_suppression_clear_pending},
    {"replies unknown", run_replies_unknown},
    {"replies list", run_replies_list},
    {"hold list", run_hold_list},
    {"hold release", run_hold_release},
    {"hold drop", run_hold_drop},
    {"releaser", run_releaser},
    {"config check", run_config_check},
    {"config show", run_config_show},
    {"config reload", run_config_reload},
    {"provider of", run_provider_of},
    {"provider list", run_provider_list},
    {"feed", run_feed},
    {"learn", run_learn},
    {"transport clear", run_transport_clear},
    {"transport guard", run_transport_guard},
    {"replay", run_replay},
    {"simulate", run_simulate},
});

int end_without_command(const Parsed& parsed) {
  if (parsed.exit_code == 0) {
    std::fputs(parsed.text.c_str(), stdout);
    return 0;
  }
  Arguments arguments;
  arguments.json = parsed.json;
  const bool hint = !parsed.text.ends_with('?');  // else it has one
  Output(arguments).print_error(
      {parsed.exit_code, "usage",
       parsed.text + (hint ? "; rampart --help lists the commands" : "")});
  return parsed.exit_code;
}

}  // namespace

int run(int argc, const char* const* argv, const RunService& run_service) {
  const Parsed parsed = parse_arguments(argc, argv);
  if (!parsed.arguments) {
    return end_without_command(parsed);
  }
  const Arguments& arguments = *parsed.arguments;
  if (arguments.command == "run") {
    return run_service({arguments.config, arguments.tables}, RAMPART_VERSION);
  }
  const Output output(arguments);
  try {
    const auto* command = std::find_if(kCommands.begin(), kCommands.end(), [&](const Command& one) {
      return one.name == arguments.command;
    });
    if (command == kCommands.end()) {
      throw Failure{kUsage, "usage", "nothing to do; rampart --help lists the commands"};
    }
    return command->run(arguments, output);
  } catch (const Failure& failure) {
    output.print_error(failure);
    return failure.exit_code;
  } catch (const std::exception& error) {
    output.print_error({kRefused, "refused", std::string("an error of rampart: ") + error.what()});
    return kRefused;
  }
}

}  // namespace rampart::cli
