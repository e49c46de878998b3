// rampart replay: the program over files, without a service.

#include "rampart/base/program.h"
#include "rampart/base/time.h"
#include "support/catch.h"
#include "support/temporary_directory.h"

#include "cli/json.h"

namespace rampart::cli {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only
using Words = std::vector<std::string>;

constexpr base::WallTime kBegin{std::chrono::sys_days{std::chrono::year{2026} / 3 / 2}};
constexpr std::string_view kSent = "dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as ABC)";
constexpr std::string_view kUnknownUser =
    "dsn=5.1.1, status=bounced (host mx.firm.example[203.0.113.5] said: 550 5.1.1 "
    "<bob@firm.example>: Recipient address rejected: User unknown in virtual mailbox table (in "
    "reply to RCPT TO command))";
constexpr std::string_view kStrange =
    "dsn=5.0.0, status=bounced (host mx.firm.example[203.0.113.5] said: 599 wibble wobble (in "
    "reply to end of DATA command))";

std::string mail(base::Micros at,
                 const std::string& id,
                 const std::string& to,
                 std::string_view end = kSent) {
  const auto front = [&](base::Micros time) {
    return base::format_utc(kBegin + time) + " mta1 postfix/";
  };
  return front(at) + "qmgr[1]: " + id +
         ": from=<news@sender.example>, size=4, nrcpt=1 (queue active)\n" + front(at + 1s) +
         "smtp[2]: " + id + ": to=<" + to +
         ">, relay=mx.firm.example[203.0.113.5]:25, delay=1, delays=0/0/0/1, " + std::string(end) +
         "\n" + front(at + 1s) + "qmgr[1]: " + id + ": removed\n";
}

// Four messages within an hour, of which two go on the first day and two on the second, so that
// what comes on the second waits as well: a dead address that takes mail later, and a strange
// reply.
std::string log_text() {
  std::string text;
  for (int i = 0; i < 4; ++i) {
    text += mail(10min * i, "AAAA" + std::to_string(i), "u" + std::to_string(i) + "@firm.example");
  }
  text += mail(24h, "BBBB1", "bob@firm.example", kUnknownUser);
  text += mail(48h, "BBBB2", "bob@firm.example");
  return text + mail(72h, "CCCC1", "carol@firm.example", kStrange);
}

class Fixture {
 public:
  Fixture() {
    config = directory.write("new.toml",
                             "tables = \"" RAMPART_SOURCE_DIR
                             "/conf\"\n[ramp]\nplan = \"two\"\n[plan.two]\nschedule = [2]\n");
    log = directory.write("mail.log.1", log_text());
  }
  [[nodiscard]] base::ProgramResult replay(const Words& more) const {
    return replay_with(config, more);
  }
  static base::ProgramResult replay_with(const std::string& config, const Words& more) {
    Words words{RAMPART_BINARY, "replay", "--config", config};
    words.insert(words.end(), more.begin(), more.end());
    const auto result = base::run_program(words, {});
    REQUIRE(result.has_value());
    return *result;
  }
  test::TemporaryDirectory directory;
  std::string config;
  std::string log;
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("a log is replayed", "[cli][replay]") {
  const Fixture fixture;
  const base::ProgramResult result = fixture.replay({fixture.log});
  CAPTURE(result.output, result.errors);
  CHECK(result.exit_code == 0);
  CHECK(result.errors.empty());
  CHECK(has(result.output, "read 1 file, 21 lines, "));
  CHECK(has(result.output, "with " + fixture.config + ", as if mode were \"enforce\":\n"));
  CHECK(has(result.output, "sender.example  firm.example     7              3"));
  CHECK(
      has(result.output, "suppressed: 1 address, 1 later recipient refused; 1 took mail later\n"));
  CHECK(has(result.output, "  b***@firm.example  "));
  CHECK_FALSE(has(result.output, "bob@"));
  CHECK(has(result.output, "replies no rule knows: 1 (--unmatched shows them)"));
  CHECK(has(result.output, "Every flow began without a level"));
  CHECK(result.output.ends_with("\nnothing was sent or stored\n"));
  const base::ProgramResult full = fixture.replay({fixture.log, "--full", "--unmatched"});
  CHECK(has(full.output, "  bob@firm.example  "));
  CHECK(has(full.output, "wibble wobble"));
}

TEST_CASE("the same as JSON, plain or compressed, in any order", "[cli][replay]") {
  const Fixture fixture;
  const std::string text = log_text();
  const std::size_t half = text.find("2026-03-03");
  const std::string first = fixture.directory.write("mail.log.9", text.substr(0, half));
  const std::string second = fixture.directory.write("mail.log.3", text.substr(half));
  const auto gzip = base::run_program({"/usr/bin/env", "gzip", first}, {});
  REQUIRE(gzip.has_value());
  REQUIRE(gzip->exit_code == 0);
  Json plain = Json::parse(fixture.replay({fixture.log, "--json"}).output);
  Json both = Json::parse(fixture.replay({second, first + ".gz", "--json"}).output);
  CHECK(both["files"].size() == 2);
  REQUIRE(plain["flows"].size() == 1);
  CHECK(plain["flows"] == both["flows"]);
  CHECK(plain["suppressed"] == both["suppressed"]);
  const Json& flow = plain["flows"][0];
  CHECK(flow["sender"] == "sender.example");
  CHECK(flow["provider"] == "firm.example");
  CHECK(flow["sent"] == 7);
  CHECK(flow["held"] == 3);
  CHECK(flow["suppressed"] == 1);
  CHECK(flow["throttled_then"] == 0);
  CHECK(plain["lines"] == 21);
  CHECK(plain["suppressed"]["took_mail_later"][0]["address"] == "b***@firm.example");
  CHECK(plain["replies"].size() == 1);
  CHECK(has(plain["estimate"], "no log can tell"));
  const Json since =
      Json::parse(fixture.replay({fixture.log, "--json", "--since", "2026-03-03"}).output);
  CHECK(since["flows"][0]["sent"] == 3);
  CHECK(since["flows"][0]["held"] == 0);
}

TEST_CASE("what cannot be replayed is told", "[cli][replay]") {
  const Fixture fixture;
  const std::string damaged = fixture.directory.write("mail.log.2.gz", "\x1f\x8b\x08 rubbish");
  const base::ProgramResult some =
      fixture.replay({fixture.log, damaged, fixture.directory / "gone"});
  CAPTURE(some.output, some.errors);
  CHECK(some.exit_code == 1);
  CHECK(has(some.output, "sender.example"));
  CHECK(has(some.errors, damaged));
  CHECK(has(some.errors, "gone: No such file or directory"));
  const std::string bad = fixture.directory.write("bad.toml", "alowance = 1\n");
  const std::vector<std::pair<Words, std::string>> cases{
      {{}, "LOG is required"},
      {{fixture.directory / "gone"}, "no line of a log was read"},
      {{fixture.log, "--since", "yesterday"}, "--since \"yesterday\" is no time"},
      {{fixture.log, "--tz", "Mars/Olympus"}, "Mars/Olympus"},
      {{fixture.log, "--format", "exim"}, "exim"},
  };
  for (const auto& [words, text] : cases) {
    const base::ProgramResult result = fixture.replay(words);
    CAPTURE(result.errors);
    CHECK(result.exit_code == 2);
    CHECK(has(result.errors, text));
    CHECK(result.output.empty());
  }
  const base::ProgramResult wrong = Fixture::replay_with(bad, {fixture.log});
  CHECK(wrong.exit_code == 2);
  CHECK(has(wrong.errors, "unknown key \"alowance\""));
}

}  // namespace
}  // namespace rampart::cli
