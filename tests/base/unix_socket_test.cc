#include "rampart/base/unix_socket.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <filesystem>
#include <iterator>
#include <optional>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rampart/base/line_stream.h"
#include "support/catch.h"
#include "support/temporary_directory.h"

namespace rampart::base {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::TemporaryDirectory;

SteadyTime in(Micros time) {
  return SystemClock().steady_now() + time;
}

sockaddr_un address_at(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::copy(path.begin(), path.end(), std::begin(address.sun_path));
  return address;
}

// A socket of somebody else; `backlog` -1: bound, but nobody listens.
Descriptor bind_at(const std::string& path, int backlog, int type = SOCK_STREAM) {
  Descriptor fd(socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
  const sockaddr_un address = address_at(path);
  REQUIRE(bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  REQUIRE((backlog < 0 || listen(fd.get(), backlog) == 0));
  return fd;
}

// Connects until the backlog is full.
std::vector<Descriptor> fill(const std::string& path) {
  std::vector<Descriptor> clients;
  const sockaddr_un address = address_at(path);
  for (;;) {
    Descriptor fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      REQUIRE(errno == EAGAIN);
      return clients;
    }
    clients.push_back(std::move(fd));
  }
}

TEST_CASE("only a socket that nobody listens on is replaced", "[base]") {
  const TemporaryDirectory directory;
  const std::string path = directory / "s";
  std::string refused;
  Descriptor other;
  std::vector<Descriptor> clients;
  SECTION("nothing there") {}
  SECTION("left behind by a dead process") {
    bind_at(path, 1);
  }
  SECTION("somebody listens") {
    other = bind_at(path, 1);
    refused = "another process listens on " + path;
  }
  SECTION("somebody listens whose backlog is full") {
    other = bind_at(path, 1);
    clients = fill(path);
    refused = "another process listens on " + path;
  }
  SECTION("somebody listens to another kind of connection") {
    other = bind_at(path, 1, SOCK_SEQPACKET);
    refused = "cannot tell whether another process listens on " + path;
  }
  SECTION("a file") {
    directory.write("s", "precious");
    refused = path + " exists and is not a socket";
  }
  SECTION("a directory") {
    fs::create_directory(path);
    refused = path + " exists and is not a socket";
  }
  SECTION("a link to a stale socket") {
    bind_at(directory / "target", 1);
    fs::create_symlink(directory / "target", path);
    refused = path + " exists and is not a socket";
  }
  struct stat before {};
  const bool was_there = lstat(path.c_str(), &before) == 0;
  {
    const auto listener = UnixListener::open(path, 4);
    CHECK(listener.has_value() == refused.empty());
    if (listener) {
      CHECK(connect_unix(path, in(seconds{5})).has_value());
    } else {
      CHECK(listener.error().what.starts_with(refused));
      struct stat after {};
      CHECK(was_there);
      CHECK(lstat(path.c_str(), &after) == 0);
      CHECK(after.st_ino == before.st_ino);
    }
  }
  CHECK(fs::exists(fs::symlink_status(path)) == !refused.empty());
  CHECK_FALSE(fs::exists(path + ".lock"));
}

TEST_CASE("a socket that we may not connect to is left alone", "[base]") {
  if (geteuid() != 0) {
    WARN("not run: needs root");
    return;
  }
  const TemporaryDirectory directory;
  REQUIRE(chmod(directory.path().c_str(), 0777) == 0);
  const std::string path = directory / "s";
  const Descriptor other = bind_at(path, 1);
  REQUIRE(chmod(path.c_str(), 0600) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    if (setuid(65534) != 0) {
      _exit(2);
    }
    const auto listener = UnixListener::open(path, 1);
    _exit(!listener && listener.error().kind == Error::Kind::Denied ? 0 : 1);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(fs::exists(path));
}

TEST_CASE("of many starters at once one listens, and its socket stays", "[base]") {
  const TemporaryDirectory directory;
  const std::string path = directory / "s";
  for (int round = 0; round < 20; ++round) {
    bind_at(path, 1);  // stale, so that all want to remove it
    std::vector<std::optional<UnixListener>> opened(6);
    {
      std::vector<std::jthread> threads;
      for (auto& place : opened) {
        threads.emplace_back([&] {
          if (auto listener = UnixListener::open(path, 16)) {
            place.emplace(std::move(*listener));
          }
        });
      }
    }
    const auto winner = std::find_if(opened.begin(), opened.end(),
                                     [](const auto& place) { return place.has_value(); });
    REQUIRE(winner != opened.end());
    CHECK(std::count_if(opened.begin(), opened.end(),
                        [](const auto& place) { return place.has_value(); }) == 1);
    // Behind those who looked whether somebody listens, who have gone.
    const auto client = connect_unix(path, in(seconds{5}));
    REQUIRE(client.has_value());
    REQUIRE(LineStream(client->get(), -1).write("x\n", in(seconds{5})));
    for (;;) {
      const Descriptor connection = (*winner)->accept();
      REQUIRE(connection.valid());
      if (LineStream(connection.get(), -1).read_line(10, in(seconds{5}))) {
        break;
      }
    }
  }
}

TEST_CASE("a place that is being claimed is waited for, and its lock may be stale", "[base]") {
  const TemporaryDirectory directory;
  directory.write("s.lock", "");  // of a process that was killed
  auto first = SocketPlace::claim(directory / "s");
  REQUIRE(first.has_value());
  std::atomic<bool> freed{false};
  std::jthread second([&] {
    const auto place = SocketPlace::claim(directory / "s");
    CHECK(place.has_value());
    CHECK(freed.load());
  });
  poll(nullptr, 0, 50);
  freed = true;
  { const SocketPlace ends = std::move(*first); }
  second.join();
  CHECK_FALSE(fs::exists(directory / "s.lock"));
}

TEST_CASE("the socket is its owner's alone, whatever the umask", "[base]") {
  const TemporaryDirectory directory;
  const mode_t before = umask(0);
  const auto listener = UnixListener::open(directory / "s", 1);
  umask(before);
  REQUIRE(listener.has_value());
  struct stat status {};
  REQUIRE(stat((directory / "s").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777U) == 0600U);
}

TEST_CASE("a listener does not remove what took its place", "[base]") {
  const TemporaryDirectory directory;
  const std::string path = directory / "s";
  Descriptor other;
  {
    const auto listener = UnixListener::open(path, 1);
    REQUIRE(listener.has_value());
    fs::rename(path, directory / "old");
    other = bind_at(path, 1);
  }
  CHECK(fs::exists(path));
}

TEST_CASE("a path that no socket can have is refused", "[base]") {
  for (const std::string& path : {std::string(), "/tmp/" + std::string(kUnixPathBytesMax, 'x')}) {
    CHECK(UnixListener::open(path, 1).error().kind == Error::Kind::InvalidInput);
    CHECK(connect_unix(path, in(seconds{1})).error().kind == Error::Kind::InvalidInput);
  }
  const TemporaryDirectory directory;
  std::string longest = directory / "x";
  longest.resize(kUnixPathBytesMax, 'x');
  const auto listener = UnixListener::open(longest, 1);
  CHECK(listener.has_value());
  CHECK(connect_unix(longest, in(seconds{1})).has_value());
}

TEST_CASE("a connection knows who is at its other end", "[base]") {
  const TemporaryDirectory directory;
  const auto listener = UnixListener::open(directory / "s", 1);
  REQUIRE(listener.has_value());
  CHECK_FALSE(listener->accept().valid());
  const auto client = connect_unix(directory / "s", in(seconds{5}));
  REQUIRE(client.has_value());
  const Descriptor connection = listener->accept();
  const auto peer = find_peer_credentials(connection.get());
  REQUIRE(peer.has_value());
  CHECK(peer->user == geteuid());
  CHECK(peer->group == getegid());
  CHECK(peer->process == getpid());
  CHECK((fcntl(connection.get(), F_GETFL) & O_NONBLOCK) != 0);
  CHECK((fcntl(client->get(), F_GETFL) & O_NONBLOCK) != 0);
}

TEST_CASE("connecting to a full backlog waits: for room, the deadline or a stop", "[base]") {
  const TemporaryDirectory directory;
  const std::string path = directory / "s";
  CHECK(connect_unix(path, in(seconds{5})).error().kind == Error::Kind::Unavailable);
  auto listener = UnixListener::open(path, 1);
  REQUIRE(listener.has_value());
  const std::vector<Descriptor> clients = fill(path);
  SECTION("the deadline") {
    const auto connected = connect_unix(path, in(milliseconds{150}));
    REQUIRE_FALSE(connected.has_value());
    CHECK(connected.error().kind == Error::Kind::Timeout);
    CHECK(connected.error().what.starts_with(path));
  }
  SECTION("a stop") {
    Wake stop;
    stop.set();
    const auto connected = connect_unix(path, in(seconds{60}), stop.get());
    REQUIRE_FALSE(connected.has_value());
    CHECK(connected.error().what == told_to_stop().what);
  }
  SECTION("room") {
    std::jthread acceptor([&] {
      poll(nullptr, 0, 20);
      CHECK(listener->accept().valid());
    });
    CHECK(connect_unix(path, in(seconds{60})).has_value());
  }
  SECTION("the listener ends") {
    std::jthread ending([&] {
      poll(nullptr, 0, 20);
      const UnixListener gone = std::move(*listener);
    });
    CHECK(connect_unix(path, in(seconds{60})).error().kind == Error::Kind::Unavailable);
  }
}

// Both ends of a connection.
struct Pair {
  Pair() {
    std::array<int, 2> ends{};
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) == 0);
    here = Descriptor(ends[0]);
    there = Descriptor(ends[1]);
  }
  Descriptor here;
  Descriptor there;
};

TEST_CASE("lines are read one by one, then the rest", "[base]") {
  Pair pair;
  LineStream writer(pair.there.get(), -1);
  REQUIRE(writer.write("one\n\ntwo\nrest\nof", in(seconds{5})));
  LineStream reader(pair.here.get(), -1);
  CHECK(*reader.read_line(100, in(seconds{5})) == "one");
  CHECK(reader.read_line(100, in(seconds{5}))->empty());
  CHECK(*reader.read_line(4, in(seconds{5})) == "two");  // its end counts
  SECTION("to the end") {
    REQUIRE(writer.write(" it", in(seconds{5})));
    pair.there.reset();
    CHECK(*reader.read_rest(10, in(seconds{5})) == "rest\nof it");
    CHECK(reader.read_rest(10, in(seconds{5}))->empty());
  }
  SECTION("no more than the bound") {
    CHECK(reader.read_rest(6, in(seconds{5})).error().kind == Error::Kind::InvalidInput);
  }
  SECTION("a line beyond the bound") {
    CHECK(reader.read_line(4, in(seconds{5})).error().kind == Error::Kind::InvalidInput);
  }
  SECTION("the end within a line") {
    CHECK(*reader.read_line(10, in(seconds{5})) == "rest");
    pair.there.reset();
    CHECK(reader.read_line(10, in(seconds{5})).error().kind == Error::Kind::Corrupt);
  }
  SECTION("the end between two lines") {
    REQUIRE(writer.write("\n", in(seconds{5})));
    pair.there.reset();
    CHECK(*reader.read_line(10, in(seconds{5})) == "rest");
    CHECK(*reader.read_line(10, in(seconds{5})) == "of");
    CHECK(reader.read_line(10, in(seconds{5})).error().kind == Error::Kind::NotFound);
  }
}

TEST_CASE("waiting for lines ends at the deadline and at a stop", "[base]") {
  const Pair pair;
  Wake stop;
  LineStream stream(pair.here.get(), stop.get());
  CHECK(stream.read_line(10, in(milliseconds{20})).error().kind == Error::Kind::Timeout);
  const std::string much(4'000'000, 'x');
  CHECK(stream.write(much, in(milliseconds{20})).error().kind == Error::Kind::Timeout);
  stop.set();
  CHECK(stream.read_rest(10, in(seconds{60})).error().what == told_to_stop().what);
  CHECK(stream.write(much, in(seconds{60})).error().what == told_to_stop().what);
}

TEST_CASE("the answer of one who closes without reading everything is read", "[base]") {
  Pair pair;
  LineStream stream(pair.here.get(), -1);
  REQUIRE(stream.write("a request that nobody reads", in(seconds{5})));
  REQUIRE(LineStream(pair.there.get(), -1).write("refused", in(seconds{5})));
  pair.there.reset();
  CHECK(*stream.read_rest(100, in(seconds{5})) == "refused");
}

TEST_CASE("writing to a connection that was closed is an error, not a signal", "[base]") {
  Pair pair;
  pair.there.reset();
  const auto written = LineStream(pair.here.get(), -1).write("x\n", in(seconds{5}));
  REQUIRE_FALSE(written.has_value());
  CHECK(written.error().kind == Error::Kind::Unavailable);
}

}  // namespace
}  // namespace rampart::base
