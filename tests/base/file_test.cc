#include "rampart/base/file.h"

#include <cerrno>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/catch.h"
#include "support/temporary_directory.h"

namespace rampart::base {
namespace {

TEST_CASE("a descriptor has one owner and closes with it", "[base]") {
  auto pipe = open_pipe();
  REQUIRE(pipe.has_value());
  const int number = pipe->read.get();
  CHECK((fcntl(number, F_GETFD) & FD_CLOEXEC) != 0);
  Descriptor moved(std::move(pipe->read));
  CHECK_FALSE(pipe->read.valid());  // NOLINT(bugprone-use-after-move): that is the question
  CHECK(moved.get() == number);
  Descriptor& same = moved;
  moved = std::move(same);
  CHECK(moved.get() == number);
  errno = ENOENT;
  moved.reset();
  CHECK(errno == ENOENT);
  CHECK(fcntl(number, F_GETFD) < 0);
  Descriptor given(std::move(pipe->write));
  const int kept = given.release();
  given.reset();
  CHECK(fcntl(kept, F_GETFD) >= 0);
  close(kept);
}

TEST_CASE("files of every size around the buffers are read whole", "[base]") {
  const test::TemporaryDirectory directory;
  for (const std::size_t size : {0U, 1U, 65535U, 65536U, 65537U, 131072U, 131073U, 1000000U}) {
    CAPTURE(size);
    std::string text(size, 'x');
    if (size > 0) {
      text.back() = '\0';
    }
    const auto read = read_file(directory.write("file", text), 1'000'000);
    REQUIRE(read.has_value());
    CHECK(*read == text);
  }
}

TEST_CASE("a file longer than the bound is refused, one of its size is read", "[base]") {
  const test::TemporaryDirectory directory;
  const std::string path = directory.write("file", "12345678");
  CHECK(*read_file(path, 8) == "12345678");
  const auto refused = read_file(path, 7);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().kind == Error::Kind::InvalidInput);
  CHECK(refused.error().what == path + ": larger than 7 bytes");
  const Descriptor open = open_regular(directory.write("big", std::string((1U << 20) + 1, 'x')));
  CHECK(read_all(open.get(), "", 1U << 20).error().what == "larger than 1 MiB");
}

TEST_CASE("what cannot be read is an error that names it, never an empty text", "[base]") {
  const test::TemporaryDirectory directory;
  REQUIRE(mkfifo((directory / "pipe").c_str(), 0600) == 0);
  struct Case {
    std::string path;
    Error::Kind kind;
    std::string_view words;
  };
  const std::vector<Case> cases{
      {directory / "none", Error::Kind::NotFound, "No such file or directory"},
      {directory.write("file", "") + "/x", Error::Kind::NotFound, "Not a directory"},
      {directory.path(), Error::Kind::Unavailable, "not a regular file"},
      {directory / "pipe", Error::Kind::Unavailable, "not a regular file"},  // does not wait for it
      {"/dev/null", Error::Kind::Unavailable, "not a regular file"},
      // A file that opens and then fails, as a bad disk or a lost file server does.
      {"/proc/self/mem", Error::Kind::Unavailable, "Input/output error"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.path);
    const auto read = read_file(c.path, 1000);
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().kind == c.kind);
    CHECK(read.error().what == c.path + ": " + std::string(c.words));
  }
}

TEST_CASE("a file that may not be read is denied", "[base]") {
  if (geteuid() == 0) {
    WARN("not run: root may read everything");
    return;
  }
  const test::TemporaryDirectory directory;
  const std::string path = directory.write("file", "x");
  REQUIRE(chmod(path.c_str(), 0) == 0);
  const auto read = read_file(path, 1000);
  REQUIRE_FALSE(read.has_value());
  CHECK(read.error().kind == Error::Kind::Denied);
}

TEST_CASE("what comes through a pipe in pieces is read to its end", "[base]") {
  auto pipe = open_pipe();
  REQUIRE(pipe.has_value());
  const std::string text(300'000, 'p');
  std::jthread writer(
      [&, end = std::move(pipe->write)] { CHECK(write_all(end.get(), "pipe", text).has_value()); });
  SECTION("within the bound") {
    const auto read = read_all(pipe->read.get(), "pipe", 300'000);
    REQUIRE(read.has_value());
    CHECK(*read == text);
  }
  SECTION("at most") {
    const auto read = read_at_most(pipe->read.get(), "pipe", 100'000);
    REQUIRE(read.has_value());
    CHECK(*read == text.substr(0, 100'000));
    CHECK(read_at_most(pipe->read.get(), "pipe", 1'000'000)->size() == 200'000);
  }
}

TEST_CASE("without a name the system's words stand alone", "[base]") {
  CHECK(system_error("", ENOENT).what == "No such file or directory");
  CHECK(read_all(-1, "", 10).error().what == "Bad file descriptor");
  CHECK(write_all(-1, "out", "x").error().what == "out: Bad file descriptor");
}

}  // namespace
}  // namespace rampart::base
