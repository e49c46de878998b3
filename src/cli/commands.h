// The commands: one table of names, arguments, help and what is run.
//
// `rampart --help`, the help of each command, what is parsed and the nearest name in an error all
// come from it; arguments.h parses by it.

#pragma once

#include <string_view>
#include <variant>
#include <vector>

#include "arguments.h"
#include "output.h"

namespace rampart::cli {

/// An option, a flag, or the words without an option.
struct Option {
  /// Where its value is kept.
  using Target = std::variant<bool Arguments::*,
                              std::string Arguments::*,
                              std::vector<std::string> Arguments::*,
                              std::uint32_t Arguments::*,
                              std::uint64_t Arguments::*,
                              std::string release::MtaOptions::*>;

  const char* names;  ///< "-c,--config"; without a dash: the words, as the help calls them
  const char* value;  ///< how the help calls its value: "FILE"; "" of a flag, and of words
  const char* help;
  Target target;
  std::vector<std::string> choices{};  ///< its only values; empty: any
  const char* environment = "";        ///< a variable that stands for it
  int count = 0;  ///< takes just so many values; 0: of words any number, else one
  bool required = false;
};

/// Commands whose names begin with the same word.
struct Group {
  std::string_view name;
  const char* help;
};

struct Command {
  std::string_view name;  ///< "status", "flow show"
  const char* help;
  /// @return its exit code; throws Failure. Null: the service itself is run.
  int (*run)(const Arguments& arguments, const Output& output);
  const char* example;  ///< arguments that parse, with a blank between
  std::vector<Option> options{};
};

/// Before or after every command.
const std::vector<Option>& global_options();
const std::vector<Group>& groups();
/// In the order of the help; those of a group beside each other.
const std::vector<Command>& commands();

int run_status(const Arguments& arguments, const Output& output);

int run_flow_show(const Arguments& arguments, const Output& output);
int run_flow_pause(const Arguments& arguments, const Output& output);
int run_flow_resume(const Arguments& arguments, const Output& output);
int run_flow_reset(const Arguments& arguments, const Output& output);

int run_explain(const Arguments& arguments, const Output& output);

int run_explain_codes(const Arguments& arguments, const Output& output);
int run_explain_message(const Arguments& arguments, const Output& output);
int run_explain_queue_id(const Arguments& arguments, const Output& output);

int run_replies_unknown(const Arguments& arguments, const Output& output);
int run_replies_list(const Arguments& arguments, const Output& output);

int run_suppression_add(const Arguments& arguments, const Output& output);
int run_suppression_remove(const Arguments& arguments, const Output& output);
int run_suppression_why(const Arguments& arguments, const Output& output);
int run_suppression_list(const Arguments& arguments, const Output& output);
int run_suppression_import(const Arguments& arguments, const Output& output);
int run_suppression_confirm(const Arguments& arguments, const Output& output);
int run_suppression_clear_pending(const Arguments& arguments, const Output& output);

int run_hold_list(const Arguments& arguments, const Output& output);
int run_hold_release(const Arguments& arguments, const Output& output);
int run_hold_drop(const Arguments& arguments, const Output& output);
int run_releaser(const Arguments& arguments, const Output& output);

int run_config_check(const Arguments& arguments, const Output& output);
int run_config_show(const Arguments& arguments, const Output& output);
int run_config_reload(const Arguments& arguments, const Output& output);

int run_provider_of(const Arguments& arguments, const Output& output);
int run_provider_list(const Arguments& arguments, const Output& output);

int run_transport_clear(const Arguments& arguments, const Output& output);
int run_transport_guard(const Arguments& arguments, const Output& output);

int run_feed(const Arguments& arguments, const Output& output);

int run_learn(const Arguments& arguments, const Output& output);
int run_replay(const Arguments& arguments, const Output& output);

int run_simulate(const Arguments& arguments, const Output& output);

}  // namespace rampart::cli
