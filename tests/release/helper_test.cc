#include "rampart/release/helper.h"

#include <chrono>
#include <cstdint>
#include <cstring>
#include <thread>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rampart/base/unix_socket.h"
#include "rampart/release/exchange.h"
#include "rampart/release/key_file.h"
#include "support/catch.h"
#include "support/manual_clock.h"
#include "support/temporary_directory.h"

#include "release/fake_tools.h"

namespace rampart::release {
namespace {

mail::QueueId id(std::string_view text) {
  return *mail::parse_queue_id(text);
}

class Fixture {
 public:
  Fixture() {
    const auto key = open_hold_key(options().key_file);
    REQUIRE(key.has_value());
    auto fake = std::make_unique<test::FakeTools>();
    for (const char* name : {"4Xk2Pq1z9R1", "4Xk2Pq1z9R2"}) {
      fake->hold(name, {mail::make_hold_mark(*key, id(name), {})});
    }
    fake->hold("4Xk2Pq1z9R3", {});
    auto opened = Helper::open(options(), std::move(fake), clock);
    REQUIRE(opened.has_value());
    helper = std::move(*opened);
    stop = eventfd(0, EFD_CLOEXEC);
    thread = std::jthread([this] { static_cast<void>(helper->run(stop)); });
  }
  ~Fixture() {
    const std::uint64_t one = 1;
    REQUIRE(write(stop, &one, sizeof one) == sizeof one);
    thread.join();
    close(stop);
  }
  Fixture(const Fixture&) = delete;
  Fixture& operator=(const Fixture&) = delete;

  [[nodiscard]] Options options() const { return {directory / "s", directory / "hold.key"}; }
  [[nodiscard]] int connect_raw() const {
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, options().socket.c_str(), sizeof address.sun_path - 1);
    REQUIRE(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    return fd;
  }
  // What comes until the other side closes.
  static std::string read_all(int fd) {
    std::string text;
    std::array<char, 4096> bytes{};
    for (ssize_t size = 0; (size = read(fd, bytes.data(), bytes.size())) > 0;) {
      text.append(bytes.data(), static_cast<std::size_t>(size));
    }
    close(fd);
    return text;
  }
  [[nodiscard]] std::string raw(std::string_view request) const {
    const int fd = connect_raw();
    static_cast<void>(send(fd, request.data(), request.size(), MSG_NOSIGNAL));
    shutdown(fd, SHUT_WR);
    return read_all(fd);
  }

  test::TemporaryDirectory directory;
  test::ManualClock clock;
  std::unique_ptr<Helper> helper;
  int stop = -1;
  std::jthread thread;
};

TEST_CASE("the helper lists, releases and deletes for its user", "[release]") {
  const Fixture fixture;
  SocketExchange exchange(fixture.options().socket);
  const auto listed = exchange.list();
  REQUIRE(listed.has_value());
  CHECK(*listed == std::set<std::string>{"4Xk2Pq1z9R1", "4Xk2Pq1z9R2", "4Xk2Pq1z9R3"});
  const auto released =
      exchange.ask({Command::Release, {id("4Xk2Pq1z9R3"), id("4Xk2Pq1z9R1"), id("4Xk2Pq1z9R9")}});
  REQUIRE(released.has_value());
  CHECK((*released)[0].outcome == Outcome::NotOurs);
  CHECK((*released)[1].outcome == Outcome::Released);
  CHECK((*released)[2].outcome == Outcome::Gone);
  const auto deleted = exchange.ask({Command::Delete, {id("4Xk2Pq1z9R2"), id("4Xk2Pq1z9R3")}});
  REQUIRE(deleted.has_value());
  CHECK((*deleted)[0].outcome == Outcome::Deleted);
  CHECK((*deleted)[1].outcome == Outcome::NotOurs);
  CHECK(*exchange.list() == std::set<std::string>{"4Xk2Pq1z9R3"});
}

TEST_CASE("the helper listens only where nobody else can put a socket", "[release]") {
  const test::TemporaryDirectory directory;
  const test::ManualClock clock;
  const Options options{directory / "s", directory / "hold.key"};
  REQUIRE(open_hold_key(options.key_file).has_value());
  for (const mode_t mode : {0770U, 0707U, 01777U}) {
    CAPTURE(mode);
    REQUIRE(chmod(directory.path().c_str(), mode) == 0);
    const auto opened = Helper::open(options, std::make_unique<test::FakeTools>(), clock);
    REQUIRE_FALSE(opened.has_value());
    CHECK(opened.error().kind == base::Error::Kind::Denied);
    CHECK(opened.error().what.starts_with(directory.path() + " must be"));
  }
  REQUIRE(chmod(directory.path().c_str(), 0755) == 0);
  CHECK(Helper::open(options, std::make_unique<test::FakeTools>(), clock).has_value());
}

TEST_CASE("the helper refuses what is no request and goes on", "[release]") {
  const Fixture fixture;
  for (const std::string& request :
       {std::string("GET / HTTP/1.1\r\n\r\n"), std::string("rampart 1 release 1\nALL\n"),
        std::string("rampart 1 release 1001\n"), std::string(1'000'000, 'x'), std::string(64, '\0'),
        std::string("rampart 1 release 1000\n") + std::string(30'000, 'A')}) {
    CAPTURE(request.substr(0, 40));
    CHECK(fixture.raw(request).starts_with("error "));
  }
  CHECK(fixture.raw("").empty());
  CHECK(fixture.raw("rampart 1 rel").empty());
  CHECK(fixture.raw("rampart 1 list 0\n") == "ok 3\n4Xk2Pq1z9R1\n4Xk2Pq1z9R2\n4Xk2Pq1z9R3\n");
}

TEST_CASE("clients that say nothing keep nobody out", "[release]") {
  const Fixture fixture;
  std::vector<int> silent;
  for (int i = 0; i < 15; ++i) {
    silent.push_back(fixture.connect_raw());
    REQUIRE(send(silent.back(), "rampart", 7, MSG_NOSIGNAL) == 7);
  }
  SocketExchange exchange(fixture.options().socket);
  CHECK(exchange.list().has_value());
  for (const int fd : silent) {
    close(fd);
  }
}

TEST_CASE("the key is checked at each request", "[release]") {
  const Fixture fixture;
  SocketExchange exchange(fixture.options().socket);
  REQUIRE(chmod(fixture.options().key_file.c_str(), 0644) == 0);
  const auto refused = exchange.ask({Command::Release, {id("4Xk2Pq1z9R1")}});
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().what.find("chmod 600") != std::string::npos);
  // Who cannot release does not list either, so that it is not taken for alive.
  const auto listed = exchange.list();
  REQUIRE_FALSE(listed.has_value());
  CHECK(listed.error().what == refused.error().what);
  REQUIRE(unlink(fixture.options().key_file.c_str()) == 0);
  REQUIRE(open_hold_key(fixture.options().key_file).has_value());  // another one
  const auto others = exchange.ask({Command::Release, {id("4Xk2Pq1z9R1")}});
  REQUIRE(others.has_value());
  CHECK((*others)[0].outcome == Outcome::NotOurs);
  CHECK(exchange.list()->size() == 3);
}

TEST_CASE("another user is refused", "[release]") {
  if (geteuid() != 0) {
    WARN("not run: needs root");
    return;
  }
  const Fixture fixture;
  // Both doors open, so that the helper itself must refuse.
  REQUIRE(chmod(fixture.options().socket.c_str(), 0666) == 0);
  REQUIRE(chmod(fixture.directory.path().c_str(), 0755) == 0);
  const std::string socket_path = fixture.options().socket;
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    if (setuid(65534) != 0) {
      _exit(2);
    }
    SocketExchange exchange(socket_path);
    const auto listed = exchange.list();
    _exit(!listed && listed.error().what == "user 65534 may not ask" ? 0 : 1);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("the socket is its user's alone, and one helper's", "[release]") {
  const Fixture fixture;
  struct stat status {};
  REQUIRE(stat(fixture.options().socket.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777U) == 0600U);
  CHECK(status.st_uid == geteuid());
  const test::ManualClock clock;
  const auto second = Helper::open(fixture.options(), std::make_unique<test::FakeTools>(), clock);
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().what.find("another process listens") != std::string::npos);
}

TEST_CASE("a helper whose backlog is full keeps its socket", "[release]") {
  const test::TemporaryDirectory directory;
  const test::ManualClock clock;
  const Options options{directory / "s", directory / "hold.key"};
  REQUIRE(open_hold_key(options.key_file).has_value());
  const auto busy = Helper::open(options, std::make_unique<test::FakeTools>(), clock);
  REQUIRE(busy.has_value());  // and does not run: it accepts nobody
  const base::SystemClock now;
  std::vector<base::Descriptor> clients;
  for (;;) {
    auto fd = base::connect_unix(options.socket, now.steady_now() + std::chrono::milliseconds{1});
    if (!fd) {
      CHECK(fd.error().kind == base::Error::Kind::Timeout);
      break;
    }
    clients.push_back(std::move(*fd));
  }
  struct stat before {};
  REQUIRE(stat(options.socket.c_str(), &before) == 0);
  const auto second = Helper::open(options, std::make_unique<test::FakeTools>(), clock);
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().what == "another process listens on " + options.socket);
  struct stat after {};
  REQUIRE(stat(options.socket.c_str(), &after) == 0);
  CHECK(after.st_ino == before.st_ino);
}

TEST_CASE("without a key there is nobody to serve", "[release]") {
  const test::TemporaryDirectory directory;
  const test::ManualClock clock;
  const auto helper = Helper::open({directory / "s", directory / "hold.key"},
                                   std::make_unique<test::FakeTools>(), clock);
  REQUIRE_FALSE(helper.has_value());
  CHECK(helper.error().kind == base::Error::Kind::NotFound);
}

TEST_CASE("an exchange that is cancelled ends", "[release]") {
  const test::TemporaryDirectory directory;
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, (directory / "s").c_str(), sizeof address.sun_path - 1);
  REQUIRE(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(listen(fd, 1) == 0);
  SocketExchange exchange(directory / "s");
  std::jthread canceller([&] { exchange.cancel(); });
  const auto listed = exchange.list();
  REQUIRE_FALSE(listed.has_value());
  CHECK(listed.error().what == "the service stops");
  close(fd);
  CHECK(SocketExchange(directory / "none").list().error().kind == base::Error::Kind::Unavailable);
}

}  // namespace
}  // namespace rampart::release
