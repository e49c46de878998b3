// The program against a real engine behind a real command socket, with stand-ins for Postfix's
// commands.

#include <unistd.h>

#include "rampart/base/program.h"
#include "rampart/control/server.h"
#include "rampart/engine/suppressions.h"
#include "rampart/engine/transaction.h"
#include "rampart/store/state_store.h"
#include "support/catch.h"
#include "support/manual_clock.h"
#include "support/policy.h"
#include "support/temporary_directory.h"

namespace rampart::cli {
namespace {

namespace fs = std::filesystem;

class Fixture {
 public:
  Fixture() : store(store::open_memory()) {
    auto options = test::small_options();
    options.suppressed = policy::Action::Hold;
    auto created = engine::Engine::create(test::make_policy(options), *store, clock);
    REQUIRE(created.has_value());
    engine = std::move(*created);
    listen({});
  }
  void listen(control::Hooks hooks) {
    server.reset();
    auto opened = control::Server::open({directory / "c.sock", ""}, *engine, std::move(hooks), "0");
    REQUIRE(opened.has_value());
    server = std::move(*opened);
  }
  base::ProgramResult run(std::vector<std::string> words, std::string_view input = {}) const {
    words.insert(words.begin(), {RAMPART_BINARY, "--socket", directory / "c.sock"});
    const auto result = base::run_program(words, input);
    REQUIRE(result.has_value());
    return *result;
  }
  base::ProgramResult release(std::vector<std::string> words,
                              std::string_view input = {},
                              const char* verb = "release") const {
    words.insert(words.begin(), {"hold", verb});
    words.insert(words.end(), {"--postsuper", directory / "postsuper", "--postqueue",
                               directory / "postqueue", "--postcat", directory / "postcat",
                               "--postconf", directory / "postconf", "--mta-config", "/etc/some"});
    return run(std::move(words), input);
  }
  void hold(const std::string& queue_id) const {
    engine::SuppressionRequest request;
    request.key = "u@b.example";
    REQUIRE(engine->add_suppression(request, "test").has_value());
    auto transaction = engine->begin({}, *mail::parse_address("news@a.example"));
    engine->decide(transaction, {*mail::parse_address("u@b.example"), "<u@b.example>", "smtp"});
    REQUIRE(engine->commit(transaction, *mail::parse_queue_id(queue_id)).hold);
  }
  // A queue directory of Postfix's with these files, and the commands that read it.
  void postfix_queue(const std::vector<std::string>& files) const {
    for (const char* queue : {"spool/hold", "spool/incoming", "spool/deferred"}) {
      fs::create_directories(directory / queue);
    }
    for (const std::string& file : files) {
      fs::permissions(directory.write("spool/" + file, "Subject: x\n"), fs::perms::owner_all);
    }
    script("postconf", "echo " + (directory / "spool"));
    script("postcat", "exec cat\n");
  }
  void script(const std::string& name, const std::string& body) const {
    fs::permissions(directory.write(name, "#!/bin/sh\n" + body), fs::perms::owner_all);
  }

  test::TemporaryDirectory directory;
  test::ManualClock clock;
  std::unique_ptr<store::StateStore> store;
  std::unique_ptr<engine::Engine> engine;
  std::unique_ptr<control::Server> server;
};

TEST_CASE("held mail is listed with masked recipients", "[cli]") {
  const Fixture fixture;
  CHECK(fixture.run({"hold", "list"}).output == "nothing is held\n");
  fixture.hold("4Xk2Pq1z9R1");
  const std::string masked = fixture.run({"hold", "list"}).output;
  CHECK(masked.find("***@b.example") != std::string::npos);
  CHECK(masked.find("u@b.example") == std::string::npos);
  CHECK(fixture.run({"hold", "list", "--full"}).output.find("u@b.example") != std::string::npos);
  CHECK(fixture.run({"hold", "list", "--ids"}).output == "4Xk2Pq1z9R1\n");
  CHECK(fixture.run({"hold", "list", "--json"}).output.find("u@b.example") == std::string::npos);
}

TEST_CASE("root releases where nobody else does, as postsuper says", "[cli]") {
  if (geteuid() != 0) {
    WARN("not run: releasing needs root");
    return;
  }
  const Fixture fixture;
  for (const char* id : {"4Xk2Pq1z9R1", "4Xk2Pq1z9R2", "4Xk2Pq1z9R3", "4Xk2Pq1z9R4"}) {
    fixture.hold(id);
  }
  fixture.postfix_queue({"hold/4Xk2Pq1z9R1", "hold/4Xk2Pq1z9R2", "deferred/4Xk2Pq1z9R3"});
  // Releases the first only; exits 0 all the same, as postsuper does.
  fixture.script("postsuper", "echo \"$@\" > " + (fixture.directory / "words") + "\ncat > " +
                                  (fixture.directory / "ids") +
                                  "\necho 'postsuper: 4Xk2Pq1z9R1: released from hold' >&2\n"
                                  "echo 'postsuper: Released from hold: 1 message' >&2\n");
  fixture.script("postqueue", "echo \"$@\" >> " + (fixture.directory / "flushed") + "\n");
  const base::ProgramResult result =
      fixture.release({"-"}, "4Xk2Pq1z9R1 4Xk2Pq1z9R2\n4Xk2Pq1z9R3\n4Xk2Pq1z9R4\n4Xk2Pq1zZZ9\n");
  CAPTURE(result.output, result.errors);
  CHECK(result.exit_code == 1);
  CHECK(result.output.find("4Xk2Pq1z9R1  released\n") != std::string::npos);
  CHECK(result.output.find("4Xk2Pq1z9R2  still held; postsuper passed it over\n") !=
        std::string::npos);
  CHECK(result.output.find("4Xk2Pq1z9R3  not in the hold queue any more") != std::string::npos);
  CHECK(result.output.find("4Xk2Pq1z9R4  not in the hold queue any more") != std::string::npos);
  CHECK(result.output.find("4Xk2Pq1zZZ9  not held by rampart") != std::string::npos);
  CHECK(result.output.ends_with("1 released, 4 not\n"));
  CHECK(fixture.directory.read("words") == "-c /etc/some -H -\n");
  CHECK(fixture.directory.read("ids") == "4Xk2Pq1z9R1\n4Xk2Pq1z9R2\n");
  CHECK(fixture.directory.read("flushed") == "-c /etc/some -i 4Xk2Pq1z9R1\n");
  CHECK(fixture.engine->releasing().empty());
  CHECK(fixture.run({"hold", "list", "--ids"}).output.find("4Xk2Pq1z9R1") == std::string::npos);
}

TEST_CASE("root deletes where nobody else does", "[cli]") {
  if (geteuid() != 0) {
    WARN("not run: deleting needs root");
    return;
  }
  const Fixture fixture;
  for (const char* id : {"4Xk2Pq1z9R1", "4Xk2Pq1z9R2"}) {
    fixture.hold(id);
  }
  fixture.postfix_queue({"hold/4Xk2Pq1z9R1", "hold/4Xk2Pq1z9R2", "hold/4Xk2Pq1zZZ9"});
  fixture.script("postsuper", "echo \"$@\" > " + (fixture.directory / "words") + "\ncat > " +
                                  (fixture.directory / "ids") +
                                  "\necho 'postsuper: 4Xk2Pq1z9R1: removed' >&2\n");
  fixture.script("postqueue", "touch " + (fixture.directory / "flushed") + "\n");
  const base::ProgramResult result = fixture.release({"4Xk2Pq1z9R1", "4Xk2Pq1zZZ9"}, {}, "drop");
  CAPTURE(result.output, result.errors);
  CHECK(result.exit_code == 1);
  CHECK(result.output ==
        "4Xk2Pq1z9R1  deleted\n4Xk2Pq1zZZ9  not held by rampart; left alone\n"
        "1 deleted, 1 not\n");
  CHECK(fixture.directory.read("words") == "-c /etc/some -d - hold\n");
  CHECK(fixture.directory.read("ids") == "4Xk2Pq1z9R1\n");
  CHECK_FALSE(fs::exists(fixture.directory / "flushed"));
  CHECK(fixture.run({"hold", "list", "--ids"}).output == "4Xk2Pq1z9R2\n");
}

TEST_CASE("the MTA that releases is the one named, else the one that is there", "[cli]") {
  if (geteuid() != 0) {
    WARN("not run: releasing needs root");
    return;
  }
  const Fixture fixture;
  fixture.postfix_queue({"hold/6AL66EgP000025"});
  fs::create_directory(fixture.directory / "queue");
  fixture.directory.write("queue/hf6AL66EgP000025", "V8\nqx\n.\n");
  fixture.directory.write("some.cf", "O QueueDirectory=" + (fixture.directory / "queue") + "\n");
  fixture.script("postsuper", "touch " + (fixture.directory / "postfix") + "\n");
  fixture.script("postqueue", "exit 1\n");
  fixture.script("sendmail", "touch " + (fixture.directory / "sendmail_called") + "\nexit 1\n");
  struct Case {
    std::string postsuper;
    std::vector<std::string> words;
    bool postfix;
  };
  for (const Case& c : {
           Case{"postsuper", {}, true},
           Case{"postsuper", {"--mta", "postfix"}, true},
           Case{"postsuper",
                {"--mta", "sendmail", "--sendmail-cf", fixture.directory / "some.cf"},
                false},
           Case{"postsuper", {"--sendmail-cf", fixture.directory / "some.cf"}, false},
       }) {
    CAPTURE(c.postsuper, c.words);
    const Fixture other;
    other.hold("6AL66EgP000025");
    std::vector<std::string> words{"hold",        "release",
                                   "--all",       "--yes",
                                   "--postsuper", fixture.directory / c.postsuper,
                                   "--postqueue", fixture.directory / "postqueue",
                                   "--postcat",   fixture.directory / "postcat",
                                   "--postconf",  fixture.directory / "postconf",
                                   "--sendmail",  fixture.directory / "sendmail"};
    words.insert(words.end(), c.words.begin(), c.words.end());
    CHECK(other.run(words).exit_code == 1);
    CHECK(fs::remove(fixture.directory / "postfix") == c.postfix);
    CHECK(fs::remove(fixture.directory / "sendmail_called") != c.postfix);
  }
  CHECK(fixture.run({"hold", "release", "--all", "--mta", "exim"}).exit_code == 2);
}

TEST_CASE("release refuses what is no queue ID and does nothing then", "[cli]") {
  if (geteuid() != 0) {
    WARN("not run: releasing needs root");
    return;
  }
  const Fixture fixture;
  fixture.hold("4Xk2Pq1z9R1");
  fixture.postfix_queue({"hold/4Xk2Pq1z9R1"});
  fixture.script("postsuper", "touch " + (fixture.directory / "called") + "\n");
  fixture.script("postqueue", "exit 1\n");
  for (const std::string& word :
       {std::string("ALL"), std::string("-r"), std::string("4Xk2/../x")}) {
    CAPTURE(word);
    CHECK(fixture.release({"--", word}).exit_code != 0);
    CHECK(fixture.release({"-"}, "4Xk2Pq1z9R1\n" + word + "\n").exit_code == 2);
  }
  for (const char* verb : {"release", "drop"}) {
    CHECK(fixture.release({"--all"}, {}, verb).exit_code == 2);  // nobody to ask
    CHECK(fixture.release({}, {}, verb).exit_code == 2);
    CHECK(fixture.release({"--all", "--flow", "x.example", "b.example", "--yes"}, {}, verb)
              .output.starts_with("0 "));
  }
  CHECK(fixture.release({"4Xk2Pq1z9R1", "--dry-run"}).output.find("would be released") !=
        std::string::npos);
  CHECK(fixture.release({"4Xk2Pq1z9R1", "--dry-run"}, {}, "drop").output.find("would be deleted") !=
        std::string::npos);
  CHECK_FALSE(fs::exists(fixture.directory / "called"));
  CHECK(fixture.run({"hold", "list", "--ids"}).output == "4Xk2Pq1z9R1\n");
}

TEST_CASE("orders go to the releaser where there is one", "[cli]") {
  Fixture fixture;
  fixture.hold("4Xk2Pq1z9R1");
  std::vector<std::string> asked;
  const auto hook = [&asked](const char* result) {
    return
        [&asked, result](const std::vector<mail::QueueId>& ids,
                         std::string_view who) -> base::Result<std::vector<control::HoldOutcome>> {
          std::vector<control::HoldOutcome> outcomes;
          for (const mail::QueueId& id : ids) {
            asked.push_back(std::string(who.substr(0, 8)) + ' ' + result + ' ' + id.text());
            outcomes.push_back({id.text(), id.text() == "4Xk2Pq1z9R1" ? result : "gone", ""});
          }
          return outcomes;
        };
  };
  fixture.listen({{}, {}, hook("released"), hook("deleted")});
  const base::ProgramResult released = fixture.release({"4Xk2Pq1z9R1", "4Xk2Pq1z9R2"});
  CHECK(released.exit_code == 1);
  CHECK(released.output ==
        "4Xk2Pq1z9R1  released\n4Xk2Pq1z9R2  not in the hold queue any more: released, deleted or "
        "returned by others\n1 released, 1 not\n");
  const base::ProgramResult dropped = fixture.release({"--all", "--yes", "--json"}, {}, "drop");
  CHECK(dropped.exit_code == 0);
  CHECK(dropped.output.find("\"result\": \"deleted\"") != std::string::npos);
  CHECK(asked == std::vector<std::string>{"operator released 4Xk2Pq1z9R1",
                                          "operator released 4Xk2Pq1z9R2",
                                          "operator deleted 4Xk2Pq1z9R1"});
}

TEST_CASE("suppressions from the command line", "[cli]") {
  const Fixture fixture;
  const base::ProgramResult added =
      fixture.run({"suppression", "add", "bob@example.com", "--reason", "asked by phone"});
  CHECK(added.exit_code == 0);
  CHECK(added.output ==
        "added  bob@example.com  until undone\nundo: rampart suppression remove bob@example.com\n");
  const base::ProgramResult why = fixture.run({"suppression", "why", "bob@example.com"});
  CHECK(why.exit_code == 1);
  CHECK(why.output.find("evidence  asked by phone\n") != std::string::npos);
  CHECK(fixture.run({"suppression", "why", "eve@example.com"}).exit_code == 0);
  CHECK(fixture.run({"suppression", "add", "nonsense"}).exit_code == 2);
  const std::string list = "# list\na@example.com\nnonsense\nbob@example.com\n";
  const base::ProgramResult refused = fixture.run({"suppression", "import", "-"}, list);
  CHECK(refused.exit_code == 2);
  CHECK(refused.output.find("standard input:3:") != std::string::npos);
  CHECK(fixture.run({"suppression", "why", "a@example.com"}).exit_code == 0);
  const base::ProgramResult dry = fixture.run({"suppression", "import", "-", "--dry-run"}, list);
  CHECK(dry.output.find("4 lines: 2 addresses, 1 new, 1 already there, 1 bad\n") !=
        std::string::npos);
  CHECK(fixture.run({"suppression", "import", "-", "--skip-bad"}, list).exit_code == 1);
  CHECK(fixture.run({"suppression", "why", "a@example.com"}).exit_code == 1);
  CHECK(fixture.run({"suppression", "list", "--reason", "import"}).output.find("a@example.com") !=
        std::string::npos);
  CHECK(fixture.run({"suppression", "remove", "a@example.com"}).exit_code == 0);
  CHECK(fixture.run({"suppression", "remove", "a@example.com"}).exit_code == 1);
}

TEST_CASE("flows from the command line", "[cli]") {
  const Fixture fixture;
  auto transaction = fixture.engine->begin({}, *mail::parse_address("news@a.example"));
  fixture.engine->decide(transaction,
                         {*mail::parse_address("x@c.example"), "<x@c.example>", "smtp"});
  fixture.engine->commit(transaction, *mail::parse_queue_id("4Xk2Pq1z9R9"));
  CHECK(fixture.run({"status"}).output.find("a.example  c.example") != std::string::npos);
  CHECK(fixture.run({"flow", "show", "a.example", "c.example"}).exit_code == 0);
  CHECK(fixture.run({"flow", "show", "a.example", "z.example"}).exit_code == 5);
  CHECK(fixture.run({"flow", "pause", "a.example", "c.example", "--for", "2"}).exit_code == 2);
  const base::ProgramResult paused = fixture.run({"flow", "pause", "a.example", "c.example"});
  CHECK(paused.output.find("paused until resumed") != std::string::npos);
  CHECK(paused.output.find("undo: rampart flow resume a.example c.example\n") != std::string::npos);
  CHECK(fixture.run({"flow", "resume", "a.example", "c.example"}).exit_code == 0);
  CHECK(fixture.run({"flow", "reset", "a.example", "c.example", "--yes"}).exit_code == 0);
  CHECK(fixture.run({"flow", "show", "a.example", "c.example"}).exit_code == 5);
}

}  // namespace
}  // namespace rampart::cli
