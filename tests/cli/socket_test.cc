// Where a command that only asks the service finds it.

#include <fmt/format.h>
#include <sys/stat.h>

#include "support/catch.h"
#include "support/temporary_directory.h"

#include "cli/options_for.h"

namespace rampart::cli {
namespace {

constexpr std::string_view kDefault = "/run/rampart/control.sock";

Arguments with(const std::string& file, bool given) {
  Arguments arguments;
  arguments.config = file;
  arguments.config_given = given;
  arguments.quiet = true;
  return arguments;
}

TEST_CASE("the socket is found whatever else is wrong with the file", "[cli]") {
  const test::TemporaryDirectory directory;
  directory.write("replies.toml", "this is no TOML\n");
  const std::vector<std::string> texts{
      "[control]\nsocket = \"/x.sock\"\n",
      fmt::format("tables = \"{}\"\n[control]\nsocket = \"/x.sock\"\n", directory.path()),
      "[replies]\nfile = \"/no/such/file\"\n[control]\nsocket = \"/x.sock\"\n",
      "mode = 3\nalowance = 1\n[control]\nsocket = \"/x.sock\"\ngroup = 5\nsockt = \"/y.sock\"\n",
      "mode = \"enforce\"\n[control]\nsocket = \"/x.sock\"\n",
      "mode = = 3\n[control]\nsocket = \"/x.sock\"\n",
      "[control]\nsocket = \"/x.sock\"\n[ramp]\nplan = \"\n[log]\nlevel = \"info\"\n",
      "control.socket = \"/x.sock\"\n[[rule]\nover = \"hold\"\n"};
  for (const std::string& text : texts) {
    CAPTURE(text);
    const std::string file = directory.write("rampart.toml", text);
    CHECK(find_socket(with(file, true)) == "/x.sock");
    CHECK(find_socket(with(file, false)) == "/x.sock");
  }
}

TEST_CASE("the usual file need not tell the socket", "[cli]") {
  const test::TemporaryDirectory directory;
  CHECK(find_socket(with(directory / "none.toml", false)) == kDefault);
  const std::string text =
      GENERATE(as<std::string>{}, "", "mode = \"observe\"\n", "[control]\nsocket = 3\n",
               "[control]\nsocket = \"relative\"\n", "[control]\nsockt = \"/x.sock\"\n",
               "control = 3\n", "[control\nsocket = \"/x.sock\"\n", "\xff\xfe", "[");
  CAPTURE(text);
  CHECK(find_socket(with(directory.write("rampart.toml", text), false)) == kDefault);
}

TEST_CASE("no other service is asked than that of the file that was named", "[cli]") {
  const test::TemporaryDirectory directory;
  for (const char* text :
       {"[control]\nsocket = 3\n", "[control]\nsockt = \"/x.sock\"\n", "control = 3\n",
        "[control\nsocket = \"/x.sock\"\n", "[log]\nlevel = = 3\n"}) {
    CAPTURE(text);
    const std::string file = directory.write("rampart.toml", text);
    CHECK_THROWS_AS(find_socket(with(file, true)), Failure);
  }
  CHECK_THROWS_AS(find_socket(with(directory / "none.toml", true)), Failure);
  for (const char* text : {"", "mode = 3\n[log]\nlevel = \"info\"\n"}) {
    CHECK(find_socket(with(directory.write("rampart.toml", text), true)) == kDefault);
  }
}

TEST_CASE("a file that may not be read tells no socket", "[cli]") {
  const test::TemporaryDirectory directory;
  const std::string file = directory.write("rampart.toml", "[control]\nsocket = \"/x.sock\"\n");
  REQUIRE(chmod(file.c_str(), 0666) == 0);  // refused of root, too
  CHECK(find_socket(with(file, false)) == kDefault);
  CHECK_THROWS_AS(find_socket(with(file, true)), Failure);
}

TEST_CASE("with a socket on the command line no file is read", "[cli]") {
  Arguments arguments = with("/no/such/file", true);
  arguments.socket = "/y.sock";
  CHECK(find_socket(arguments) == "/y.sock");
}

}  // namespace
}  // namespace rampart::cli
