// Notices as Postfix 3.7 and Sendmail 8.17 write them, and as other systems do, against what a
// person reads in them; then the same notices damaged.

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>

#include "rampart/report/message.h"
#include "support/catch.h"

#include "report/golden.h"
#include "report/message_text.h"
#include "report/phrases_file.h"

namespace rampart::report {
namespace {

const std::string kDirectory = RAMPART_SOURCE_DIR "/tests/golden/message";

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

std::string with_line_end(const std::string& text, const std::string& end) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') {
      out += end;
    } else {
      out += c;
    }
  }
  return out;
}

TEST_CASE("notices become what is written beside them", "[report][golden]") {
  const auto paths = test::find_files(kDirectory, ".eml");
  REQUIRE(paths.size() >= 15);
  for (const std::string& path : paths) {
    const std::string bytes = read_file(path);
    const std::string expected = read_file(path.substr(0, path.size() - 4) + ".txt");
    INFO(path);
    REQUIRE_FALSE(expected.empty());
    CHECK(test::describe(test::read_notice(bytes)) == expected);
    INFO("with CR LF");
    CHECK(test::describe(test::read_notice(with_line_end(bytes, "\r\n"))) == expected);
    INFO("with CR");
    CHECK(test::describe(test::read_notice(with_line_end(bytes, "\r"))) == expected);
  }
}

TEST_CASE("a notice cut anywhere names nobody else", "[report][golden]") {
  for (const std::string& path : test::find_files(kDirectory, ".eml")) {
    INFO(path);
    const std::string bytes = read_file(path);
    const std::string token = test::read_notice(bytes).token;
    for (std::size_t size = 0; size < bytes.size(); size += 7) {
      const Message message = test::read_notice(std::string_view(bytes).substr(0, size));
      if (message.token != token) {
        CHECK(message.token.empty());
      }
      CHECK(message.recipients.size() <= 50);
    }
  }
}

// Hidden: prints what files are read as, to write the text beside a new sample.
TEST_CASE("messages as they are read", "[.print]") {
  const char* directory = std::getenv("RAMPART_MESSAGES");  // NOLINT(concurrency-mt-unsafe)
  for (const std::string& path : test::find_files(directory ? directory : kDirectory, ".eml")) {
    std::cout << path << '\n' << test::describe(test::read_notice(read_file(path))) << '\n';
  }
}

}  // namespace
}  // namespace rampart::report
