// The service as a process: start, commands, reload, stop, and what it refuses to start with.

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rampart/base/time.h"
#include "rampart/control/client.h"
#include "support/catch.h"
#include "support/temporary_directory.h"

extern char** environ;

namespace rampart::daemon {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class Process {
 public:
  Process(const std::string& config, const std::string& errors) : errors_(errors) {
    const std::string program = RAMPART_BINARY;
    std::vector<std::string> words{program, "-c", config, "run"};
    std::vector<char*> argv;
    for (std::string& word : words) {
      argv.push_back(word.data());
    }
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, errors.c_str(),
                                     O_WRONLY | O_CREAT | O_TRUNC, 0600);
    REQUIRE(posix_spawn(&pid_, program.c_str(), &actions, nullptr, argv.data(), environ) == 0);
    posix_spawn_file_actions_destroy(&actions);
  }
  ~Process() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  void signal(int number) const { kill(pid_, number); }
  /// @return the exit code, -1 if it still runs after `timeout`, 128 + signal if it was killed
  int wait(base::Micros timeout) {
    const auto deadline = clock_.steady_now() + timeout;
    int status = 0;
    while (waitpid(pid_, &status, WNOHANG) == 0) {
      if (clock_.steady_now() > deadline) {
        return -1;
      }
      std::this_thread::sleep_for(milliseconds{10});  // another process: nothing to wait on
    }
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  [[nodiscard]] std::string errors() const {
    std::ifstream stream(errors_);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  /// Waits until its error output has `text`. @return false if it never came or the process ended
  [[nodiscard]] bool says(const std::string& text) const {
    for (int i = 0; i < 3000; ++i) {
      if (errors().find(text) != std::string::npos) {
        return true;
      }
      std::this_thread::sleep_for(milliseconds{10});
    }
    return false;
  }

 private:
  const base::SystemClock clock_;
  std::string errors_;
  pid_t pid_ = -1;
};

class Setup {
 public:
  Setup() { configure("enforce"); }
  void configure(const std::string& mode, const std::string& more = {}) const {
    directory.write("rampart.toml",
                    "mode = \"" + mode + "\"\ntables = \"" RAMPART_SOURCE_DIR "/conf\"\n" + more +
                        "[milter]\nlisten = \"unix:" + (directory / "m.sock") +
                        "\"\n[store]\nurl = \"sqlite:" + (directory / "r.db") +
                        "\"\n[control]\nsocket = \"" + (directory / "c.sock") +
                        "\"\ngroup = \"\"\n[hold]\nkey = \"" + (directory / "hold.key") +
                        "\"\n[[report.log]]\npath = \"" + directory.write("mail.log", "") + "\"\n");
  }
  [[nodiscard]] std::string config() const { return directory / "rampart.toml"; }
  [[nodiscard]] std::string ask(const std::string& command) const {
    const auto answer =
        control::request(directory / "c.sock", "{\"command\":" + command + "}", seconds{20});
    return answer ? *answer : "failed: " + answer.error().what;
  }
  /// The mode that status shows.
  [[nodiscard]] bool enforces() const {
    return ask("\"status\"").find("\"mode\":\"enforce\"") != std::string::npos;
  }

  test::TemporaryDirectory directory;
};

TEST_CASE("it starts, remembers, and stops in order", "[daemon]") {
  const Setup setup;
  {
    Process process(setup.config(), setup.directory / "err");
    REQUIRE(process.says("rampart: ready\n"));
    CHECK(setup.enforces());
    CHECK(setup.ask(R"("suppression.add","keys":["bob@example.com"])").find("\"added\"") !=
          std::string::npos);
    process.signal(SIGTERM);
    CHECK(process.wait(seconds{10}) == 0);
    CHECK(process.errors().find("(stopped)") != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(setup.directory / "c.sock"));
  }
  Process again(setup.config(), setup.directory / "err2");
  REQUIRE(again.says("rampart: ready\n"));
  CHECK(setup.ask(R"("suppression.why","key":"bob@example.com")").find("\"suppressed\":true") !=
        std::string::npos);
  again.signal(SIGINT);
  const int status = again.wait(seconds{10});
  CAPTURE(again.errors());
  CHECK(status == 0);
}

TEST_CASE("an idle MTA connection does not keep it from stopping", "[daemon]") {
  const Setup setup;
  Process process(setup.config(), setup.directory / "err");
  REQUIRE(process.says("rampart: ready\n"));
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = setup.directory / "m.sock";
  std::copy(path.begin(), path.end(), std::begin(address.sun_path));
  REQUIRE(connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  process.signal(SIGTERM);
  CHECK(process.wait(seconds{10}) == 0);
  close(fd);
}

TEST_CASE("SIGHUP takes over a good file, and a bad one never replaces it", "[daemon]") {
  const Setup setup;
  Process process(setup.config(), setup.directory / "err");
  REQUIRE(process.says("rampart: ready\n"));
  setup.configure("observe");
  process.signal(SIGHUP);
  REQUIRE(process.says("reload=done"));
  CHECK_FALSE(setup.enforces());

  setup.configure("enforce", "alowance = 1\n");
  process.signal(SIGHUP);
  REQUIRE(process.says("reload=refused"));
  CHECK_FALSE(setup.enforces());
  const std::string answer = setup.ask("\"config.reload\"");
  CHECK(answer.find("\"reloaded\":false") != std::string::npos);
  CHECK(answer.find("alowance") != std::string::npos);

  setup.configure("enforce", "dsn.milter = true\n");
  const std::string restart = setup.ask("\"config.reload\"");
  CHECK(restart.find("\"reloaded\":true") != std::string::npos);
  CHECK(restart.find("[\"dsn.milter changed: needs a restart, the old value stays in force\"]") !=
        std::string::npos);
  CHECK(setup.enforces());
  for (int i = 0; i < 50; ++i) {
    process.signal(SIGHUP);  // none of them may reach libmilter, which would stop
  }
  CHECK(setup.enforces());
  process.signal(SIGTERM);
  CHECK(process.wait(seconds{20}) == 0);
}

TEST_CASE("lists are applied, and one that shrank to nothing keeps what it had", "[daemon]") {
  const Setup setup;
  const std::string list =
      setup.directory.write("list.txt", "a@b.example\nb@b.example\nc@b.example\n");
  const std::string more = "suppression.list = [ { file = \"" + list + "\" } ]\n";
  setup.configure("enforce", more);
  Process process(setup.config(), setup.directory / "err");
  REQUIRE(process.says("rampart: ready\n"));
  CHECK(setup.ask("\"status\"").find("\"suppressed\":3,") != std::string::npos);
  setup.directory.write("list.txt", "");
  CHECK(setup.ask("\"config.reload\"").find("less than half") != std::string::npos);
  CHECK(setup.ask("\"status\"").find("\"suppressed\":3,") != std::string::npos);
  setup.directory.write("list.txt", "a@b.example\nc@b.example\n");
  CHECK(setup.ask("\"config.reload\"").find("\"messages\":[]") != std::string::npos);
  CHECK(setup.ask("\"status\"").find("\"suppressed\":2,") != std::string::npos);
}

// Goal: a disk or file server that fails does not end the service.
TEST_CASE("a list that cannot be read ends it neither at its start nor at SIGHUP", "[daemon]") {
  const Setup setup;
  // Opens as a plain file of ours, and then fails to be read.
  setup.configure("enforce", "suppression.list = [ { file = \"/proc/self/mem\" } ]\n");
  Process process(setup.config(), setup.directory / "err");
  REQUIRE(process.says("rampart: ready\n"));
  const std::string problem = "/proc/self/mem: Input/output error; what was read from it before";
  CHECK(process.errors().find(problem) != std::string::npos);
  CHECK(setup.ask("\"status\"").find(problem) != std::string::npos);
  setup.configure("observe", "suppression.list = [ { file = \"/proc/self/mem\" } ]\n");
  process.signal(SIGHUP);
  REQUIRE(process.says("reload=done"));
  CHECK_FALSE(setup.enforces());
  CHECK(setup.ask("\"status\"").find(problem) != std::string::npos);
  setup.configure("observe");
  CHECK(setup.ask("\"config.reload\"").find("\"messages\":[]") != std::string::npos);
  CHECK(setup.ask("\"status\"").find("/proc/self/mem") == std::string::npos);
}

// A bounce with a token that nobody gave out: read, and not believed.
constexpr std::string_view kBounce =
    "From: MAILER-DAEMON@b.example\r\nContent-Type: multipart/report; "
    "report-type=delivery-status;\r\n boundary=\"x\"\r\n\r\n--x\r\nContent-Type: "
    "message/delivery-status\r\n\r\nReporting-MTA: dns; mx.b.example\r\n\r\nFinal-Recipient: "
    "rfc822; u@b.example\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 "
    "5.1.1 gone\r\n\r\n--x\r\nContent-Type: text/rfc822-headers\r\n\r\nX-Rampart-Id: "
    "0123456789abcdef0123456789abcdef\r\n\r\n--x--\r\n";

TEST_CASE("mailboxes and lines from another program reach the engine", "[daemon]") {
  const Setup setup;
  const std::string maildir = setup.directory / "maildir";
  for (const char* part : {"new", "cur", "tmp"}) {
    std::filesystem::create_directories(maildir + '/' + part);
  }
  const std::string name = "1795244400.M1P1.mta1";
  setup.directory.write("maildir/new/" + name, std::string(kBounce));
  setup.configure("enforce", "log.level = \"debug\"\n[dsn]\nmaildir = [\"" + maildir + "\"]\n");
  Process process(setup.config(), setup.directory / "err");
  REQUIRE(process.says("rampart: ready\n"));
  REQUIRE(process.says("outcome=not_ours"));
  CHECK(process.says("from=maildir:" + maildir));
  const auto is_read = [&] {
    return !std::filesystem::exists(maildir + "/new/" + name);
  };
  for (int i = 0; i < 1000 && !is_read(); ++i) {
    std::this_thread::sleep_for(milliseconds{10});
  }
  CHECK(is_read());
  CHECK_FALSE(std::filesystem::is_empty(maildir + "/cur"));

  const std::string taken = setup.ask(
      R"("feed.lines","source":"test","lines":["Nov 21 07:00:00 mta1 postfix/qmgr[1]: removed"])");
  CHECK(taken.find("\"error\"") == std::string::npos);
  CHECK(setup.ask("\"status\"").find("feed:test") != std::string::npos);
  process.signal(SIGTERM);
  CHECK(process.wait(seconds{15}) == 0);
}

TEST_CASE("a second one with the same store is refused", "[daemon]") {
  const Setup setup;
  Process first(setup.config(), setup.directory / "err");
  REQUIRE(first.says("rampart: ready\n"));
  Process second(setup.config(), setup.directory / "err2");
  CHECK(second.wait(seconds{30}) == 75);
  CHECK(second.errors().find("rampart: not started: ") != std::string::npos);
  CHECK(setup.enforces());  // the first one is unharmed
}

TEST_CASE("a bad configuration is refused with exit code 78", "[daemon]") {
  const Setup setup;
  setup.configure("enforce", "alowance = 1\n");
  Process process(setup.config(), setup.directory / "err");
  CHECK(process.wait(seconds{30}) == 78);
  CHECK(process.errors().find("rampart.toml:3:1: error: unknown key \"alowance\"") !=
        std::string::npos);
}

TEST_CASE("a store that cannot be written is refused with exit code 75", "[daemon]") {
  const Setup setup;
  std::filesystem::create_directory(setup.directory / "r.db");
  Process process(setup.config(), setup.directory / "err");
  CHECK(process.wait(seconds{30}) == 75);
  CHECK(process.errors().find("r.db") != std::string::npos);
}

// A mail of a.example to a domain of nobody's, so long ago.
std::string delivered(base::Micros ago, int number) {
  const std::string front =
      base::format_utc(base::SystemClock().wall_now() - ago) + " mta1 postfix/";
  const std::string id = "A" + std::to_string(100'000 + number);
  return front + "qmgr[1]: " + id + ": from=<x@a.example>, size=4, nrcpt=1 (queue active)\n" +
         front + "smtp[2]: " + id +
         ": to=<u@firm.example>, relay=mx.firm.example[203.0.113.5]:25, delay=1, "
         "delays=0/0/0/1, dsn=2.0.0, status=sent (250 Ok)\n";
}

TEST_CASE("a new store learns from old logs, once", "[daemon]") {
  using std::chrono::hours;
  const Setup setup;
  std::string old;
  for (int i = 0; i < 40; ++i) {
    old += delivered(hours{72}, i);
  }
  const std::string pattern = setup.directory / "mail.log.*";
  const std::string more =
      "report.history = [ \"" + pattern + "\", \"" + (setup.directory / "gone") + "\" ]\n";
  // The log itself is read as well, up to where it is followed from.
  const auto configure = [&] {
    setup.configure("observe", more);
    setup.directory.write("mail.log", delivered(hours{2}, 50) + delivered(hours{1}, 51));
  };
  setup.directory.write("mail.log.1", old);
  setup.directory.write("mail.log.2.gz", "\x1f\x8b\x08 rubbish");
  const auto shows = [&](const std::string& what) {
    return setup.ask("\"status\"").find(what) != std::string::npos;
  };
  {
    configure();
    Process process(setup.config(), setup.directory / "err");
    REQUIRE(process.says("rampart: ready\n"));
    CAPTURE(process.errors());
    CHECK(process.says("the store is new: reading 4 old logs"));
    CHECK(process.says("done: 84 lines, 2 flows"));
    CHECK(process.says("mail.log.2.gz: the compressed data"));
    CHECK(process.says("gone: No such file or directory"));
    CHECK(shows("\"level\":40,"));
    CHECK(shows("\"used\":2,"));  // of today
    std::ofstream(setup.directory / "mail.log", std::ios::app) << delivered(hours{0}, 52);
    for (int i = 0; i < 1000 && !shows("\"used\":3,"); ++i) {
      std::this_thread::sleep_for(milliseconds{10});  // another process: nothing to wait on
    }
    CHECK(shows("\"used\":3,"));
    process.signal(SIGTERM);
    CHECK(process.wait(seconds{10}) == 0);
  }
  Process again(setup.config(), setup.directory / "err2");
  REQUIRE(again.says("rampart: ready\n"));
  CHECK(shows("\"level\":40,"));
  CHECK(shows("\"used\":3,"));
  CHECK(again.errors().find("the store is new") == std::string::npos);
}

}  // namespace
}  // namespace rampart::daemon
