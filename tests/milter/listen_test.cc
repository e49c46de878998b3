#include "milter/listen.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <iterator>
#include <string>

#include <libmilter/mfapi.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/catch.h"
#include "support/temporary_directory.h"

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

int bind_socket(const std::string& path) {
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::copy(path.begin(), path.end(), std::begin(address.sun_path));
  REQUIRE(bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(listen(fd, 1) == 0);
  return fd;
}

// Opens the milter's socket in a process of its own: libmilter has one for each process.
// @return what is wrong, or its mode
std::string open_in_child(const Options& options) {
  std::array<int, 2> ends{};
  REQUIRE(pipe(ends.data()) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    smfiDesc description{};
    std::string name = "rampart";
    description.xxfi_name = name.data();
    description.xxfi_version = SMFI_VERSION;
    std::string told = "not registered";
    if (smfi_register(description) == MI_SUCCESS) {
      const auto opened = open_listener(options);
      struct stat status {};
      stat(options.listen.substr(5).c_str(), &status);
      told = opened ? std::to_string(status.st_mode & 0777U) : opened.error().what;
    }
    static_cast<void>(!write(ends[1], told.data(), told.size()));
    _exit(0);
  }
  close(ends[1]);
  std::array<char, 1000> bytes{};
  const ssize_t size = read(ends[0], bytes.data(), bytes.size());
  close(ends[0]);
  waitpid(child, nullptr, 0);
  return {bytes.data(), static_cast<std::size_t>(size > 0 ? size : 0)};
}

TEST_CASE("the milter replaces only a socket that nobody listens on", "[milter][unit]") {
  const test::TemporaryDirectory directory;
  const std::string path = directory / "milter.sock";
  Options options;
  options.listen = "unix:" + path;
  options.socket_group = "";
  const std::string in_use = "another process listens on " + path;
  SECTION("nothing there") {
    CHECK(open_in_child(options) == std::to_string(0660));
  }
  SECTION("left behind by a dead process") {
    close(bind_socket(path));
    CHECK(open_in_child(options) == std::to_string(0660));
  }
  SECTION("somebody listens") {
    const int fd = bind_socket(path);
    CHECK(open_in_child(options) == in_use);
    close(fd);
  }
  SECTION("a file") {
    directory.write("milter.sock", "precious");
    CHECK(open_in_child(options) == path + " exists and is not a socket");
    CHECK(directory.read("milter.sock") == "precious");
  }
  SECTION("a group that is none") {
    options.socket_group = "no-such-group-here";
    CHECK(open_in_child(options) == "there is no group \"no-such-group-here\"");
  }
  CHECK_FALSE(std::filesystem::exists(path + ".lock"));
}

}  // namespace
}  // namespace rampart::milter
