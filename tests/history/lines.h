// Lines of a log for a test, and the policy they are read under.

#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rampart/policy/active.h"
#include "rampart/report/line_reader.h"
#include "support/catch.h"

#include "engine/fixture.h"

namespace rampart::history::test {

inline constexpr base::WallTime kReference{std::chrono::sys_days{std::chrono::year{2027} / 1 / 1}};

inline std::shared_ptr<const policy::Active> active(
    policy::Options options = rampart::test::strict_options()) {
  return std::make_shared<const policy::Active>(rampart::test::build_policy(std::move(options)));
}

/// Each line with a stamp of its own in front, or ten seconds after the one before.
inline std::vector<report::LogLine> parse(const std::vector<std::string>& lines) {
  report::StampReader stamps({}, kReference);
  report::LineReader reader(report::Format::Auto);
  std::vector<report::LogLine> events;
  base::WallTime time{std::chrono::sys_days{std::chrono::year{2026} / 11 / 2}};
  for (const std::string& line : lines) {
    const bool stamped = !line.empty() && line.front() == '2';
    time += std::chrono::seconds{10};
    reader.read_line(stamped ? line : base::format_utc(time) + " mta1 " + line, stamps, events);
  }
  return events;
}

}  // namespace rampart::history::test
