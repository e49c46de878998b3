#include "rampart/history/levels.h"
#include "support/catch.h"

#include "history/lines.h"

namespace rampart::history {
namespace {

using rampart::test::Bench;

std::vector<std::string> seeds(const std::vector<std::string>& lines) {
  const auto active = test::active();
  Correlator correlator(active);
  Levels levels(active);
  for (const report::LogLine& line : test::parse(lines)) {
    correlator.add(line, [&](Outcome& outcome) { levels.add(outcome, correlator); });
  }
  std::vector<std::string> keys;
  for (const Seed& seed : seeds_of(levels, correlator)) {
    keys.push_back(seed.key.sender + ">" + seed.key.provider);
  }
  return keys;
}

void send(std::vector<std::string>& lines,
          const std::string& stamp,
          const std::string& sender,
          int count,
          std::string_view end = rampart::test::kSent) {
  for (int i = 0; i < count; ++i) {
    const std::string id = "A" + std::to_string(1000 + i);
    const std::string front = stamp + " mta1 ";
    lines.push_back(front + rampart::test::active(id, "x@" + sender));
    lines.push_back(front + Bench::delivery(id, "u@gmail.example", "mx.google.example", end));
    lines.push_back(front + "postfix/qmgr[1]: " + id + ": removed");
  }
}

TEST_CASE("established senders are seeds", "[history][unit]") {
  std::vector<std::string> lines;
  send(lines, "2026-11-02T10:00:00Z", "once.example", 19);
  send(lines, "2026-11-02T11:00:00Z", "many.example", 20);
  send(lines, "2026-11-02T12:00:00Z", "twice.example", 1);
  send(lines, "2026-11-02T13:00:00Z", "refused.example", 30, rampart::test::kUnknownUser);
  send(lines, "2026-11-03T12:00:00Z", "twice.example", 1);
  CHECK(seeds(lines) ==
        std::vector<std::string>{"many.example>gmail", "twice.example>gmail", ">gmail"});
}

TEST_CASE("without mail there are no seeds", "[history][unit]") {
  CHECK(seeds({}).empty());
  CHECK(seeds({rampart::test::active("A1234", "x@a.example")}).empty());
}

}  // namespace
}  // namespace rampart::history
