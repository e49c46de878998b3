#include "arguments.h"

#include <algorithm>
#include <string_view>
#include <type_traits>
#include <utility>

#include <CLI/CLI.hpp>

#include "rampart/base/text.h"

#include "commands.h"

namespace rampart::cli {
namespace {

using Names = std::vector<std::string_view>;

bool is_flag(const Option& option) {
  return std::holds_alternative<bool Arguments::*>(option.target);
}

// "-c" and "--config" of "-c,--config"; nothing of words.
Names names_of(const Option& option) {
  return option.names[0] == '-' ? base::split(option.names, ',') : Names{};
}

Names names_of(const std::vector<Option>& options) {
  Names names;
  for (const Option& option : options) {
    for (const std::string_view name : names_of(option)) {
      names.push_back(name);
    }
  }
  return names;
}

// The word that follows is the value of a global option.
bool takes_value(std::string_view word) {
  const auto& options = global_options();
  return std::any_of(options.begin(), options.end(), [word](const Option& option) {
    const Names names = names_of(option);
    return !is_flag(option) && std::find(names.begin(), names.end(), word) != names.end();
  });
}

// The words that name commands, options and their values left out.
Names command_words(int argc, const char* const* argv) {
  Names words;
  for (int i = 1; i < argc && words.size() < 2; ++i) {
    const std::string_view word = argv[i];
    if (takes_value(word)) {
      ++i;
    } else if (!word.starts_with('-')) {
      words.push_back(word);
    } else if (!words.empty()) {
      break;  // an option of the command: its value is no command
    }
  }
  return words;
}

// "flow" and "show" of "flow show"; "status" and "".
std::pair<std::string_view, std::string_view> split(std::string_view name) {
  const std::size_t blank = std::min(name.find(' '), name.size());
  return {name.substr(0, blank), name.substr(std::min(blank + 1, name.size()))};
}

// First words of commands; of a group, its second ones.
Names names_in(std::string_view group) {
  Names names;
  for (const Command& command : commands()) {
    const auto [first, second] = split(command.name);
    if (group.empty() && (names.empty() || names.back() != first)) {
      names.push_back(first);
    } else if (group == first && !second.empty()) {
      names.push_back(second);
    }
  }
  return names;
}

std::string listed(const Names& names) {
  std::string text;
  for (const std::string_view name : names) {
    text += (text.empty() ? "" : ", ") + std::string(name);
  }
  return text;
}

std::string unknown(const std::string& what, std::string_view word, const Names& names) {
  const std::string_view near = base::find_nearest(word, names);
  return "unknown " + what + " \"" + base::printable(word, 64) + "\"; " +
         (near.empty() ? "there are " + listed(names)
                       : "did you mean \"" + std::string(near) + "\"?");
}

bool has(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// CLI11 only says that a sub-command is required. @return "" if the words are known or missing
std::string find_mistyped(const Names& words) {
  Names first = names_in("");
  if (words.empty() || words[0] == "help") {
    return {};
  }
  if (!has(first, words[0])) {
    first.push_back("help");
    return unknown("command", words[0], first);
  }
  const Names verbs = names_in(words[0]);
  const bool bad = !verbs.empty() && words.size() > 1 && !has(verbs, words[1]);
  return bad ? unknown("command of " + std::string(words[0]), words[1], verbs) : std::string();
}

template <class Member>
auto& value_at(Arguments& arguments, Member member) {
  if constexpr (std::is_same_v<Member, std::string release::MtaOptions::*>) {
    return arguments.mta.*member;
  } else {
    return arguments.*member;
  }
}

void add_option(CLI::App& app, const Option& option, Arguments& arguments) {
  if (is_flag(option)) {
    app.add_flag(option.names, arguments.*std::get<bool Arguments::*>(option.target), option.help);
    return;
  }
  CLI::Option* added = std::visit(
      [&](auto member) {
        return app.add_option(option.names, value_at(arguments, member), option.help);
      },
      option.target);
  if (option.choices.empty()) {
    added->type_name(option.value);
  } else {
    added->check(CLI::IsMember(option.choices));
  }
  if (option.count > 0) {
    added->expected(option.count);
  }
  added->envname(option.environment)->required(option.required);
}

CLI::App* add_command(CLI::App& parent, std::string_view name, const char* help) {
  CLI::App* added = parent.add_subcommand(std::string(name), help);
  added->fallthrough();
  return added;
}

// The table as CLI11 has it.
void build(CLI::App& app, Arguments& arguments) {
  app.set_version_flag("--version", "rampart " RAMPART_VERSION);
  for (const Option& option : global_options()) {
    add_option(app, option, arguments);
  }
  app.require_subcommand(1);
  CLI::App* group = &app;
  for (const Command& command : commands()) {
    const auto [first, second] = split(command.name);
    CLI::App* parent = &app;
    if (!second.empty()) {
      if (group->get_name() != first) {
        const auto found =
            std::find_if(groups().begin(), groups().end(),
                         [name = first](const Group& one) { return one.name == name; });
        group = add_command(app, first, found->help);
        group->require_subcommand(1);
      }
      parent = group;
    }
    CLI::App* added = add_command(*parent, second.empty() ? first : second, command.help);
    for (const Option& option : command.options) {
      add_option(*added, option, arguments);
    }
  }
}

// The command or group that was reached.
const CLI::App& innermost(const CLI::App& app) {
  const CLI::App* at = &app;
  while (!at->get_subcommands().empty()) {
    at = at->get_subcommands().front();
  }
  return *at;
}

const Command* command_of(const CLI::App& app) {
  const CLI::App& last = innermost(app);
  const bool in_group = last.get_parent() != &app;
  const std::string name =
      (in_group ? last.get_parent()->get_name() + ' ' : std::string()) + last.get_name();
  const auto found = std::find_if(commands().begin(), commands().end(),
                                  [&](const Command& command) { return command.name == name; });
  return found == commands().end() ? nullptr : &*found;
}

// What is wrong with words that are not in the table.
std::string explain_extras(const CLI::App& app, const CLI::ExtrasError& error) {
  const std::vector<std::string> extras = app.remaining(true);
  const auto option = std::find_if(extras.begin(), extras.end(), [](const std::string& word) {
    return word.size() > 1 && word.starts_with('-');
  });
  const Command* command = command_of(app);
  if (option == extras.end() || command == nullptr) {
    return error.what();
  }
  Names names = names_of(command->options);
  for (const std::string_view name : names_of(global_options())) {
    names.push_back(name);
  }
  return unknown("option", std::string_view(*option).substr(0, option->find('=')), names);
}

bool has_word(int argc, const char* const* argv, std::string_view word) {
  return std::find(argv + std::min(argc, 1), argv + argc, word) != argv + argc;
}

// `rampart help flow pause` as `rampart flow pause --help`.
Parsed help_of(int argc, const char* const* argv) {
  std::vector<const char*> words(argv, argv + argc);
  words.erase(std::find(words.begin() + 1, words.end(), std::string_view("help")));
  words.push_back("--help");
  return parse_arguments(static_cast<int>(words.size()), words.data());
}

Parsed usage_error(Parsed parsed, std::string text) {
  parsed.exit_code = kUsage;
  parsed.text = std::move(text);
  return parsed;
}

}  // namespace

Parsed parse_arguments(int argc, const char* const* argv) {
  Parsed parsed;
  parsed.json = has_word(argc, argv, "--json");
  const Names words = command_words(argc, argv);
  if (words.size() > 1 && words[0] == "help") {
    return help_of(argc, argv);
  }
  if (std::string mistyped = find_mistyped(words); !mistyped.empty()) {
    return usage_error(std::move(parsed), std::move(mistyped));
  }
  Arguments arguments;
  CLI::App app(
      "Keeps outbound mail inside what each provider accepts, and away from dead addresses.",
      "rampart");
  build(app, arguments);
  if (argc < 2 || (!words.empty() && words[0] == "help")) {
    parsed.text = app.help();
    parsed.exit_code = argc < 2 ? kUsage : 0;
    return parsed;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    parsed.text = innermost(app).help();
    return parsed;
  } catch (const CLI::CallForVersion& version) {
    parsed.text = std::string(version.what()) + '\n';
    return parsed;
  } catch (const CLI::ExtrasError& error) {
    return usage_error(std::move(parsed), explain_extras(app, error));
  } catch (const CLI::ParseError& error) {
    return usage_error(std::move(parsed), error.what());
  }
  parsed.command = command_of(app);
  arguments.config_given = app.count("--config") > 0;
  parsed.arguments = std::move(arguments);
  return parsed;
}

}  // namespace rampart::cli
