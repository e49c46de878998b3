// The program itself: exit codes, output and errors, without a service.

#include <filesystem>

#include <fmt/format.h>

#include "rampart/base/program.h"
#include "support/catch.h"
#include "support/temporary_directory.h"

namespace rampart::cli {
namespace {

const std::string kTables = RAMPART_SOURCE_DIR "/conf";

base::ProgramResult rampart(std::vector<std::string> words, std::string_view input = {}) {
  words.insert(words.begin(), RAMPART_BINARY);
  const auto result = base::run_program(words, input);
  REQUIRE(result.has_value());
  return *result;
}

TEST_CASE("exit codes without a service", "[cli]") {
  const test::TemporaryDirectory directory;
  const std::string good = directory.write("good.toml", "tables = \"" + kTables + "\"\n");
  const std::string bad = directory.write("bad.toml", "mode = 3\nalowance = 1\n");
  const std::string socket = directory / "none.sock";
  const std::string control = "[control]\nsocket = \"" + socket + "\"\n";
  const std::string bad_elsewhere =
      directory.write("elsewhere.toml", "mode = 3\nalowance = 1\n" + control);
  const std::string tables = directory / "tables";
  std::filesystem::create_directory(tables);
  std::filesystem::copy_file(kTables + "/providers.toml", tables + "/providers.toml");
  directory.write("tables/replies.toml", "this is no TOML");
  const std::string bad_replies =
      directory.write("replies.toml", "tables = \"" + tables + "\"\n" + control);
  const std::string plan =
      directory.write("plan.toml",
                      "days = 2\nhistory = 1\n[[sender]]\nname = \"a.example\"\nper_day = 50\n"
                      "[[provider]]\nname = \"gmail\"\n");
  const std::string bad_plan = directory.write("bad-plan.toml", "day = 2\n");
  struct Case {
    std::vector<std::string> words;
    int exit_code;
    std::string error;
  };
  const std::vector<Case> cases{
      {{"statuss"}, 2, "did you mean \"status\"?"},
      {{"status", "--socket", socket}, 3, "the service cannot be reached"},
      {{"-c", bad, "status", "--socket", socket}, 3, "the service cannot be reached"},
      {{"-c", bad_elsewhere, "status"}, 3, bad_elsewhere + ":1:8: error: \"mode\" must be"},
      {{"-c", bad_elsewhere, "status"}, 3, "and 1 more: rampart config check"},
      {{"-c", bad_elsewhere, "status"}, 3, "cannot be reached: " + socket},
      {{"-c", bad_replies, "status"}, 3, "cannot be reached: " + socket},
      {{"-c", bad_replies, "provider", "of", "gmail.com"}, 0, ""},
      {{"-c", bad_replies, "transport", "clear"}, 0, ""},
      {{"-c", bad_replies, "explain", "550 x"}, 2, "replies.toml"},
      {{"-c", bad, "provider", "list"}, 2, "unknown key \"alowance\""},
      {{"-c", directory / "none.toml", "status"}, 2, "none.toml"},
      {{"flow", "reset", "a", "b", "--socket", socket}, 2, "nothing was changed"},
      {{"suppression", "import", directory / "none.txt", "--socket", socket}, 2, "No such file"},
      {{"explain", "--tables", kTables}, 2, "give a reply"},
      {{"explain", "--tables", kTables, "--provider", "gmial", "x"}, 2, "did you mean \"gmail\"?"},
      {{"explain", "--tables", kTables, "--stage", "dinner", "x"}, 2, "is no stage"},
      {{"explain", "--tables", directory.path(), "x"}, 2, "replies.toml"},
      {{"-c", good, "provider", "of", "no domain"}, 2, "is no domain"},
      {{"-c", good, "simulate", plan}, 0, ""},
      {{"-c", good, "simulate", plan, "--against", "nun"}, 2, "\"nun\" is nothing to compare with"},
      {{"-c", good, "simulate", plan, "--seeds", "0"}, 2, "--seeds takes 1 to 1000"},
      {{"-c", good, "simulate", bad_plan}, 2, "bad-plan.toml:1:1: error: unknown key \"day\""},
      {{"-c", good, "config", "check"}, 0, ""},
      {{"-c", bad, "config", "check"}, 2, ""},
      {{"-c", good, "config", "show", "--changed"}, 0, ""},
      {{"-c", good, "provider", "of", "user@gmail.com"}, 0, ""},
      {{"-c", good, "provider", "list"}, 0, ""},
      {{"--version"}, 0, ""},
  };
  for (const Case& c : cases) {
    CAPTURE(fmt::format("{}", fmt::join(c.words, " ")));
    const base::ProgramResult result = rampart(c.words);
    CAPTURE(result.output, result.errors);
    CHECK(result.exit_code == c.exit_code);
    CHECK(result.errors.find(c.error) != std::string::npos);
    CHECK(result.output.find('\x1b') == std::string::npos);
  }
}

TEST_CASE("a bad configuration is told by file, line and column", "[cli]") {
  const test::TemporaryDirectory directory;
  const std::string bad =
      directory.write("bad.toml", "tables = \"" + kTables + "\"\nalowance = 1\nmode = \"both\"\n");
  const base::ProgramResult result = rampart({"-c", bad, "config", "check"});
  CAPTURE(result.output);
  CHECK(result.output.find(bad + ":2:1: error: ") != std::string::npos);
  CHECK(result.output.find("    2 | alowance = 1\n      | ^\n") != std::string::npos);
  CHECK(result.output.find("2 errors, 0 warnings") != std::string::npos);
}

TEST_CASE("errors are JSON where JSON was asked for", "[cli]") {
  const test::TemporaryDirectory directory;
  const base::ProgramResult unreachable =
      rampart({"--json", "status", "--socket", directory / "x.sock"});
  CHECK(unreachable.exit_code == 3);
  CHECK(unreachable.output.starts_with(R"({"error":{"code":"unreachable","text":")"));
  CHECK(unreachable.errors.empty());
  CHECK(rampart({"statuss", "--json"}).output.starts_with(R"({"error":{"code":"usage",)"));
}

TEST_CASE("explain needs the tables only", "[cli]") {
  const base::ProgramResult words =
      rampart({"explain", "--tables", kTables, "550", "5.1.1", "No such user", "--stage", "rcpt"});
  CHECK(words.exit_code == 0);
  CHECK(words.output.starts_with("class       permanent, mailbox_unknown\n"));
  const base::ProgramResult lines = rampart({"explain", "--tables", kTables, "-"},
                                            "550 5.1.1 No such user\n\n421 4.7.0 try later\n");
  CHECK(lines.output.starts_with("reply       550 5.1.1 No such user\nclass"));
  CHECK(lines.output.find("\n\nreply       421 4.7.0 try later\n") != std::string::npos);
}

TEST_CASE("the table of codes needs nothing but the program", "[cli]") {
  const base::ProgramResult table = rampart({"explain", "--codes"});
  CHECK(table.exit_code == 0);
  CHECK(table.output.find("\n421         ") != std::string::npos);
  CHECK(table.output.find("\nX.1.1       ") != std::string::npos);
  const base::ProgramResult json = rampart({"explain", "--codes", "--json"});
  CHECK(json.output.find("\"code\": \"(time-out)\"") != std::string::npos);
  CHECK(rampart({"explain", "--codes", "550"}).exit_code == 2);
  CHECK(rampart({"explain", "--codes", "--message"}).exit_code == 2);
}

TEST_CASE("mails are explained from files and from standard input", "[cli]") {
  const test::TemporaryDirectory directory;
  const std::string mail =
      "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
      "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n"
      "Final-Recipient: rfc822; bob@b.example\nAction: failed\nStatus: 5.1.1\n"
      "Diagnostic-Code: smtp; 550 5.1.1 No such user\n\n--b--\n";
  const std::string file = directory.write("a.eml", mail);
  const std::vector<std::string> words{"explain", "--tables", kTables, "--message"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), words.begin(), words.end());
    return more;
  };
  const base::ProgramResult one = rampart(with({file}));
  CHECK(one.exit_code == 0);
  CHECK(one.output.starts_with("kind        bounce\n"));
  CHECK(rampart(with({"-"}), mail).output == one.output);
  const base::ProgramResult both = rampart(with({"--json", file, directory / "none.eml"}));
  CAPTURE(both.output);
  CHECK(both.exit_code == 1);
  CHECK(both.output.starts_with("{\"file\":\"" + file + "\",\"kind\":\"bounce\","));
  CHECK(both.output.find("none.eml: No such file or directory\"}\n") != std::string::npos);
  CHECK(rampart(with({directory / "none.eml"})).exit_code == 2);
  CHECK(rampart(with({directory.path()})).exit_code == 2);
  CHECK(rampart(words).exit_code == 2);
}

TEST_CASE("JSON lines from standard input", "[cli]") {
  const std::vector<std::string> words{"explain", "--tables", kTables, "--jsonl"};
  const base::ProgramResult good = rampart(words, "{\"id\":1,\"reply\":\"250 OK\"}\n");
  CHECK(good.exit_code == 0);
  CHECK(good.output.starts_with(R"({"id":1,"class":"delivered",)"));
  const base::ProgramResult bad = rampart(words, "{\"id\":1,\"reply\":\"250 OK\"}\nx\n");
  CHECK(bad.exit_code == 1);
  CHECK(bad.output.find(R"({"id":null,"error":"line 2: no JSON object"})") != std::string::npos);
}

}  // namespace
}  // namespace rampart::cli
