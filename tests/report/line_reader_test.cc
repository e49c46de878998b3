#include "rampart/report/line_reader.h"

#include <string>

#include "support/catch.h"

#include "report/golden.h"

namespace rampart::report {
namespace {

constexpr base::WallTime kReference{std::chrono::sys_days{std::chrono::year{2026} / 12 / 1}};

std::vector<std::string> read(Format format, std::string_view line) {
  StampReader stamps({}, kReference);
  LineReader reader(format);
  std::vector<LogLine> lines;
  reader.read_line("Nov 21 00:03:39 mta1 " + std::string(line), stamps, lines);
  std::vector<std::string> events;
  for (const LogLine& read : lines) {
    CHECK(base::format_utc(read.time) == "2026-11-21T00:03:39Z");
    events.push_back(test::describe(read));
  }
  return events;
}

TEST_CASE("formats are read as they are written", "[report][unit]") {
  for (const Format format : {Format::Auto, Format::Postfix, Format::Sendmail}) {
    CHECK(parse_format(to_string(format)) == format);
  }
  for (const std::string_view text : {"", "Auto", "postfix ", "exim"}) {
    INFO(text);
    CHECK_FALSE(parse_format(text));
  }
}

TEST_CASE("each format reads the lines of its own MTA", "[report][unit]") {
  constexpr std::string_view kLine = "postfix/qmgr[1]: 4Xk2Pq1z9Rz: removed";
  const std::vector<std::string> removed{"removed queue=4Xk2Pq1z9Rz"};
  CHECK(read(Format::Auto, kLine) == removed);
  CHECK(read(Format::Postfix, kLine) == removed);
  CHECK(read(Format::Sendmail, kLine) == std::vector<std::string>{"foreign"});
}

TEST_CASE("lines are added to those read before", "[report][unit]") {
  LineReader reader(Format::Auto);
  std::vector<LogLine> lines;
  reader.read_entry("postfix/qmgr", "4Xk2Pq1z9Rz: removed", lines);
  reader.read_entry("cron", "4Xk2Pq1z9Rz: removed", lines);
  REQUIRE(lines.size() == 2);
  CHECK(test::describe(lines[0]) == "removed queue=4Xk2Pq1z9Rz");
  CHECK(test::describe(lines[1]) == "foreign");
  CHECK(lines[0].time == base::WallTime{});
}

}  // namespace
}  // namespace rampart::report
