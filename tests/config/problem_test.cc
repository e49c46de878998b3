#include "support/catch.h"

#include "fake_files.h"

namespace rampart::config {
namespace {

using test::FakeFiles;
using test::problems_of;
using Lines = std::vector<std::string>;

struct Case {
  std::string text;
  Lines problems;  // without "rampart.toml:"
};

void check(const Case& given, const FakeFiles& files = {}) {
  INFO(given.text);
  const Loaded loaded = load_text("rampart.toml", given.text, "", files);
  Lines expected;
  bool is_error = false;
  for (const std::string& problem : given.problems) {
    expected.push_back((problem.starts_with('/') ? "" : "rampart.toml:") + problem);
    is_error = is_error || problem.find("error: ") != std::string::npos;
  }
  CHECK(problems_of(loaded) == expected);
  CHECK((loaded.config == nullptr) == is_error);
}

TEST_CASE("a key that is not known is refused with the nearest name", "[config][unit]") {
  const std::vector<Case> cases{
      {"mod = \"observe\"", {"1:1: error: unknown key \"mod\"; did you mean \"mode\"?"}},
      {"[ramp]\n  new_sender_per_day = 1",
       {"2:3: error: unknown key \"new_sender_per_day\"; did you mean \"new_senders_per_day\"?"}},
      {"[plan.mine]\ngrwoth = 1.2",
       {"2:1: error: unknown key \"grwoth\"; did you mean \"growth\"?"}},
      {"[[rule]]\nsnder = \"a.example\"",
       {"2:1: error: unknown key \"snder\"; did you mean \"sender\"?"}},
      {"[ramp]\npause = \"15m\"", {"2:1: error: unknown key \"pause\"; it belongs in [backoff]"}},
      {"lease_time = \"1s\"", {"1:1: error: unknown key \"lease_time\"; it belongs in [store]"}},
      {"[xylophone]\nnote = 1", {"1:2: error: unknown key \"xylophone\""}},
      {"[report]\nhistori = []",
       {"2:1: error: unknown key \"histori\"; did you mean \"history\"?"}},
      {"[report]\nhistory = \"/var/log/mail.log.1\"",
       {"2:11: error: \"report.history\" must be texts in brackets, as in [\"a\", \"b\"], not "
        "\"/var/log/mail.log.1\""}},
      {"[report]\nhistory = [\"mail.log.*\"]",
       {"2:12: error: \"report.history\" must be an absolute path, not \"mail.log.*\""}},
      {"[log]\nkeep = \"14d\"", {"2:1: error: unknown key \"keep\""}},  // in two sections
      {"[dsn]\ntokens = true", {"2:1: error: unknown key \"tokens\"; did you mean \"token\"?"}},
      {"[suppression.guard]\nwindows = 5",
       {"2:1: error: unknown key \"windows\"; did you mean \"window\"?"}},
  };
  for (const Case& given : cases) {
    check(given);
  }
}

TEST_CASE("a value of the wrong type or out of range is refused", "[config][unit]") {
  const std::string duration =
      "must be a duration with its unit, such as \"250ms\", \"90s\", \"15m\", \"6h\" or \"45d\"";
  const std::vector<Case> cases{
      {"[plan.a]\nstart = \"fifty\"",
       {"2:9: error: \"plan.a.start\" must be a whole number of 1 or more, not \"fifty\""}},
      {"[plan.a]\nstart = 0",
       {"2:9: error: \"plan.a.start\" must be a whole number of 1 or more, not 0"}},
      {"[plan.a]\nstart = 1.5",
       {"2:9: error: \"plan.a.start\" must be a whole number of 1 or more, not 1.5"}},
      {"[plan.a]\nstart = 4294967296",
       {"2:9: error: \"plan.a.start\" must be a whole number from 1 to 4294967295, not "
        "4294967296"}},
      {"[ramp]\nhourly_share = 1.5",
       {"2:16: error: \"ramp.hourly_share\" must be a number from 0.001 to 1.0, not 1.5"}},
      {"[ramp]\nhourly_share = nan",
       {"2:16: error: \"ramp.hourly_share\" must be a number from 0.001 to 1.0, not nan"}},
      {"[backoff]\npause = 15", {"2:9: error: \"backoff.pause\" " + duration + ", not 15"}},
      {"[backoff]\npause = \"15\"", {"2:9: error: \"backoff.pause\" " + duration + ", not \"15\""}},
      {"[ramp]\nmemory = \"90d\"",
       {"2:10: error: \"ramp.memory\" must be a duration from \"1d\" to \"47d\", not \"90d\""}},
      {"[report]\nsmarthost = \"no\"",
       {"2:13: error: \"report.smarthost\" must be true or false, not \"no\""}},
      {"mode = \"off\"", {"1:8: error: \"mode\" must be \"observe\" or \"enforce\", not \"off\""}},
      {"mode = \"\"", {"1:8: error: \"mode\" must be \"observe\" or \"enforce\", not \"\""}},
      {"[ramp]\nover = \"reject\"",
       {"2:8: error: \"ramp.over\" must be one of \"accept\", \"defer\", \"hold\", \"tag\", "
        "\"auto\", not "
        "\"reject\""}},
      {"[suppression]\naction = \"auto\"",
       {"2:10: error: \"suppression.action\" must be one of \"accept\", \"defer\", \"reject\", "
        "\"hold\", "
        "\"tag\", \"drop\", not \"auto\""}},
      {"[outbound]\nnetworks = [\"192.0.2.0/24\", \"192.0.2.0/33\"]",
       {"2:29: error: \"outbound.networks\" must be an address or network such as "
        "\"192.0.2.0/24\", not "
        "\"192.0.2.0/33\""}},
      {"[outbound]\nlocal_domains = \"example.com\"",
       {"2:17: error: \"outbound.local_domains\" must be texts in brackets, as in [\"a\", \"b\"], "
        "not "
        "\"example.com\""}},
      {"[plan.a]\nschedule = [1, \"2\"]",
       {"2:16: error: \"plan.a.schedule\" must be a whole number of 1 or more, not \"2\""}},
      {"[milter]\nlisten = \"8895@localhost\"",
       {"2:10: error: \"milter.listen\" must start with \"unix:\" or \"inet:\", not "
        "\"8895@localhost\""}},
      {"[store]\nurl = \"redis://host/0\"",
       {"2:7: error: \"store.url\" must be \"sqlite:/PATH\" or \"memory:\" (this version does not "
        "support "
        "Redis), not \"redis://host/0\""}},
      {"milter = 1", {"1:10: error: \"milter\" must be a table, written [milter]"}},
      {"[rule]\nsender = \"a.example\"",
       {"1:1: error: \"rule\" must be repeated tables, each written [[rule]]"}},
      {"[plan]\nstart = 5",
       {"2:9: error: \"plan.start\" must be a table with a name of its own, written [plan.NAME]"}},
      {"[[report.log]]\nformat = \"exim\"",
       {"1:1: error: a [[report.log]] needs a path, or journal = true",
        "2:10: error: \"report.log.format\" must be \"auto\", \"postfix\" or \"sendmail\", not "
        "\"exim\""}},
      {"[plan.none]\nstart = 1", {"1:1: error: plan \"none\" has no limits and cannot be changed"}},
      {"[plan.\"My plan\"]\nstart = 1",
       {"1:1: error: the name of a plan must be 1 to 40 lower-case letters, digits, \"_\" and "
        "\"-\", not "
        "\"My plan\""}},
      {"[[rule]]\nsender = \"*.example.com\"",
       {"2:10: error: \"rule.sender\" must be one sender; for a pattern add a [[sender]] with "
        "match and "
        "name, and use that name, not \"*.example.com\""}},
  };
  for (const Case& given : cases) {
    check(given);
  }
}

TEST_CASE("keys are checked against each other", "[config][unit]") {
  const std::vector<Case> cases{
      {"[plan.a]\ngrowth = 3.0", {"2:10: error: plan.a.growth = 3.0 is above ramp.ceiling = 2.0"}},
      {"[plan.a]\ngrowth = 2.0", {}},
      {"[ramp]\nceiling = 1.5",
       {"2:11: error: plan.fast.growth = 2.0 is above ramp.ceiling = 1.5"}},
      {"[plan.a]\nschedule = [50, 100, 100]",
       {"2:12: error: a schedule must rise: 100 is followed by 100"}},
      {"[plan.a]\nschedule = [50, 100, 101]", {}},
      {"[hold]\nmax_age = \"4d\"",
       {"2:11: error: hold.max_age = \"4d\" must be below \"4d\": the MTA returns mail \"5d\" "
        "after "
        "it came, and needs a day to try it"}},
      {"[hold]\nmax_age = \"95h\"", {}},
      {"[[rule]]\nschedule = [2, 1]", {"2:12: error: a schedule must rise: 2 is followed by 1"}},
      {"[plan.a]\nmax = 199",
       {"2:7: warning: plan.a.max = 199 is below plan.a.start = 200: the plan never grows"}},
      {"[plan.a]\nmax = 200", {}},
      {"[plan.a]\ngrowth = 1.2\nschedule = [1, 2]",
       {"2:10: warning: growth has no effect beside a schedule"}},
      {"[backoff]\npause = \"7h\"",
       {"2:9: error: backoff.pause = \"7h\" is above backoff.max_pause = \"6h\""}},
      {"[backoff]\nmax_pause = \"10m\"",
       {"2:13: error: backoff.pause = \"15m\" is above backoff.max_pause = \"10m\""}},
      {"[backoff]\npause = \"6h\"", {}},
      {"[health]\nbounce_share = 0.2",
       {"2:16: error: health.bounce_share = 0.2 is above health.stop_share = 0.12"}},
      {"[ramp]\nplan = \"standart\"",
       {"2:8: error: no plan is called \"standart\"; did you mean \"standard\"?"}},
      {"[ramp]\nplan = \"none\"", {}},
      {"[host]\nplan = \"xylophone\"",
       {"2:8: error: no plan is called \"xylophone\"; define it: [plan.NAME]"}},
      {"[[rule]]\nplan = \"slow\"",
       {"2:8: error: no plan is called \"slow\"; define it: [plan.NAME]"}},
      {"[[rule]]\nplan = \"slow\"\n[plan.slow]\nstart = 10", {}},
      {"[[rule]]\nprovider = \"gmial\"",
       {"2:12: error: no provider is called \"gmial\"; did you mean \"gmail\"?"}},
      {"[[rule]]\nprovider = \"acme\"\n[provider.acme]\ndomains = [\"acme.example\"]", {}},
      {"[[rule]]\nprovider = \"example.org\"", {}},
      {"[[rule]]\nprovider = \"Gmail.com\"",
       {"2:12: warning: \"gmail.com\" is part of provider \"gmail\"; this rule never applies: "
        "write "
        "provider = \"gmail\""}},
      {"[[rule]]\nprovider = \"mx.example.org\"",
       {"2:12: warning: \"mx.example.org\" is part of provider \"example.org\"; this rule never "
        "applies: "
        "write provider = \"example.org\""}},
      {"[[rule]]\nsender = \"a.example\"\n[[rule]]\nsender = \"A.example\"\nprovider = \"gmail\"",
       {"3:1: warning: this rule never applies: an earlier [[rule]] has all its mail"}},
      {"[[rule]]\nsender = \"a.example\"\nprovider = \"gmail\"\n[[rule]]\nsender = \"a.example\"",
       {}},
      {"[[rule]]\nexempt = true\n[[rule]]\nsender = \"a.example\"",
       {"3:1: warning: this rule never applies: an earlier [[rule]] has all its mail"}},
      {"[[rule]]\nsender = \"co.uk\"",
       {"2:10: error: sender \"co.uk\" in a rule is a public suffix: strangers would be one "
        "sender"}},
      {"[[sender]]\nmatch = \"a.example\"\nauth = \"me\"",
       {"1:1: error: a sender needs exactly one of match, auth and network"}},
      {"[suppression]\nsoft_days = 20",
       {"2:13: warning: 20 distinct days take longer than suppression.soft_span = \"14d\", which "
        "so has no "
        "effect"}},
      {"[suppression]\nsoft_days = 15", {}},
      {"[milter]\nlisten = \"inet:8895@0.0.0.0\"",
       {"2:10: warning: \"inet:8895@0.0.0.0\" is no loopback address: whoever can connect to it "
        "can spend "
        "every sender's allowance"}},
      {"[milter]\nlisten = \"inet:8895@127.0.0.1\"", {}},
      {"[ramp]\nhour = \"5s\"",
       {"2:8: warning: ramp.hour is for tests: every limit now counts hours of \"5s\""}},
      {"[provider.acme]\ndomains = [\"gmail.com\"]",
       {"1:1: error: \"gmail.com\" belongs to provider \"gmail\", so not to \"acme\""}},
  };
  for (const Case& given : cases) {
    check(given);
  }
}

TEST_CASE("enforcing needs a log", "[config][unit]") {
  const std::string text = "mode \"enforce\" needs a log to learn from";
  const std::vector<Case> cases{
      {"mode = \"enforce\"", {"1:8: error: " + text + ": add [[report.log]] with its path"}},
      {"[[rule]]\nmode = \"enforce\"",
       {"2:8: error: " + text + ": add [[report.log]] with its path"}},
      {"mode = \"enforce\"\n[[report.log]]\npath = \"/var/log/mail.log\"", {}},
      {"mode = \"enforce\"\n[[report.log]]\npath = \"/var/log/maillog\"",
       {"3:8: warning: /var/log/maillog cannot be read: No such file or directory"}},
      {"[[report.log]]\npath = \"/var/log/mail.log\"\n[[report.log]]\npath = \"/var/log/mail.log\"",
       {"3:1: error: \"/var/log/mail.log\" is here for the second time"}},
      {"[[report.log]]\npath = \"/var/log/mail.log\"\ntz = \"Europe/Berlin\"", {}},
      {"[[report.log]]\npath = \"/var/log/mail.log\"\ntz = \"Europe/Atlantis\"",
       {"3:6: error: no time zone is called \"Europe/Atlantis\" in /usr/share/zoneinfo/"}},
  };
  for (const Case& given : cases) {
    check(given);
  }
}

TEST_CASE("all problems are told at once, from the top", "[config][unit]") {
  check({"[ramp]\nplan = \"x\"\n[backoff]\npause = 5\n[aaa]\n[[rule]]\nover = 1",
         {"2:8: error: no plan is called \"x\"; define it: [plan.NAME]",
          "4:9: error: \"backoff.pause\" must be a duration with its unit, such as \"250ms\", "
          "\"90s\", "
          "\"15m\", \"6h\" or \"45d\", not 5",
          "5:2: error: unknown key \"aaa\"",
          "7:8: error: \"rule.over\" must be one of \"accept\", \"defer\", \"hold\", \"tag\", "
          "\"auto\", "
          "not 1"}});
}

TEST_CASE("a syntax error has its place and source line", "[config][unit]") {
  const Loaded loaded =
      load_text("rampart.toml", "mode = \"observe\"\n[ramp\nplan = 1\n", "", FakeFiles{});
  REQUIRE(loaded.problems.size() == 1);
  CHECK(loaded.config == nullptr);
  CHECK(loaded.problems[0].line == 2);
  CHECK(loaded.problems[0].source_line == "[ramp");
  const Loaded twice =
      load_text("rampart.toml", "mode = \"observe\"\nmode = \"observe\"", "", FakeFiles{});
  REQUIRE(twice.problems.size() == 1);
  CHECK(twice.problems[0].line == 2);
}

TEST_CASE("a problem carries key and source line", "[config][unit]") {
  const Loaded loaded =
      load_text("/etc/rampart/rampart.toml", "\r\n[ramp]\r\n plan = 7\r\n", "", FakeFiles{});
  REQUIRE(loaded.problems.size() == 1);
  const Problem& problem = loaded.problems[0];
  CHECK(problem.file == "/etc/rampart/rampart.toml");
  CHECK(problem.key == "ramp.plan");
  CHECK(problem.source_line == " plan = 7");
  CHECK(problem.is_error);
}

TEST_CASE("problems of the tables name their file", "[config][unit]") {
  FakeFiles files;
  files.texts["/tables/replies.toml"] +=
      "[[rule]]\nname = \"b\"\nmatch = '('\nclass = \"rate_limitd\"\nscope = \"sender\"\nsample = "
      "[\"421 x\"]\n";
  files.texts["/tables/providers.toml"] += "colour = \"red\"\n";
  const Loaded loaded = load_text("rampart.toml", "", "", files);
  REQUIRE(loaded.problems.size() >= 3);
  CHECK(to_string(loaded.problems[0]) ==
        "/tables/providers.toml:8:1: error: unknown key \"colour\"");
  CHECK(loaded.problems[1].file == "/tables/replies.toml");
  CHECK(loaded.problems[1].line == 7);  // the pattern, from the table's own check
  CHECK(loaded.problems[2].line == 10);
  CHECK(loaded.problems[2].key == "rule.class");
  CHECK(loaded.config == nullptr);
}

TEST_CASE("the phrases of notices are checked where they stand", "[config][unit]") {
  FakeFiles files;
  const Loaded good = load_text("rampart.toml", "", "", files);
  REQUIRE(good.config != nullptr);
  CHECK(good.config->policy->phrases.bounce_subjects == std::vector<std::string>{"returned mail"});
  CHECK(good.config->policy->phrases.delay_texts.empty());
  files.texts["/tables/notices.toml"] =
      "[subject]\nbounce = [\"returned mail\",\n  \"Bounce\"]\nauto = [\"vacation\"]\n[text]\n"
      "delay = [\"a  b\", \"no\", \" warning\"]\nfinal = 7\n";
  std::vector<std::string> told;
  for (const Problem& problem : load_text("rampart.toml", "", "", files).problems) {
    told.push_back(to_string(problem));
  }
  REQUIRE(told.size() == 4);
  const std::string must =
      "must be 3 to 100 bytes in lower case with single blanks between words, not \"";
  CHECK(told[0] == "/tables/notices.toml:3:3: error: \"subject.bounce\" " + must + "Bounce\"");
  CHECK(told[1].starts_with("/tables/notices.toml:4:1: error: unknown key \"auto\""));
  CHECK(told[2] == "/tables/notices.toml:6:10: error: \"text.delay\" " + must + "a  b\"");
  CHECK(told[3].starts_with("/tables/notices.toml:7:9: error: \"text.final\" must be"));
}

TEST_CASE("missing and untrusted tables are refused", "[config][unit]") {
  FakeFiles files;
  files.texts.erase("/tables/replies.toml");
  check({"",
         {" error: the tables shipped with rampart (replies.toml, providers.toml, notices.toml) "
          "are not "
          "in: /none, /tables; name their directory with tables = \"/DIRECTORY\""}},
        files);
  check({"tables = \"/mine\"",
         {"1:10: error: /mine/providers.toml: No such file or directory",
          "1:10: error: /mine/notices.toml: No such file or directory",
          "1:10: error: /mine/replies.toml: No such file or directory"}},
        FakeFiles{});
  FakeFiles open;
  open.untrusted = "/tables/replies.toml";
  check({"", {" error: /tables/replies.toml: mode 0666"}}, open);
  open.untrusted = "/etc/rampart/list";
  check({"[[suppression.list]]\nfile = \"/etc/rampart/list\"",
         {"2:8: error: /etc/rampart/list: mode 0666"}},
        open);
  open.untrusted.clear();
  open.unreadable = "/etc/rampart/list";
  check({"[[suppression.list]]\nfile = \"/etc/rampart/list\"",
         {"2:8: warning: /etc/rampart/list: Input/output error; to be tried again while serving"}},
        open);
  check({"[[suppression.list]]\nfile = \"/etc/rampart/none\"",
         {"2:8: error: /etc/rampart/none: No such file or directory"}});
  check({"[[suppression.list]]\nfile = \"none\"",
         {"2:8: error: \"suppression.list.file\" must be an absolute path, not \"none\""}});
}

TEST_CASE("no key of the file can forge a line of its own", "[config][unit]") {
  const Loaded loaded =
      load_text("rampart.toml",
                "\"a\\nb: error: c\" = 1\n[plan.\"x\\u001b\"]\n[provider.\"a\\nb\"]\nmx = 1\n", "",
                FakeFiles{});
  for (const std::string& line : problems_of(loaded)) {
    INFO(line);
    CHECK(line.find('\n') == std::string::npos);
    CHECK(line.find('\x1b') == std::string::npos);
  }
  CHECK(loaded.problems.size() == 4);  // the last: bad name and bad value
}

}  // namespace
}  // namespace rampart::config
