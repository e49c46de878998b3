#include "control/listener.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <thread>
#include <vector>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "rampart/base/line_stream.h"
#include "rampart/base/unix_socket.h"
#include "support/catch.h"
#include "support/temporary_directory.h"

namespace rampart::control {
namespace {

using base::Descriptor;
using base::LineStream;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::TemporaryDirectory;

std::string echo(std::string_view request, const Peer& peer) {
  return peer.user.empty() ? "" : "<" + std::string(request) + ">";
}

base::SteadyTime in(base::Micros time) {
  return base::SystemClock().steady_now() + time;
}

class Fixture {
 public:
  explicit Fixture(const Limits& limits = {}, Listener::Handler handler = echo)
      : socket(directory / "control.sock") {
    auto opened = Listener::open({socket, ""}, limits, std::move(handler));
    REQUIRE(opened.has_value());
    listener = std::move(*opened);
  }
  [[nodiscard]] std::string ask(std::string_view text) const {
    const auto answer = request(socket, text, seconds{10});
    return answer ? *answer : "failed: " + answer.error().what;
  }
  [[nodiscard]] Descriptor connect() const {
    auto fd = base::connect_unix(socket, in(seconds{5}));
    REQUIRE(fd.has_value());
    return std::move(*fd);
  }

  TemporaryDirectory directory;
  std::string socket;
  std::unique_ptr<Listener> listener;
};

TEST_CASE("a connection carries any number of requests", "[control]") {
  const Fixture fixture;
  const Descriptor fd = fixture.connect();
  LineStream stream(fd.get(), -1);
  REQUIRE(stream.write("one\ntwo\nthr", in(seconds{5})));
  CHECK(*stream.read_line(100, in(seconds{5})) == "<one>");
  CHECK(*stream.read_line(100, in(seconds{5})) == "<two>");
  REQUIRE(stream.write("ee\n", in(seconds{5})));
  CHECK(*stream.read_line(100, in(seconds{5})) == "<three>");
}

TEST_CASE("the bound of a request counts its line end", "[control]") {
  Limits limits;
  limits.request_bytes = 8;
  const Fixture fixture(limits);
  CHECK(fixture.ask("1234567") == "<1234567>");
  CHECK(fixture.ask("12345678").find("longer than 8 bytes") != std::string::npos);
  CHECK(fixture.ask(std::string(1'000'000, 'x')).find("\"usage\"") != std::string::npos);
  CHECK(fixture.ask("still") == "<still>");
}

TEST_CASE("a request of exactly 4 MiB passes and a longer one is refused here", "[control]") {
  const Fixture fixture(
      {}, [](std::string_view text, const Peer&) { return std::to_string(text.size()); });
  CHECK(fixture.ask(std::string(kRequestBytesMax - 1, 'x')) ==
        std::to_string(kRequestBytesMax - 1));
  const auto refused = request(fixture.socket, std::string(kRequestBytesMax, 'x'), seconds{5});
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().kind == base::Error::Kind::InvalidInput);
}

TEST_CASE("silent clients block nobody and are ended", "[control]") {
  Limits limits;
  limits.timeout = milliseconds{300};
  const Fixture fixture(limits);
  std::vector<Descriptor> silent;
  for (int i = 0; i < 20; ++i) {
    silent.push_back(fixture.connect());
  }
  CHECK(fixture.ask("hello") == "<hello>");
  LineStream stream(silent.front().get(), -1);
  const auto ended = stream.read_line(100, in(seconds{10}));
  REQUIRE_FALSE(ended.has_value());
  CHECK(ended.error().kind == base::Error::Kind::NotFound);  // closed by the other end
}

TEST_CASE("a client that takes no answer blocks nobody", "[control]") {
  const Fixture fixture({}, [](std::string_view text, const Peer&) {
    return text == "big" ? std::string(8'000'000, 'x') : std::string("small");
  });
  const Descriptor greedy = fixture.connect();
  REQUIRE(LineStream(greedy.get(), -1).write("big\n", in(seconds{5})));
  CHECK(fixture.ask("other") == "small");
}

TEST_CASE("clients beyond the limit are told to try again", "[control]") {
  Limits limits;
  limits.clients = 2;
  const Fixture fixture(limits);
  std::vector<Descriptor> open;
  for (int i = 0; i < 2; ++i) {
    open.push_back(fixture.connect());
    LineStream stream(open.back().get(), -1);
    REQUIRE(stream.write("x\n", in(seconds{5})));
    REQUIRE(stream.read_line(100, in(seconds{5})));  // it has its thread now
  }
  CHECK(fixture.ask("third").find("\"unavailable\"") != std::string::npos);
}

TEST_CASE("many clients at once are all answered", "[control]") {
  const Fixture fixture;
  std::atomic<int> good{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 25; ++i) {
          const std::string text = std::to_string(t) + "-" + std::to_string(i);
          good += fixture.ask(text) == "<" + text + ">" ? 1 : 0;
        }
      });
    }
  }
  CHECK(good == 200);
}

TEST_CASE("the end of the service ends open connections at once", "[control]") {
  Fixture fixture;
  const Descriptor idle = fixture.connect();
  LineStream stream(idle.get(), -1);
  REQUIRE(stream.write("x\n", in(seconds{5})));
  REQUIRE(stream.read_line(100, in(seconds{5})));
  fixture.listener.reset();
  CHECK_FALSE(stream.read_line(100, in(seconds{5})).has_value());
  CHECK(access(fixture.socket.c_str(), F_OK) != 0);
}

TEST_CASE("a stale socket is replaced, one in use and other files are not", "[control]") {
  const TemporaryDirectory directory;
  const std::string path = directory / "s.sock";
  {
    const Descriptor fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::copy(path.begin(), path.end(), std::begin(address.sun_path));
    REQUIRE(bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }
  auto first = Listener::open({path, ""}, {}, echo);
  REQUIRE(first.has_value());
  const auto second = Listener::open({path, ""}, {}, echo);
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().what.find("another process listens") != std::string::npos);
  CHECK(*request(path, "x", seconds{5}) == "<x>");

  const std::string file = directory.write("file", "keep me");
  CHECK_FALSE(Listener::open({file, ""}, {}, echo).has_value());
  CHECK(directory.read("file") == "keep me");
}

TEST_CASE("a service whose backlog is full keeps its socket", "[control]") {
  const TemporaryDirectory directory;
  const std::string path = directory / "s.sock";
  const auto busy = base::UnixListener::open(path, 1);  // and accepts nobody
  REQUIRE(busy.has_value());
  std::vector<Descriptor> clients;
  for (auto fd = base::connect_unix(path, in(milliseconds{1})); fd;
       fd = base::connect_unix(path, in(milliseconds{1}))) {
    clients.push_back(std::move(*fd));
  }
  const auto second = Listener::open({path, ""}, {}, echo);
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().what == "another process listens on " + path);
  CHECK(access(path.c_str(), F_OK) == 0);
}

TEST_CASE("without its group the socket is for root and its own user", "[control]") {
  const TemporaryDirectory directory;
  auto listener = Listener::open({directory / "s.sock", "no-such-group-here"}, {}, echo);
  REQUIRE(listener.has_value());
  struct stat status {};
  REQUIRE(stat((directory / "s.sock").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777U) == 0600U);
}

TEST_CASE("who may command", "[control]") {
  struct Case {
    const char* name;
    Peer peer;
    std::optional<gid_t> group;
    bool expected;
  };
  const std::array<Case, 7> cases{{
      {"root", {0, {0}, "root"}, std::nullopt, true},
      {"our own user", {500, {500}, "rampart"}, std::nullopt, true},
      {"another user", {501, {501}, "eve"}, std::nullopt, false},
      {"another user, group configured", {501, {501}, "eve"}, 700, false},
      {"primary group", {502, {700}, "ann"}, 700, true},
      {"supplementary group", {502, {502, 4, 700}, "ann"}, 700, true},
      {"group zero is no wildcard", {503, {503, 0}, "bob"}, std::nullopt, false},
  }};
  for (const Case& c : cases) {
    CAPTURE(c.name);
    CHECK(may_command(c.peer, 500, c.group) == c.expected);
  }
}

TEST_CASE("what the client says when nobody is there", "[control]") {
  const TemporaryDirectory directory;
  const auto missing = request(directory / "none.sock", "{}", seconds{5});
  REQUIRE_FALSE(missing.has_value());
  CHECK(missing.error().kind == base::Error::Kind::Unavailable);
  const auto overlong = request(std::string(200, 'x'), "{}", seconds{5});
  REQUIRE_FALSE(overlong.has_value());
  CHECK(overlong.error().kind == base::Error::Kind::InvalidInput);
}

}  // namespace
}  // namespace rampart::control
