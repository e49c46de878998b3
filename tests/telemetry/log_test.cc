#include "rampart/telemetry/log.h"

#include <array>
#include <cstdlib>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rampart/base/file.h"
#include "rampart/base/text.h"
#include "rampart/base/time.h"
#include "rampart/telemetry/counter.h"
#include "support/catch.h"

namespace rampart::telemetry {
namespace {

// Goal: whatever a remote server, a sender or a recipient writes, the line keeps its shape.
TEST_CASE("a line quotes what could be taken for another field", "[telemetry][unit]") {
  const auto sender = mail::parse_address("news@a.example");
  REQUIRE(sender.has_value());
  Line line("4Xk2Pq1z9Rz");
  line.address("from", *sender)
      .add("sender", "a.example")
      .add("reply", "550 5.1.1 no, action=\"accept\"\nrampart: x")
      .add("used", 200)
      .add("empty", "")
      .text("free (text)\x1b[31m");
  CHECK(line.str() ==
        "4Xk2Pq1z9Rz: from=<news@a.example>, sender=a.example, reply=\"550 5.1.1 no, "
        "action=\\\"accept\\\"?rampart: x\", used=200, empty=\"\" (free (text)?[31m)");
}

TEST_CASE("recipients are masked when so configured", "[telemetry][unit]") {
  const auto recipient = mail::parse_address("u@b.example");
  REQUIRE(recipient.has_value());
  configure_log({Level::Info, Recipients::Domain});
  Line line("q");
  line.recipient("to", *recipient);
  configure_log({});
  CHECK(line.str() == "q: to=<*@b.example>");
}

TEST_CASE("levels below the configured one are off", "[telemetry][unit]") {
  configure_log({Level::Warning, Recipients::Full});
  CHECK_FALSE(is_enabled(Level::Info));
  CHECK(is_enabled(Level::Error));
  configure_log({});
  CHECK(is_enabled(Level::Info));
  CHECK_FALSE(is_enabled(Level::Debug));
}

// What a process writes whose stderr is a pipe. @param journal_stream  "": unset; "it": the pipe's
std::string written_by_child(std::string journal_stream) {
  auto pipe = base::open_pipe();
  REQUIRE(pipe.has_value());
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    dup2(pipe->write.get(), STDERR_FILENO);
    struct stat status {};
    fstat(STDERR_FILENO, &status);
    if (journal_stream == "it") {
      journal_stream = std::to_string(status.st_dev) + ':' + std::to_string(status.st_ino);
    }
    unsetenv("JOURNAL_STREAM");
    if (!journal_stream.empty()) {
      setenv("JOURNAL_STREAM", journal_stream.c_str(), 1);
    }
    configure_log({Level::Debug, Recipients::Full});
    for (const Level level : {Level::Debug, Level::Info, Level::Warning, Level::Error}) {
      write(level, Line("q").add("a", "{}"));
    }
    say(Level::Error, "not started:\nno file");
    _exit(0);
  }
  pipe->write.reset();
  waitpid(child, nullptr, 0);
  return *base::read_all(pipe->read.get(), "pipe", 100'000);
}

TEST_CASE("in the journal a line has its severity, and its program's name once", "[telemetry]") {
  CHECK(written_by_child("it") ==
        "<7>q: a={}\n<6>q: a={}\n<4>q: a={}\n<3>q: a={}\n<3>not started:\n<3>no file\n");
}

TEST_CASE("elsewhere a line has its time, severity and program", "[telemetry]") {
  // JOURNAL_STREAM of a service whose stderr was redirected, or nonsense.
  const auto stream = GENERATE(as<std::string>{}, "", "1:2", "it:", ":", "1", "8:x");
  CAPTURE(stream);
  const std::string text = written_by_child(stream);
  const auto lines = base::split(text, '\n');
  REQUIRE(lines.size() == 7);
  constexpr std::array<std::string_view, 4> kLevels{"debug", "info", "warning", "error"};
  for (std::size_t i = 0; i < kLevels.size(); ++i) {
    CAPTURE(lines[i]);
    CHECK(base::parse_rfc3339(lines[i].substr(0, lines[i].find(' '))).has_value());
    CHECK(lines[i].find(" " + std::string(kLevels.at(i)) + " rampart[") == 24);
    CHECK(lines[i].ends_with("]: q: a={}"));
  }
  CHECK(lines[4] == "rampart: not started:");
  CHECK(lines[5] == "no file");
}

TEST_CASE("the journal is known by device and inode", "[telemetry]") {
  const auto pipe = base::open_pipe();
  REQUIRE(pipe.has_value());
  struct stat status {};
  REQUIRE(fstat(pipe->read.get(), &status) == 0);
  const std::string device = std::to_string(status.st_dev);
  const std::string inode = std::to_string(status.st_ino);
  CHECK(is_journal(pipe->read.get(), device + ':' + inode));
  CHECK_FALSE(is_journal(pipe->read.get(), device + ':' + std::to_string(status.st_ino + 1)));
  CHECK_FALSE(is_journal(pipe->read.get(), std::to_string(status.st_dev + 1) + ':' + inode));
  CHECK_FALSE(is_journal(pipe->read.get(), device + ':' + inode + ' '));
  CHECK_FALSE(is_journal(pipe->read.get(), device + inode));
  CHECK_FALSE(is_journal(-1, device + ':' + inode));
}

TEST_CASE("a counter is the same under the same name", "[telemetry][unit]") {
  counter("test_a_total").add();
  counter("test_a_total").add(2);
  CHECK(read_counters().at("test_a_total") == 3);
}

}  // namespace
}  // namespace rampart::telemetry
