// The past as it is learned from old logs must be the past as it would have been learned live.

#include "rampart/history/levels.h"

#include <algorithm>
#include <map>

#include "support/catch.h"

#include "history/lines.h"
#include "report/golden.h"

namespace rampart::history {
namespace {

using rampart::test::Bench;
using rampart::test::kSent;
using rampart::test::kTooFast;
using rampart::test::kUnknownUser;
using report::LogLine;

policy::Options options() {
  policy::Options options = rampart::test::strict_options();
  options.new_senders_per_day = 1'000'000;  // old logs know no new senders
  return options;
}

std::vector<LogLine> read_golden(const std::string& path) {
  report::StampReader stamps({}, test::kReference);
  report::LineReader reader(report::Format::Auto);
  std::vector<LogLine> lines;
  for (const std::string& line : rampart::test::read_lines(path)) {
    reader.read_line(line, stamps, lines);
  }
  return lines;
}

// Both learn the same lines; what they remember of every flow must be the same.
std::size_t compare(const std::vector<LogLine>& lines) {
  Bench bench(options());
  store::CursorRecord cursor;
  cursor.source = "log";
  cursor.offset = 1;
  bench.clock.set_wall(test::kReference);
  bench.engine->learn(lines, cursor);

  const auto active = test::active(options());
  Correlator correlator(active);
  Levels levels(active);
  for (const LogLine& line : lines) {
    correlator.add(line, [&](Outcome& outcome) { levels.add(outcome, correlator); });
  }
  REQUIRE(bench.engine->sync(std::chrono::seconds{10}).has_value());
  const auto snapshot = bench.store->load();
  REQUIRE(snapshot.has_value());
  std::map<ramp::FlowKey, const ramp::Flow*> live;
  for (const store::FlowRecord& record : snapshot->flows) {
    live[record.key] = &record.state;
  }
  CHECK(levels.flows().size() == live.size());
  CHECK(levels.passed_over() == 0);
  for (const Levels::Place& place : levels.flows()) {
    const ramp::FlowKey key{correlator.senders().text(place.sender),
                            correlator.providers().text(place.provider)};
    CAPTURE(key.sender, key.provider);
    REQUIRE(live.contains(key));
    CHECK(*live.at(key) == place.history->state);
  }
  return live.size();
}

TEST_CASE("old logs teach what live ones teach", "[history][levels][unit]") {
  for (const std::string mta : {"postfix", "sendmail"}) {
    std::vector<LogLine> all;
    for (const std::string& path :
         rampart::test::find_files(rampart::test::golden_directory(mta), ".log")) {
      CAPTURE(path);
      const std::vector<LogLine> lines = read_golden(path);
      compare(lines);
      all.insert(all.end(), lines.begin(), lines.end());
    }
    CHECK(compare(all) >= 1);
  }
}

// A host that has sent for days: batches at 09:00, some deferred, one day with a block.
std::vector<std::string> busy_host() {
  std::vector<std::string> lines;
  for (int day = 1; day <= 20; ++day) {
    const int count = 40 + 10 * day;
    for (int i = 0; i < count; ++i) {
      const std::string id = "B" + std::to_string(day * 10'000 + i);
      const auto stamp = [&](int second) {
        return base::format_utc(
                   base::WallTime{std::chrono::sys_days{std::chrono::year{2026} / 11 / day} +
                                  std::chrono::hours{9} + std::chrono::seconds{i * 20 + second}}) +
               " mta1 ";
      };
      const std::string sender = i % 3 == 0 ? "a@one.example" : "b@two.example";
      const std::string to =
          "u" + std::to_string(i % 50) + (i % 7 == 0 ? "@firm.example" : "@gmail.example");
      const char* relay = i % 7 == 0 ? "mx.outlook-mx.example" : "mx.google.example";
      lines.push_back(stamp(0) + rampart::test::active(id, sender));
      std::string_view end = kSent;
      if (day == 12 && i == 30) {
        end =
            "dsn=5.7.1, status=bounced (host x[203.0.113.5] said: 554 5.7.1 on our block list "
            "(in reply to MAIL FROM command))";
      } else if (i % 41 == 40) {
        end = kTooFast;
      } else if (i % 23 == 22) {
        end = kUnknownUser;
      }
      lines.push_back(stamp(1) + Bench::delivery(id, to, relay, end));
      if (end == kTooFast) {
        lines.push_back(stamp(10) + rampart::test::active(id, sender));
        lines.push_back(stamp(11) + Bench::delivery(id, to, relay, kSent));
      }
      lines.push_back(stamp(12) + "postfix/qmgr[1]: " + id + ": removed");
    }
  }
  return lines;
}

TEST_CASE("weeks of mail teach what they would have taught live", "[history][levels][unit]") {
  CHECK(compare(test::parse(busy_host())) == 4);
}

TEST_CASE("flows are told with their numbers", "[history][levels][unit]") {
  const auto active = test::active(options());
  Correlator correlator(active);
  Levels levels(active);
  for (const LogLine& line : test::parse(busy_host())) {
    correlator.add(line, [&](Outcome& outcome) { levels.add(outcome, correlator); });
  }
  const auto flows = levels.flows();
  REQUIRE(flows.size() == 4);  // two senders, two providers
  CHECK(correlator.senders().text(flows[0].sender) == "two.example");
  CHECK(correlator.providers().text(flows[0].provider) == "gmail");
  CHECK(flows[0].history->days == 20);
  CHECK(flows[0].history->deferrals > 0);
  CHECK(flows[0].history->refused > 0);
  CHECK(std::is_sorted(flows.begin(), flows.end(), [](const auto& a, const auto& b) {
    return a.history->delivered > b.history->delivered;
  }));
  CHECK(correlator.domains().at("firm.example") == "outlook");
  CHECK(levels.sender(flows[0].sender).established());
  REQUIRE(levels.host(flows[0].provider) != nullptr);
}

TEST_CASE("the number of flows is bounded", "[history][levels][unit]") {
  const auto active = test::active(options());
  Correlator correlator(active);
  Levels levels(active, 3);
  const auto send = [&](const std::string& stamp, const std::string& sender, int count) {
    for (int i = 0; i < count; ++i) {
      const std::string id = "C" + std::to_string(1000 + i);
      const std::string front = stamp + " mta1 ";
      for (const LogLine& line :
           test::parse({front + rampart::test::active(id, "x@" + sender),
                        front + Bench::delivery(id, "u@gmail.example", "mx.google.example", kSent),
                        front + "postfix/qmgr[1]: " + id + ": removed"})) {
        correlator.add(line, [&](Outcome& outcome) { levels.add(outcome, correlator); });
      }
    }
  };
  send("2026-11-02T10:00:00Z", "one.example", 20);
  send("2026-11-02T10:00:00Z", "two.example", 2);
  send("2026-11-02T10:00:00Z", "three.example", 2);
  send("2026-11-03T10:00:00Z", "four.example", 2);  // nobody has been silent long enough
  CHECK(levels.passed_over() == 2);
  send("2026-11-08T10:00:00Z", "five.example", 2);
  CHECK(levels.passed_over() == 2);
  CHECK(levels.flows().size() == 2);  // the first, because of its number, and the last
}

}  // namespace
}  // namespace rampart::history
