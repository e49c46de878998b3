#include "rampart/release/key_file.h"

#include <thread>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

#include "support/catch.h"
#include "support/temporary_directory.h"

namespace rampart::release {
namespace {

using base::Error;

TEST_CASE("the key is made once and read later", "[release]") {
  const test::TemporaryDirectory directory;
  const std::string path = directory / "hold.key";
  CHECK(read_hold_key(path).error().kind == Error::Kind::NotFound);
  const auto made = open_hold_key(path);
  REQUIRE(made.has_value());
  CHECK(*made != mail::HoldKey{});
  const auto again = open_hold_key(path);
  REQUIRE(again.has_value());
  CHECK(*again == *made);
  const auto read = read_hold_key(path);
  REQUIRE(read.has_value());
  CHECK(read->key == *made);
  CHECK(read->owner == geteuid());
  struct stat status {};
  REQUIRE(stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777U) == 0600U);
  CHECK(directory.read("hold.key") == mail::to_string(*made) + "\n");
  const test::TemporaryDirectory other;
  CHECK(*open_hold_key(other / "hold.key") != *made);
}

TEST_CASE("several that make the key get the same", "[release]") {
  const test::TemporaryDirectory directory;
  std::vector<std::string> keys(8);
  {
    std::vector<std::jthread> threads;
    for (std::string& key : keys) {
      threads.emplace_back([&] {
        const auto made = open_hold_key(directory / "hold.key");
        key = made ? mail::to_string(*made) : made.error().what;
      });
    }
  }
  for (const std::string& key : keys) {
    CHECK(key == keys.front());
    CHECK(key.size() == 64);
  }
}

TEST_CASE("a key file that is not as it should be is refused", "[release]") {
  const test::TemporaryDirectory directory;
  const std::string path = directory / "hold.key";
  const std::string good(64, 'a');
  struct Case {
    std::string content;
    mode_t mode;
    bool good;
    std::string says;
  };
  for (const Case& c :
       {Case{good + "\n", 0600, true, ""}, Case{good + "\n", 0400, true, ""},
        Case{good + "\n", 0640, false, "chmod 600"}, Case{good + "\n", 0604, false, "chmod 600"},
        Case{good, 0600, false, "64 hexadecimal digits"},
        Case{"", 0600, false, "64 hexadecimal digits"},
        Case{good + "\n\n", 0600, false, "64 hexadecimal digits"},
        Case{good.substr(1) + "\n", 0600, false, "64 hexadecimal digits"},
        Case{good.substr(1) + "g\n", 0600, false, "64 hexadecimal digits"}}) {
    directory.write("hold.key", c.content);
    REQUIRE(chmod(path.c_str(), c.mode) == 0);
    CAPTURE(c.content, c.mode);
    const auto read = read_hold_key(path);
    CHECK(read.has_value() == c.good);
    CHECK(open_hold_key(path).has_value() == c.good);
    if (!read) {
      CHECK(read.error().what.find(c.says) != std::string::npos);
      CHECK(read.error().what.find(path) != std::string::npos);
    }
    CHECK(directory.read("hold.key") == c.content);
    unlink(path.c_str());
  }
  directory.write("real", good + "\n");
  REQUIRE(chmod((directory / "real").c_str(), 0600) == 0);
  REQUIRE(symlink((directory / "real").c_str(), path.c_str()) == 0);
  CHECK(open_hold_key(path).error().what.find("is a link") != std::string::npos);
  unlink(path.c_str());
  REQUIRE(mkdir(path.c_str(), 0700) == 0);
  CHECK(open_hold_key(path).error().kind == Error::Kind::Denied);
  rmdir(path.c_str());
  REQUIRE(mkfifo(path.c_str(), 0600) == 0);
  CHECK(open_hold_key(path).error().kind == Error::Kind::Denied);
  CHECK(open_hold_key(directory / "none/hold.key").error().what.find("none/hold.key") !=
        std::string::npos);
}

TEST_CASE("a key of another user is not the service's", "[release]") {
  if (geteuid() != 0) {
    WARN("not run: needs root");
    return;
  }
  const test::TemporaryDirectory directory;
  const std::string path = directory.write("hold.key", std::string(64, 'a') + "\n");
  REQUIRE(chmod(path.c_str(), 0600) == 0);
  REQUIRE(chown(path.c_str(), 65534, 65534) == 0);
  CHECK(open_hold_key(path).error().what.find("another user") != std::string::npos);
  const auto read = read_hold_key(path);
  REQUIRE(read.has_value());
  CHECK(read->owner == 65534);
}

}  // namespace
}  // namespace rampart::release
