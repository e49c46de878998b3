#include "milter/listen.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "support/catch.h"

namespace rampart::milter {
namespace {

TEST_CASE("check_listen takes what libmilter can listen on", "[milter][unit]") {
  const auto listen =
      GENERATE(as<std::string>{}, "unix:/run/rampart/milter.sock", "local:/run/rampart/milter.sock",
               "inet:8895@127.0.0.1", "inet:8895@localhost", "inet6:8895@::1", "inet6:8895@[::1]",
               "inet:65535@mta-1.example");
  CAPTURE(listen);
  CHECK(check_listen(listen).has_value());
}

TEST_CASE("check_listen refuses what libmilter would misunderstand", "[milter][unit]") {
  const auto listen = GENERATE(
      as<std::string>{}, "", "nonsense", "/run/milter.sock", "unix:", "unix:milter.sock",
      "unix:run/milter.sock", "unix:/run/", "unix:/run/a\nb", "unix:/" + std::string(107, 'x'),
      "fd:3", "systemd:", "inet:", "inet:8895", "inet:@127.0.0.1", "inet:0@127.0.0.1",
      "inet:65536@127.0.0.1", "inet:-1@127.0.0.1", "inet:88x@127.0.0.1", "inet:8895@",
      "inet:8895@a b", "inet:8895@a@b", "INET:8895@127.0.0.1", "inet:18446744073709551617@h");
  CAPTURE(listen);
  const auto checked = check_listen(listen);
  REQUIRE_FALSE(checked.has_value());
  CHECK_FALSE(checked.error().what.empty());
}

TEST_CASE("the longest path of a unix socket is taken", "[milter][unit]") {
  CHECK(check_listen("unix:/" + std::string(106, 'x')).has_value());
}

// A directory of its own for each test, removed at the end.
class Directory {
 public:
  Directory() {
    std::string name = "/tmp/rampart-listen-XXXXXX";
    path_ = mkdtemp(name.data());
  }
  ~Directory() { std::filesystem::remove_all(path_); }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

int bind_socket(const std::string& path, bool listening) {
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::copy(path.begin(), path.end(), std::begin(address.sun_path));
  REQUIRE(bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  if (listening) {
    REQUIRE(listen(fd, 1) == 0);
  }
  return fd;
}

TEST_CASE("only a socket that nobody listens on is removed", "[milter][unit]") {
  const Directory directory;
  const std::string path = directory.file("milter.sock");
  SECTION("nothing there") {
    CHECK(remove_stale_socket(path).has_value());
  }
  SECTION("left behind by a dead process") {
    close(bind_socket(path, true));
    CHECK(remove_stale_socket(path).has_value());
    CHECK_FALSE(std::filesystem::exists(path));
  }
  SECTION("somebody listens") {
    const int fd = bind_socket(path, true);
    CHECK_FALSE(remove_stale_socket(path).has_value());
    CHECK(std::filesystem::exists(path));
    close(fd);
  }
  SECTION("a file") {
    std::ofstream(path) << "precious";
    CHECK_FALSE(remove_stale_socket(path).has_value());
    CHECK(std::filesystem::file_size(path) == 8);
  }
  SECTION("a link to a socket") {
    close(bind_socket(directory.file("other.sock"), true));
    std::filesystem::create_symlink(directory.file("other.sock"), path);
    CHECK_FALSE(remove_stale_socket(path).has_value());
    CHECK(std::filesystem::is_symlink(path));
  }
}

}  // namespace
}  // namespace rampart::milter
