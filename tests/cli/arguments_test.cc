#include "cli/arguments.h"

#include <algorithm>
#include <set>

#include "rampart/base/text.h"
#include "support/catch.h"

#include "cli/commands.h"

namespace rampart::cli {
namespace {

Parsed parse(std::vector<const char*> words) {
  words.insert(words.begin(), "rampart");
  return parse_arguments(static_cast<int>(words.size()), words.data());
}

TEST_CASE("a mistyped command is answered with the nearest", "[cli]") {
  struct Case {
    std::vector<const char*> words;
    std::string_view expected;
  };
  const std::vector<Case> cases{
      {{"statuss"}, "did you mean \"status\"?"},
      {{"-c", "run", "supression", "add"}, "did you mean \"suppression\"?"},
      {{"flow", "pasue", "a", "b"}, "did you mean \"pause\"?"},
      {{"hold", "lsit"}, "did you mean \"list\"?"},
      {{"frobnicate"}, "there are run, status, flow"},
      {{"config", "xyzzy"}, "there are check, show, reload"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.expected);
    const Parsed parsed = parse(c.words);
    CHECK_FALSE(parsed.arguments.has_value());
    CHECK(parsed.exit_code == 2);
    CHECK(parsed.text.find(c.expected) != std::string::npos);
  }
}

std::vector<std::string> words_of(const Command& command) {
  std::vector<std::string> words;
  for (const std::string_view text : {command.name, std::string_view(command.example)}) {
    for (const std::string_view word : base::split(text, ' ')) {
      if (!word.empty()) {
        words.emplace_back(word);
      }
    }
  }
  return words;
}

Parsed parse_with(const std::vector<std::string>& words, const std::string& more = "--json") {
  std::vector<const char*> all;
  for (const std::string& word : words) {
    all.push_back(word.c_str());
  }
  all.push_back(more.c_str());
  return parse(std::move(all));
}

bool is_option(const Option& option) {
  return option.names[0] == '-';
}

TEST_CASE("every command of the table has help, and its example parses", "[cli]") {
  const std::string overview = parse({"--help"}).text;
  std::set<std::string_view> names;
  for (const Command& command : commands()) {
    CAPTURE(command.name, command.example);
    CHECK(names.insert(command.name).second);
    CHECK_FALSE(std::string_view(command.help).empty());
    CHECK((command.run == nullptr) == (command.name == "run"));
    const Parsed parsed = parse_with(words_of(command));
    CAPTURE(parsed.text);
    CHECK(parsed.arguments.has_value());
    CHECK(parsed.command == &command);
    const std::size_t blank = command.name.find(' ');
    const std::string first(command.name.substr(0, blank));
    CHECK(overview.find("\n  " + first + " ") != std::string::npos);
    const std::vector<std::string> name = [&] {
      std::vector<std::string> words{first};
      if (blank != std::string_view::npos) {
        words.emplace_back(command.name.substr(blank + 1));
      }
      return words;
    }();
    const std::string help = parse_with(name, "--help").text;
    for (const Option& option : command.options) {
      CAPTURE(option.names);
      CHECK_FALSE(std::string_view(option.help).empty());
      CHECK(help.find(option.names) != std::string::npos);
    }
    if (name.size() == 2) {
      CHECK(parse_with({first}, "--help").text.find("\n  " + name[1] + " ") != std::string::npos);
      CHECK(parse_with({"help", first}, name[1]).text == help);
    }
  }
  CHECK(names.size() > 25);
  for (const Group& group : groups()) {
    CAPTURE(group.name);
    CHECK_FALSE(std::string_view(group.help).empty());
    CHECK(std::any_of(names.begin(), names.end(), [&](std::string_view name) {
      return name.starts_with(std::string(group.name) + ' ');
    }));
  }
}

TEST_CASE("an option that a command does not have is answered with the nearest", "[cli]") {
  std::size_t checked = 0;
  for (const Command& command : commands()) {
    std::vector<Option> options = global_options();
    std::copy_if(command.options.begin(), command.options.end(), std::back_inserter(options),
                 is_option);
    for (const Option& option : options) {
      std::string name(base::split(option.names, ',').back());
      const std::string expected = "did you mean \"" + name + "\"?";
      name.insert(name.size() - 1, "x");
      CAPTURE(command.name, name);
      for (const std::string& typed : {name, name + "=1"}) {
        const Parsed parsed = parse_with(words_of(command), typed);
        CHECK_FALSE(parsed.arguments.has_value());
        CHECK(parsed.exit_code == 2);
        CHECK(parsed.text.find("unknown option \"" + name + "\"; " + expected) == 0);
        ++checked;
      }
    }
    const Parsed parsed = parse_with(words_of(command), "--frobnicate");
    CHECK(parsed.exit_code == 2);
    CHECK(parsed.text.find("unknown option \"--frobnicate\"; there are ") == 0);
  }
  CHECK(checked > 200);
}

TEST_CASE("every usage error has exit code 2", "[cli]") {
  const std::vector<std::vector<const char*>> cases{{},
                                                    {"flow"},
                                                    {"flow", "show", "a"},
                                                    {"flow", "show", "a", "b", "c"},
                                                    {"suppression", "add"},
                                                    {"suppression", "why"},
                                                    {"status", "--sate", "open"},
                                                    {"status", "--state", "shut"},
                                                    {"--json"},
                                                    {"config"},
                                                    {"provider", "of"}};
  for (const auto& words : cases) {
    CAPTURE(words.size(), words.empty() ? "" : words.back());
    const Parsed parsed = parse(words);
    CHECK_FALSE(parsed.arguments.has_value());
    CHECK(parsed.exit_code == 2);
    CHECK_FALSE(parsed.text.empty());
  }
}

TEST_CASE("help and version are no errors", "[cli]") {
  for (const char* word : {"--help", "--version", "help"}) {
    CAPTURE(word);
    const Parsed parsed = parse({word});
    CHECK(parsed.exit_code == 0);
    CHECK_FALSE(parsed.text.empty());
  }
  CHECK(parse({"flow", "pause", "--help"}).text.find("--for") != std::string::npos);
}

TEST_CASE("global options stand before or after the command", "[cli]") {
  for (const auto& words :
       {std::vector<const char*>{"--json", "-c", "/x.toml", "flow", "show", "a", "b"},
        std::vector<const char*>{"flow", "show", "a", "b", "--json", "-c", "/x.toml"}}) {
    const Parsed parsed = parse(words);
    REQUIRE(parsed.arguments.has_value());
    CHECK(parsed.command->name == "flow show");
    CHECK(parsed.arguments->words == std::vector<std::string>{"a", "b"});
    CHECK(parsed.arguments->json);
    CHECK(parsed.arguments->config == "/x.toml");
    CHECK(parsed.arguments->config_given);
  }
}

TEST_CASE("odd words reach the command", "[cli]") {
  CHECK(parse({"explain", "-"}).arguments.value().words == std::vector<std::string>{"-"});
  CHECK(parse({"explain", "550", "5.1.1", "status"}).arguments.value().words.size() == 3);
  CHECK(parse({"suppression", "add", "--", "-odd@example.org"}).arguments.value().words ==
        std::vector<std::string>{"-odd@example.org"});
  CHECK(parse({"hold", "release", "--all", "--flow", "a", "b"}).arguments.value().flow ==
        std::vector<std::string>{"a", "b"});
}

}  // namespace
}  // namespace rampart::cli
