#include "feed/mbox_splitter.h"

#include "rampart/base/text.h"
#include "support/catch.h"

namespace rampart::feed {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only
using Bytes = std::vector<std::string>;

constexpr std::chrono::local_seconds kWritten =
    std::chrono::local_days(std::chrono::year(2026) / 11 / 21) + 3min + 39s;

Bytes split(std::string_view text, MboxSplitter& splitter, bool finish = true) {
  std::uint64_t begin = 0;
  for (const std::string_view line : base::split(text, '\n')) {
    splitter.add(line, begin);
    begin += line.size() + 1;
  }
  if (finish) {
    splitter.finish();
  }
  Bytes all;
  for (const MboxMessage& message : splitter.take()) {
    all.push_back(message.bytes);
  }
  return all;
}

TEST_CASE("separators have a date", "[feed][unit]") {
  const std::string_view line = GENERATE(
      as<std::string_view>{}, "From MAILER-DAEMON  Sat Nov 21 00:03:39 2026",
      "From a@b.example Sat Nov 21 00:03:39 2026", "From a@b.example Sat Nov 21 00:03:39 2026\r",
      "From a@b.example Sat Nov 21 00:03:39 CET 2026",
      "From a@b.example Sat Nov 21 00:03:39 2026 +0100",
      "From \"Sat Nov 20 00:00:00 2026\"@b.example Sat Nov 21 00:03:39 2026 remote from c",
      "From  Sat Nov 21 00:03:39 2026");
  CAPTURE(line);
  CHECK(parse_separator(line) == kWritten);
}

TEST_CASE("dates of one digit and without seconds are read", "[feed][unit]") {
  CHECK(parse_separator("From a  Tue Nov  3 00:03:39 2026") == kWritten - 18 * 24h);
  CHECK(parse_separator("From a Sat Nov 21 00:03 2026") == kWritten - 39s);
}

TEST_CASE("other lines are no separators", "[feed][unit]") {
  const std::string_view line = GENERATE(
      as<std::string_view>{}, "", "From", "From ", "From a@b.example",
      "From here on, Sat Nov 21 is a day", ">From a  Sat Nov 21 00:03:39 2026",
      "from a  Sat Nov 21 00:03:39 2026", "From: a  Sat Nov 21 00:03:39 2026",
      " From a  Sat Nov 21 00:03:39 2026", "From a  Sat Nov 21 24:03:39 2026",
      "From a  Sat Nov 21 00:61:39 2026", "From a  Sat Nov 31 00:03:39 2026",
      "From a  Sat Nov 0 00:03:39 2026", "From a  Sat Nov 21 00:03:39 26",
      "From a  Sat Nov 21 00:03:39", "From a  Sat Nov 21 2026", "From a  Sat XXX 21 00:03:39 2026",
      "From a  Sat Nov 21 00:03:39 20261", "From a  Nov 21 00:03:39 2026");
  CAPTURE(line);
  CHECK_FALSE(parse_separator(line).has_value());
}

TEST_CASE("messages end where the next begins", "[feed][unit]") {
  MboxSplitter splitter;
  const std::string_view text =
      "From a  Sat Nov 21 00:03:39 2026\nSubject: 1\n\nbody\n\n"
      "From b  Sat Nov 21 00:03:39 2026\nSubject: 2\n\n";
  CHECK(split(text, splitter, false) == Bytes{"Subject: 1\n\nbody\n\n"});
  CHECK(splitter.partial_begin() == 51);
  splitter.finish();
  CHECK_FALSE(splitter.partial_begin().has_value());
  const auto last = splitter.take();
  REQUIRE(last.size() == 1);
  CHECK(last[0].bytes == "Subject: 2\n\n\n");
  CHECK(last[0].written == kWritten);
  splitter.finish();
  CHECK(splitter.take().empty());
}

TEST_CASE("what looks like a separator within a message is text", "[feed][unit]") {
  MboxSplitter splitter;
  CHECK(split("From a  Sat Nov 21 00:03:39 2026\nS: 1\n"
              "From b  Sat Nov 21 00:03:39 2026\n\nFrom here on\n"
              ">From b  Sat Nov 21 00:03:39 2026\n>>From c\n>>Fromage\n> From d\n>x",
              splitter) ==
        Bytes{"S: 1\nFrom b  Sat Nov 21 00:03:39 2026\n\nFrom here on\n"
              "From b  Sat Nov 21 00:03:39 2026\n>From c\n>>Fromage\n> From d\n>x\n"});
}

TEST_CASE("lines before the first separator are left out", "[feed][unit]") {
  MboxSplitter splitter;
  CHECK(split("rest of something\nmore\n\nFrom a  Sat Nov 21 00:03:39 2026\nS: 1", splitter) ==
        Bytes{"S: 1\n"});
  CHECK(splitter.stray_lines() == 2);
}

TEST_CASE("a separator may follow the end of a file without an empty line", "[feed][unit]") {
  MboxSplitter splitter;
  CHECK(split("From a  Sat Nov 21 00:03:39 2026\nS: 1", splitter) == Bytes{"S: 1\n"});
  CHECK(split("From a  Sat Nov 21 00:03:39 2026\nS: 2", splitter) == Bytes{"S: 2\n"});
}

TEST_CASE("of a message 1 MiB is kept", "[feed][unit]") {
  MboxSplitter splitter;
  splitter.add("From a  Sat Nov 21 00:03:39 2026", 0);
  for (int line = 0; line < 30; ++line) {
    splitter.add(std::string(64 * 1024, 'x'), 0);
  }
  splitter.finish();
  const auto messages = splitter.take();
  REQUIRE(messages.size() == 1);
  CHECK(messages[0].bytes.size() == MboxSplitter::kMessageMax);
}

}  // namespace
}  // namespace rampart::feed
