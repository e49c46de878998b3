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
  constexpr std::string_view kOther = "sm-mta[1]: 6AL06sZX003208: unquarantine";
  const std::vector<std::string> released{"released queue=6AL06sZX003208"};
  CHECK(read(Format::Auto, kOther) == released);
  CHECK(read(Format::Sendmail, kOther) == released);
  CHECK(read(Format::Postfix, kOther) == std::vector<std::string>{"foreign"});
}

TEST_CASE("a line with several recipients is one event for each", "[report][unit]") {
  constexpr std::string_view kLine =
      "sm-mta[7]: 6AL06sZX003208: to=<a@b.example>,<c@b.example>, delay=00:00:00, xdelay=00:00:00, "
      "mailer=esmtp, pri=1, relay=mx.b.example. [203.0.113.7], dsn=2.0.0, stat=Sent (Ok)";
  StampReader stamps({}, kReference);
  LineReader reader(Format::Auto);
  std::vector<LogLine> lines;
  reader.read_line("Nov 21 00:03:39 mta1 " + std::string(kLine) + "\r\n", stamps, lines);
  REQUIRE(lines.size() == 2);
  for (const LogLine& line : lines) {
    CHECK(line.host == "mta1");
    CHECK(line.pid == 7);
    CHECK(line.instance.empty());
    CHECK(line.service == "esmtp");
    CHECK(line.queue_id.text() == "6AL06sZX003208");
    CHECK(base::format_utc(line.time) == "2026-11-21T00:03:39Z");
  }
  CHECK(to_string(std::get<Delivery>(lines[1].event).recipient) == "c@b.example");
}

TEST_CASE("a program of another name is sendmail from its first delivery on", "[report][unit]") {
  LineReader reader(Format::Auto);
  const auto read_next = [&reader](std::string_view program, std::string_view message) {
    std::vector<LogLine> lines;
    reader.read_entry(program, message, lines);
    return test::describe(lines.back());
  };
  constexpr std::string_view kRelease = "6AL06sZX003208: unquarantine";
  CHECK(read_next("mymta", kRelease) == "foreign");
  CHECK(read_next("mymta",
                  "6AL06sZX003208: from=<a@b.example>, size=1, class=0, nrcpts=1, msgid=x") ==
        "active queue=6AL06sZX003208 from=a@b.example recipients=1");
  CHECK(read_next("mymta", kRelease) == "released queue=6AL06sZX003208");
  CHECK(read_next("other", kRelease) == "foreign");
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
