#include "cli/arguments.h"

#include "support/catch.h"

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
    CHECK(parsed.arguments->command == "flow show");
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
