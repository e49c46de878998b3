// rampart learn: the program over files, without a service and with a real engine behind a real
// command socket.

#include <chrono>

#include "rampart/base/program.h"
#include "rampart/base/time.h"
#include "rampart/control/server.h"
#include "rampart/engine/status.h"
#include "rampart/engine/suppressions.h"
#include "rampart/store/state_store.h"
#include "support/catch.h"
#include "support/policy.h"
#include "support/temporary_directory.h"

#include "cli/json.h"
#include "cli/past_reader.h"

namespace rampart::cli {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only

/// `count` mails of news@sender.example to firm.example, so long ago.
std::string mails(base::Micros ago, int count, std::string_view end = {}) {
  const base::SystemClock clock;
  const std::string sent = "dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as ABC)";
  std::string text;
  for (int i = 0; i < count; ++i) {
    const std::string front =
        base::format_utc(clock.wall_now() - ago + std::chrono::seconds{i}) + " mta1 postfix/";
    const std::string id = std::to_string(ago.count() / 1'000'000) + "A" + std::to_string(i);
    text +=
        front + "qmgr[1]: " + id + ": from=<news@sender.example>, size=4, nrcpt=1 (queue active)\n";
    text += front + "smtp[2]: " + id + ": to=<u" + std::to_string(i) +
            "@firm.example>, relay=mx.firm.example[203.0.113.5]:25, delay=1, delays=0/0/0/1, " +
            (end.empty() ? sent : std::string(end)) + "\n";
    text += front + "qmgr[1]: " + id + ": removed\n";
  }
  return text;
}

constexpr std::string_view kUnknownUser =
    "dsn=5.1.1, status=bounced (host mx.firm.example[203.0.113.5] said: 550 5.1.1 "
    "<u@firm.example>: Recipient address rejected: User unknown in virtual mailbox table (in "
    "reply to RCPT TO command))";

class Fixture {
 public:
  explicit Fixture(bool with_service) : store(store::open_memory()) {
    directory.write("rampart.toml", "tables = \"" RAMPART_SOURCE_DIR "/conf\"\n");
    if (!with_service) {
      return;
    }
    auto created = engine::Engine::create(test::make_policy(test::small_options()), *store, clock);
    REQUIRE(created.has_value());
    engine = std::move(*created);
    auto opened = control::Server::open({directory / "c.sock", ""}, *engine, control::Hooks{}, "0");
    REQUIRE(opened.has_value());
    server = std::move(*opened);
  }
  base::ProgramResult learn(std::vector<std::string> words) const {
    words.insert(words.begin(), {RAMPART_BINARY, "-c", directory / "rampart.toml", "--socket",
                                 directory / "c.sock", "learn"});
    const auto result = base::run_program(words, {});
    REQUIRE(result.has_value());
    return *result;
  }
  [[nodiscard]] std::uint32_t level() const {
    const auto flow = engine->find_flow({"sender.example", "firm.example"});
    return flow ? flow->summary.allowance.level : 0;
  }

  test::TemporaryDirectory directory;
  const base::SystemClock clock;
  std::unique_ptr<store::StateStore> store;
  std::unique_ptr<engine::Engine> engine;
  std::unique_ptr<control::Server> server;
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("a dry run needs no service and changes nothing", "[cli][learn]") {
  const Fixture fixture(false);
  const std::string log = fixture.directory.write("mail.log.1", mails(72h, 34));
  const base::ProgramResult result = fixture.learn({log, "--dry-run"});
  CAPTURE(result.output, result.errors);
  CHECK(result.exit_code == 0);
  CHECK(result.errors.empty());
  CHECK(has(result.output, "read 1 file, 102 lines"));
  CHECK(has(result.output, "sender.example  firm.example"));
  CHECK(has(result.output, "-> 34"));
  CHECK(has(result.output, "nothing changed (--dry-run)"));
  const Json json = Json::parse(fixture.learn({log, "--dry-run", "--json"}).output);
  REQUIRE(json["flows"].size() == 1);
  CHECK(json["flows"][0]["level"] == 34);
  CHECK(json["flows"][0]["level_before"].is_null());
  CHECK(json["flows"][0]["best_hour"] == 34);
  CHECK(json["flows"][0]["delivered"] == 34);
  CHECK(json["lines"] == 102);
}

TEST_CASE("the service takes levels over, once", "[cli][learn]") {
  const Fixture fixture(true);
  const std::string log = fixture.directory.write("mail.log.1", mails(72h, 34));
  CHECK(fixture.learn({log, "--dry-run"}).exit_code == 0);
  CHECK(fixture.level() == 0);
  const base::ProgramResult first = fixture.learn({log});
  CAPTURE(first.output, first.errors);
  CHECK(first.exit_code == 0);
  CHECK(has(first.output, "2 of 2 flows changed"));  // its own and the host's
  CHECK(fixture.level() == 34);
  const base::ProgramResult second = fixture.learn({log});
  CHECK(has(second.output, "34  -> 34"));
  CHECK(has(second.output, "0 of 2 flows changed"));
  CHECK(fixture.level() == 34);
  const std::string more = fixture.directory.write("mail.log.2", mails(120h, 50));
  CHECK(has(fixture.learn({log, more}).output, "34  -> 50"));
  CHECK(fixture.level() == 50);
}

TEST_CASE("a service that is behind in its log takes nothing", "[cli][learn]") {
  const Fixture fixture(true);
  const std::string log = fixture.directory.write("mail.log.1", mails(72h, 34));
  mail::SourceStatus source;
  source.name = "/var/log/mail.log";
  source.open = true;
  source.lag = 5min;
  fixture.engine->set_source_status(source);
  const base::ProgramResult behind = fixture.learn({log});
  CAPTURE(behind.output, behind.errors);
  CHECK(behind.exit_code == 5);
  CHECK(has(behind.errors, "the service is 5m behind in /var/log/mail.log and would count"));
  CHECK(fixture.level() == 0);
  source.lag = 5s;
  fixture.engine->set_source_status(source);
  CHECK(fixture.learn({log}).exit_code == 0);
  CHECK(fixture.level() == 34);
}

TEST_CASE("a since leaves out what is older", "[cli][learn]") {
  const Fixture fixture(false);
  const std::string log = fixture.directory.write("mail.log.1", mails(120h, 50) + mails(72h, 34));
  CHECK(has(fixture.learn({log, "--dry-run"}).output, "-> 50"));
  CHECK(has(fixture.learn({log, "--dry-run", "--since", "4d"}).output, "-> 34"));
}

TEST_CASE("dead addresses are told, and taken over if asked for", "[cli][learn]") {
  const Fixture fixture(true);
  const std::string log =
      fixture.directory.write("mail.log.1", mails(72h, 34) + mails(48h, 3, kUnknownUser) +
                                                mails(24h, 1));  // u0 takes mail again
  const base::ProgramResult told = fixture.learn({log});
  CAPTURE(told.output, told.errors);
  CHECK(has(told.output, "2 addresses were said not to exist; --suppress takes them over"));
  CHECK(fixture.engine->status().suppressed == 0);
  CHECK(has(fixture.learn({log, "--suppress", "--dry-run"}).output, "they would be suppressed"));
  CHECK(fixture.engine->status().suppressed == 0);
  CHECK(has(fixture.learn({log, "--suppress"}).output, "; 2 newly suppressed"));
  CHECK(has(fixture.learn({log, "--suppress"}).output, "; 0 newly suppressed"));
  CHECK(fixture.engine->status().suppressed == 2);
  const auto why = fixture.engine->why_suppressed("u1@firm.example");
  REQUIRE(why.has_value());
  REQUIRE(why->entries.size() == 1);
  CHECK(why->entries[0].reason == suppression::Reason::Hard);
  CHECK(has(why->entries[0].evidence, "User unknown"));
  CHECK(why->entries[0].until.has_value());
  REQUIRE(why->history.size() == 1);
  CHECK(why->history[0].origin == "learn");
}

TEST_CASE("a provider's outage condemns nobody", "[cli][learn]") {
  const Fixture fixture(false);
  const std::string log = fixture.directory.write("mail.log.1", mails(72h, 30, kUnknownUser));
  const base::ProgramResult result = fixture.learn({log, "--dry-run", "--suppress"});
  CAPTURE(result.output);
  CHECK(has(result.output, "left out: 30 bounces from "));
  CHECK(has(result.output, "when firm.example suddenly called far too many dead"));
  CHECK_FALSE(has(result.output, "would be suppressed"));
}

TEST_CASE("what cannot be read is named, and the rest counts", "[cli][learn]") {
  const Fixture fixture(false);
  const std::string log = fixture.directory.write("mail.log.1", mails(72h, 34));
  const std::string damaged = fixture.directory.write("mail.log.2.gz", "\x1f\x8b\x08 rubbish");
  const base::ProgramResult result =
      fixture.learn({log, damaged, fixture.directory / "gone", "--dry-run"});
  CAPTURE(result.output, result.errors);
  CHECK(result.exit_code == 1);
  CHECK(has(result.output, "-> 34"));
  CHECK(has(result.errors, damaged + ": the compressed data"));
  CHECK(has(result.errors, "gone: No such file or directory"));
  const base::ProgramResult copy = fixture.learn(
      {log, fixture.directory.write("copy", fixture.directory.read("mail.log.1")), "--dry-run"});
  CHECK(copy.exit_code == 0);
  CHECK(has(copy.output, "102 of 102 lines are in another file, too, and count once"));
  CHECK(has(copy.output, "-> 34"));
}

TEST_CASE("what makes no sense is refused", "[cli][learn]") {
  const Fixture fixture(false);
  const std::string log = fixture.directory.write("mail.log.1", mails(72h, 1));
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases{
      {{}, "LOG is required"},
      {{fixture.directory / "gone", "--dry-run"}, "no line of a log was read"},
      {{log, "--dry-run", "--since", "yesterday"}, "--since \"yesterday\" is no time"},
      {{log, "--dry-run", "--tz", "Mars/Olympus"}, "Mars/Olympus"},
      {{log, "--dry-run", "--format", "exim"}, "exim"},
  };
  for (const auto& [words, text] : cases) {
    const base::ProgramResult result = fixture.learn(words);
    CAPTURE(result.errors);
    CHECK(result.exit_code == 2);
    CHECK(has(result.errors, text));
  }
  const base::ProgramResult away = fixture.learn({log});
  CHECK(away.exit_code == 3);
  CHECK(has(away.errors, "the service cannot be reached"));
}

TEST_CASE("progress is told in one line", "[cli][learn]") {
  feed::ArchiveProgress progress;
  progress.bytes = 70'000'000;
  progress.bytes_total = 280'000'000;
  progress.lines = 1'000'000;
  progress.at = base::WallTime{std::chrono::sys_days{std::chrono::year{2026} / 11 / 3}};
  CHECK(describe(progress, 2s) == "25 % of 280 MB, 500 000 lines/s, 2026-11-03, 7s left");
  CHECK(describe({}, 0s) == "0 % of 0 MB, 0 lines/s");
}

}  // namespace
}  // namespace rampart::cli
