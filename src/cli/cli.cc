#include "rampart/cli/cli.h"

#include <cstdio>
#include <exception>

#include "arguments.h"
#include "commands.h"
#include "output.h"

namespace rampart::cli {
namespace {

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
  if (parsed.command->run == nullptr) {
    return run_service({arguments.config, arguments.tables}, RAMPART_VERSION);
  }
  const Output output(arguments);
  try {
    return parsed.command->run(arguments, output);
  } catch (const Failure& failure) {
    output.print_error(failure);
    return failure.exit_code;
  } catch (const std::exception& error) {
    output.print_error({kRefused, "refused", std::string("an error of rampart: ") + error.what()});
    return kRefused;
  }
}

}  // namespace rampart::cli
