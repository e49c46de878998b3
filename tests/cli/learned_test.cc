// What was learned and what is brought to learn from: the program against a real engine behind a
// real command socket.

#include <thread>

#include <unistd.h>

#include "rampart/base/mutex.h"
#include "rampart/base/program.h"
#include "rampart/control/server.h"
#include "rampart/store/state_store.h"
#include "support/catch.h"
#include "support/manual_clock.h"
#include "support/policy.h"
#include "support/temporary_directory.h"

#include "cli/json.h"

namespace rampart::cli {
namespace {

const std::string kTables = RAMPART_SOURCE_DIR "/conf";

store::ReplyRecord unknown_reply(std::string provider, std::string sample, std::string stage) {
  store::ReplyRecord record;
  record.provider = std::move(provider);
  record.text = sample;
  record.reply_class = "undefined";
  record.rule = "no-rule";
  record.count = 12;
  record.sample = std::move(sample);
  record.stage = std::move(stage);
  return record;
}

class Fixture {
 public:
  Fixture() : store(store::open_memory()) {
    store::Batch batch;
    for (store::ReplyRecord record : {
             unknown_reply("gmail", "550 5.7.1 the \"zork\" of [192.0.2.1] \\ is blurred", "rcpt"),
             unknown_reply("", "451 zork zork, wait for id=4Xk2Pq1z9Rz", "end-of-data"),
             unknown_reply("", "451 zork zork, wait for id=4Xk2Pq1z9Ry and more", "unknown"),
         }) {
      record.first = clock.wall_now();
      record.last = clock.wall_now();
      batch.operations.emplace_back(std::move(record));
    }
    suppression::Entry entry;
    entry.key = "bob@b.example";
    entry.reason = suppression::Reason::Hard;
    entry.evidence = "550 5.1.1 No such user";
    entry.since = clock.wall_now();
    entry.pending = "gmail";
    batch.operations.emplace_back(entry);
    REQUIRE(store->commit(batch).has_value());
    auto created = engine::Engine::create(test::make_policy(test::small_options()), *store, clock);
    REQUIRE(created.has_value());
    engine = std::move(*created);
    listen();
  }
  void listen() {
    auto opened = control::Server::open(
        {directory / "c.sock", ""}, *engine,
        control::Hooks{[] { return control::ReloadAnswer{}; },
                       [this](std::string_view source, const std::vector<std::string>& lines) {
                         return take(source, lines);
                       },
                       {},
                       {}},
        "0");
    REQUIRE(opened.has_value());
    server = std::move(*opened);
  }
  base::Result<std::uint64_t> take(std::string_view source, const std::vector<std::string>& lines) {
    const base::MutexLock lock(mutex);
    if (problem) {
      return *problem;
    }
    name = source;
    taken.insert(taken.end(), lines.begin(), lines.end());
    return lines.size();
  }
  base::ProgramResult run(std::vector<std::string> words, std::string_view input = {}) const {
    words.insert(words.begin(), {RAMPART_BINARY, "--socket", directory / "c.sock"});
    const auto result = base::run_program(words, input);
    REQUIRE(result.has_value());
    return *result;
  }

  test::TemporaryDirectory directory;
  test::ManualClock clock;
  std::unique_ptr<store::StateStore> store;
  std::unique_ptr<engine::Engine> engine;
  base::Mutex mutex;
  std::optional<base::Error> problem;
  std::string name;
  std::vector<std::string> taken;
  std::unique_ptr<control::Server> server;  // last: its threads use the rest
};

TEST_CASE("suggested rules are accepted as they are", "[cli]") {
  const Fixture fixture;
  const base::ProgramResult rules = fixture.run({"replies", "unknown", "--rules"});
  CAPTURE(rules.output, rules.errors);
  REQUIRE(rules.exit_code == 0);
  CHECK(rules.output.find("[[rule]]") != std::string::npos);
  const std::string file = fixture.directory.write("own.toml", rules.output);
  const std::string config = fixture.directory.write(
      "rampart.toml", "tables = \"" + kTables + "\"\n[replies]\nfile = \"" + file + "\"\n");
  const base::ProgramResult check = fixture.run({"-c", config, "config", "check"});
  CAPTURE(check.output, check.errors);
  CHECK(check.exit_code == 0);
  CHECK(check.output.find("error") == std::string::npos);
}

TEST_CASE("replies are listed for people and as JSON", "[cli]") {
  const Fixture fixture;
  const base::ProgramResult unknown = fixture.run({"replies", "unknown"});
  CAPTURE(unknown.output);
  CHECK(unknown.exit_code == 0);
  CHECK(unknown.output.find("gmail") != std::string::npos);
  CHECK(unknown.output.find("rampart replies unknown --rules") != std::string::npos);
  const base::ProgramResult gmail =
      fixture.run({"replies", "list", "--provider", "gmail", "--json"});
  const Json json = Json::parse(gmail.output);
  CHECK(json["replies"].size() == 1);
  CHECK(fixture.run({"replies", "list", "--provider", "nobody"}).output ==
        "no reply was learned from yet\n");
}

TEST_CASE("lines are fed byte for byte, and nothing is said", "[cli]") {
  const Fixture fixture;
  const std::string bytes("b\xff\0\x1b\"\\", 6);
  const base::ProgramResult result =
      fixture.run({"feed", "-", "--name", "rsyslog"}, "one\n" + bytes + "\n\ngr\xc3\xbcn\nlast");
  CAPTURE(result.output, result.errors);
  CHECK(result.exit_code == 0);
  CHECK(result.output.empty());
  CHECK(result.errors.empty());
  CHECK(fixture.name == "rsyslog");
  CHECK(fixture.taken == std::vector<std::string>{"one", bytes, "", "gr\xc3\xbcn", "last"});
}

TEST_CASE("many lines arrive in order", "[cli]") {
  const Fixture fixture;
  std::string input;
  std::vector<std::string> lines;
  for (int i = 0; i < 25'000; ++i) {
    lines.push_back("line " + std::to_string(i) + std::string(60, '"'));
    input += lines.back() + '\n';
  }
  CHECK(fixture.run({"feed", "-"}, input).exit_code == 0);
  CHECK(fixture.name == "stdin");
  CHECK(fixture.taken == lines);
}

TEST_CASE("lines are confirmed as rsyslog's omprog asks", "[cli]") {
  Fixture fixture;
  CHECK(fixture.run({"feed", "-", "--confirm"}, "one\ntwo\n").output == "OK\nOK\nOK\n");
  CHECK(fixture
            .run({"feed", "-", "--confirm"}, "BEGIN TRANSACTION\nthree\nfour\nCOMMIT TRANSACTION\n")
            .output == "OK\nOK\nDEFER_COMMIT\nDEFER_COMMIT\nOK\n");
  CHECK(fixture.taken == std::vector<std::string>{"one", "two", "three", "four"});
  fixture.problem = base::Error{base::Error::Kind::Unavailable, "the store is away"};
  const base::ProgramResult failed = fixture.run({"feed", "-", "--confirm"}, "one\n");
  CHECK(failed.output == "error: the store is away\n");
  CHECK(failed.exit_code == 75);
}

TEST_CASE("what was not taken is to be brought again", "[cli]") {
  Fixture fixture;
  fixture.problem = base::Error{base::Error::Kind::Unavailable, "the store is away"};
  const base::ProgramResult away = fixture.run({"feed", "-"}, "one\n");
  CHECK(away.exit_code == 75);
  CHECK(away.errors == "rampart: the store is away\n");
  fixture.problem = base::Error{base::Error::Kind::InvalidInput, "a bad name"};
  CHECK(fixture.run({"feed", "-", "--name", "bad name"}, "one\n").exit_code == 2);
  fixture.server.reset();
  CHECK(fixture.run({"feed", "-"}, "one\n").exit_code == 75);
  CHECK(fixture.run({"feed", "-", "--confirm"}, "").exit_code == 75);
  CHECK(fixture.run({"feed", "--message"}, "Subject: x\n\nx\n").exit_code == 75);
}

TEST_CASE("with --wait a service that comes back takes what waits", "[cli]") {
  Fixture fixture;
  fixture.server.reset();
  base::ProgramResult result;
  std::jthread feeding([&] { result = fixture.run({"feed", "-", "--wait"}, "one\n"); });
  fixture.listen();
  feeding.join();
  CAPTURE(result.errors);
  CHECK(result.exit_code == 0);
  CHECK(fixture.taken == std::vector<std::string>{"one"});
}

TEST_CASE("a mail is taken whatever it is", "[cli]") {
  const Fixture fixture;
  const base::ProgramResult quiet = fixture.run({"feed", "--message"}, "no mail at all \xff\n");
  CAPTURE(quiet.output, quiet.errors);
  CHECK(quiet.exit_code == 0);
  CHECK(quiet.output.empty());
  CHECK(fixture.run({"feed", "--message", "-v"}, "").output == "nothing to learn from it\n");
  const std::string big = "Subject: big\n\n" + std::string(std::size_t{3} << 20, 'x');
  CHECK(fixture.run({"feed", "--message", "-"}, big).exit_code == 0);
  CHECK(fixture.run({"feed", "--message", "file.eml"}).exit_code == 2);
  CHECK(fixture.run({"feed"}).exit_code == 2);
}

TEST_CASE("of an unknown queue ID nothing is told", "[cli]") {
  const Fixture fixture;
  const base::ProgramResult result = fixture.run({"explain", "--queue-id", "4Xk2Pq1z9Rz"});
  CHECK(result.exit_code == 0);
  CHECK(result.output.starts_with("4Xk2Pq1z9Rz: nothing is known of this message\n"));
  CHECK(result.output.find("14d (keep in [store])") != std::string::npos);
  CHECK(fixture.run({"explain", "--queue-id", "4Xk2Pq1z9Rz", "--json"})
            .output.find("\"events\": []") != std::string::npos);
  CHECK(fixture.run({"explain", "--queue-id", "no id"}).exit_code == 2);
}

TEST_CASE("a pending address is explained and decided on", "[cli]") {
  const Fixture fixture;
  CHECK(fixture.run({"suppression", "list"}).output == "nothing is suppressed\n");
  const std::string list = fixture.run({"suppression", "list", "--pending"}).output;
  CAPTURE(list);
  CHECK(list.find("bob@b.example") != std::string::npos);
  CHECK(list.find("BECAUSE OF") != std::string::npos);
  const base::ProgramResult why = fixture.run({"suppression", "why", "bob@b.example"});
  CAPTURE(why.output);
  CHECK(why.exit_code == 1);
  CHECK(why.output.starts_with("bob@b.example is not suppressed but pending since "));
  CHECK(why.output.find("  because   gmail: ") != std::string::npos);
  CHECK(why.output.find("rampart suppression confirm bob@b.example") != std::string::npos);
  CHECK(fixture.run({"status"}).output.find(", pending 1\n") != std::string::npos);

  const base::ProgramResult unasked =
      fixture.run({"suppression", "confirm", "--provider", "gmail"});
  CHECK(unasked.exit_code == 2);
  CHECK(unasked.errors.find("nothing was changed; --yes") != std::string::npos);
  CHECK(fixture.run({"suppression", "confirm"}).exit_code == 2);
  CHECK(fixture.run({"suppression", "confirm", "--all", "bob@b.example"}).exit_code == 2);
  CHECK(fixture.run({"suppression", "clear-pending", "eve@b.example"}).exit_code == 1);

  const base::ProgramResult confirmed =
      fixture.run({"suppression", "confirm", "--provider", "gmail", "--yes"});
  CHECK(confirmed.exit_code == 0);
  CHECK(confirmed.output.starts_with("suppressed now: 1\n"));
  CHECK(fixture.run({"suppression", "list", "--pending"}).output == "nothing is pending\n");
  CHECK(fixture.run({"suppression", "clear-pending", "--all", "--yes"}).exit_code == 1);
}

TEST_CASE("a pending address is cleared or removed", "[cli]") {
  const std::vector<std::string> words = GENERATE(
      as<std::vector<std::string>>{}, std::vector<std::string>{"clear-pending", "bob@b.example"},
      std::vector<std::string>{"remove", "bob@b.example"});
  const Fixture fixture;
  CHECK(fixture.run({"suppression", words[0], words[1]}).exit_code == 0);
  CHECK(fixture.run({"suppression", "list", "--pending"}).output == "nothing is pending\n");
  CHECK(fixture.run({"suppression", "why", "bob@b.example"}).exit_code == 0);
}

}  // namespace
}  // namespace rampart::cli
