// How many lines a second of processor time is enough for. Hidden: run with "[measure]", the room
// built with optimisation.

#include <cstdio>
#include <ctime>

#include "rampart/report/line_reader.h"
#include "support/catch.h"

#include "report/golden.h"

namespace rampart::report {
namespace {

constexpr base::WallTime kReference{std::chrono::sys_days{std::chrono::year{2026} / 12 / 1}};

double lines_per_second(const std::string& mta) {
  constexpr std::size_t kLines = 300000;
  std::vector<std::string> lines;
  for (const std::string& path : test::find_files(test::golden_directory(mta), ".log")) {
    for (std::string& line : test::read_lines(path)) {
      lines.push_back(std::move(line));
    }
  }
  REQUIRE_FALSE(lines.empty());
  StampReader stamps({}, kReference);
  LineReader reader(Format::Auto);
  std::vector<LogLine> events;
  const std::clock_t start = std::clock();
  for (std::size_t i = 0; i < kLines; ++i) {
    events.clear();
    reader.read_line(lines[i % lines.size()], stamps, events);
    REQUIRE_FALSE(events.empty());
  }
  return static_cast<double>(kLines) * CLOCKS_PER_SEC / static_cast<double>(std::clock() - start);
}

TEST_CASE("lines a second of processor time", "[report][.][measure]") {
  for (const std::string mta : {"postfix", "sendmail"}) {
    const double rate = lines_per_second(mta);
    std::printf("%s: %.0f lines per CPU second\n", mta.c_str(), rate);
    CHECK(rate > 1000);
  }
}

}  // namespace
}  // namespace rampart::report
