// Logs, the journal and the doors for bounces: what is refused, warned of and made of it.

#include "support/catch.h"

#include "fake_files.h"

namespace rampart::config {
namespace {

using test::FakeFiles;
using test::problems_of;
using Lines = std::vector<std::string>;

FakeFiles some_files() {
  FakeFiles files;
  files.texts["/var/mail/box"] = "";
  files.directories = {"/var/mail/dir"};
  return files;
}

struct Case {
  std::string text;
  Lines problems;  // without "rampart.toml:"
};

void check(const std::vector<Case>& cases) {
  for (const Case& given : cases) {
    INFO(given.text);
    const Loaded loaded = load_text("rampart.toml", given.text, "", some_files());
    Lines expected;
    bool is_error = false;
    for (const std::string& problem : given.problems) {
      expected.push_back("rampart.toml:" + problem);
      is_error = is_error || problem.find(": error: ") != std::string::npos;
    }
    CHECK(problems_of(loaded) == expected);
    CHECK((loaded.config == nullptr) == is_error);
  }
}

TEST_CASE("a log is a file or the journal", "[config][unit]") {
  const std::string log = "[[report.log]]\n";
  const std::string file = "path = \"/var/log/mail.log\"\n";
  check({
      {log + "journal = true", {}},
      {log + "journal = true\ndirectory = \"/var/log/other\"\nusers = [\"postfix\", \"25\"]", {}},
      {log + "journal = true\nusers = []", {}},
      {log + file + log + "journal = true", {}},
      {log + file + "journal = false", {}},
      {"mode = \"enforce\"\n" + log + "journal = true", {}},
      {log, {"1:1: error: a [[report.log]] needs a path, or journal = true"}},
      {log + "journal = false",
       {"2:11: error: a [[report.log]] without a path needs journal = true"}},
      {log + file + "journal = true",
       {"3:11: error: a [[report.log]] is a file (path) or the journal, not both"}},
      {log + "path = \"mail.log\"",
       {"2:8: error: \"report.log.path\" must be an absolute path, not \"mail.log\""}},
      {log + "journal = true\n" + log + "journal = true",
       {"3:1: error: \"journal\" is here for the second time"}},
      {log + "journal = true\n" + log + "journal = true\ndirectory = \"/j\"", {}},
      {log + "journal = true\ndirectory = \"/j\"\n" + log + "journal = true\ndirectory = \"/j\"",
       {"4:1: error: \"journal:/j\" is here for the second time"}},
      {log + file + "journal = 1",
       {"3:11: error: \"report.log.journal\" must be true or false, not 1"}},
      {log + "journal = true\ndirectory = \"j\"",
       {"3:13: error: \"report.log.directory\" must be an absolute path, not \"j\""}},
      {log + "journal = true\nusers = [\"a b\"]",
       {"3:10: error: \"report.log.users\" must be the name or number of an account, not "
        "\"a b\""}},
      {log + "journal = true\nusers = [\"\"]",
       {"3:10: error: \"report.log.users\" must be the name or number of an account, not \"\""}},
      {log + file + "directory = \"/j\"\nusers = [\"root\"]",
       {"3:13: warning: directory has no effect without journal = true",
        "4:9: warning: users has no effect without journal = true"}},
      {log + "journal = true\ntz = \"Europe/Berlin\"",
       {"3:6: warning: tz has no effect: the journal's stamps need no zone"}},
  });
}

TEST_CASE("doors for bounces are checked", "[config][unit]") {
  const std::string nothing =
      "warning: dsn.token = false: bounces from outside will count for nothing, since only a "
      "token in the mail they return tells them from forged ones";
  const std::string flat =
      "warning: smarthost = true without a door for bounces in [dsn]: nothing tells what became "
      "of mail, so levels do not grow";
  check({
      {"[dsn]\nmilter = true", {}},
      {"[dsn]\nmaildir = [\"/var/mail/dir\"]\nmbox = [\"/var/mail/box\"]", {}},
      {"[dsn]\ntoken = false", {}},
      {"[dsn]\ntoken = true", {}},
      {"[dsn]\nmilter = true\ntoken = false", {"3:9: " + nothing}},
      {"[dsn]\nmbox = [\"/var/mail/box\"]\ntoken = false", {"3:9: " + nothing}},
      {"[report]\nsmarthost = true", {"2:13: " + flat}},
      {"[report]\nsmarthost = true\n[dsn]\nmilter = true", {}},
      {"[report]\nsmarthost = true\n[dsn]\ntoken = true", {}},  // rampart feed --message
      {"[report]\nsmarthost = true\n[dsn]\nmilter = true\ntoken = false", {"5:9: " + nothing}},
      {"[dsn]\nmaildir = [\"/var/mail/dir\", \"/var/mail/dir\"]",
       {"2:11: error: \"/var/mail/dir\" is here for the second time"}},
      {"[dsn]\nmaildir = [\"/var/mail/none\"]",
       {"2:11: warning: /var/mail/none cannot be read: No such file or directory"}},
      {"[dsn]\nmaildir = [\"/var/mail/box\"]",
       {"2:11: error: /var/mail/box is a file, not a Maildir"}},
      {"[dsn]\nmbox = [\"/var/mail/dir\"]",
       {"2:8: warning: /var/mail/dir cannot be read: not a plain file"}},
      {"[dsn]\nmbox = \"/var/mail/box\"",
       {"2:8: error: \"dsn.mbox\" must be texts in brackets, as in [\"a\", \"b\"], not "
        "\"/var/mail/box\""}},
      {"[dsn]\nmbox = [\"box\"]",
       {"2:9: error: \"dsn.mbox\" must be an absolute path, not \"box\""}},
      {"[dsn]\ntoken = \"yes\"", {"2:9: error: \"dsn.token\" must be true or false, not \"yes\""}},
      {"[dsn]\nkeep = \"1h\"",
       {"2:8: error: \"dsn.keep\" must be a duration from \"1d\" to \"365d\", not \"1h\""}},
      {"[dsn]\nhost_names = [\"*.example.com\"]",
       {"2:15: error: \"dsn.host_names\" must be a domain such as \"example.com\", not "
        "\"*.example.com\""}},
  });
}

TEST_CASE("the guard's figures are checked", "[config][unit]") {
  check({
      {"[suppression.guard]\nwindow = 20\nleap_dead = 20\nrun_dead = 20", {}},
      {"[suppression.guard]\nwindow = 15",
       {"2:10: error: suppression.guard.run_dead = 20 is above suppression.guard.window = 15"}},
      {"[suppression.guard]\nleap_dead = 51",
       {"2:13: error: suppression.guard.leap_dead = 51 is above suppression.guard.window = 50"}},
      {"[suppression.guard]\nwindow = 10001",
       {"2:10: error: \"suppression.guard.window\" must be a whole number from 10 to 10000, not "
        "10001"}},
      {"[suppression.guard]\nleap_share = 0",
       {"2:14: error: \"suppression.guard.leap_share\" must be a number from 0.001 to 1.0, not "
        "0"}},
      {"[suppression]\nguard = true",
       {"2:9: error: \"suppression.guard\" must be a table, written [suppression.guard]"}},
  });
}

TEST_CASE("a door opens what is needed behind it", "[config][unit]") {
  struct Row {
    std::string text;
    bool reads;
    bool token;
  };
  const std::vector<Row> rows{
      {"", false, false},
      {"milter = false\nmaildir = []", false, false},
      {"milter = true", true, true},
      {"maildir = [\"/var/mail/dir\"]", true, true},
      {"mbox = [\"/var/mail/box\"]", true, true},
      {"token = true", true, true},
      {"token = false", false, false},
      {"milter = true\ntoken = false", true, false},
  };
  for (const Row& row : rows) {
    INFO(row.text);
    const Loaded loaded = load_text("rampart.toml", "[dsn]\n" + row.text, "", some_files());
    REQUIRE(loaded.config != nullptr);
    CHECK(loaded.config->policy->options.reads_notices == row.reads);
    CHECK(loaded.config->policy->options.token == row.token);
    CHECK(loaded.config->milter.read_notices == (row.text.find("milter = true") == 0));
  }
}

TEST_CASE("the journal reaches the feed", "[config][unit]") {
  const Loaded loaded = load_text("rampart.toml",
                                  "[[report.log]]\njournal = true\ndirectory = \"/j\"\n"
                                  "users = [\"25\"]\nformat = \"postfix\"\n"
                                  "[[report.log]]\njournal = true\n",
                                  "", some_files());
  REQUIRE(loaded.config != nullptr);
  const auto& logs = loaded.config->feed.logs;
  REQUIRE(logs.size() == 2);
  CHECK(logs[0].journal);
  CHECK(logs[0].journal_directory == "/j");
  CHECK(logs[0].users == Lines{"25"});
  CHECK(logs[0].format == "postfix");
  CHECK(logs[0].path.empty());
  CHECK(logs[1].journal);
  CHECK(logs[1].users == feed::LogSource{}.users);
  CHECK(loaded.config->policy->options.has_log_source);
}

}  // namespace
}  // namespace rampart::config
