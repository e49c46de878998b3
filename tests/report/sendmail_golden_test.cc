// Real lines of Sendmail's log against what a person reads in them; then the same lines damaged.

#include <map>
#include <random>

#include "rampart/report/line_reader.h"
#include "support/catch.h"

#include "report/golden.h"

namespace rampart::report {
namespace {

// Behind every line of the samples, which are of November 2026.
constexpr base::WallTime kReference{std::chrono::sys_days{std::chrono::year{2026} / 12 / 1}};

constexpr std::size_t kFieldMax = 4096;

std::vector<std::string> golden_logs() {
  return test::find_files(test::golden_directory("sendmail"), ".log");
}

std::vector<std::string> golden_lines() {
  std::vector<std::string> all;
  for (const std::string& path : golden_logs()) {
    for (std::string& line : test::read_lines(path)) {
      all.push_back(std::move(line));
    }
  }
  return all;
}

// A line by itself, known to be Sendmail's.
std::vector<LogLine> read_alone(std::string_view line) {
  StampReader stamps({}, kReference);
  LineReader reader(Format::Sendmail);
  std::vector<LogLine> events;
  reader.read_line(line, stamps, events);
  return events;
}

TEST_CASE("sendmail lines become the events that are written beside them", "[report][golden]") {
  const auto paths = golden_logs();
  REQUIRE(paths.size() >= 40);
  for (const std::string& path : paths) {
    INFO(path);
    StampReader stamps({}, kReference);
    LineReader reader(Format::Auto);
    const auto expected = test::read_lines(path.substr(0, path.size() - 4) + ".expect");
    std::vector<LogLine> events;
    for (const std::string& line : test::read_lines(path)) {
      reader.read_line(line, stamps, events);
    }
    REQUIRE(events.size() == expected.size());
    for (std::size_t i = 0; i < events.size(); ++i) {
      CHECK(test::describe(events[i]) == expected[i]);
      CHECK(events[i].instance.empty());
      CHECK_FALSE(events[i].host.empty());
      CHECK(events[i].time != base::WallTime{});
    }
  }
}

// What no input may exceed.
void check_bounds(const std::vector<LogLine>& events) {
  REQUIRE(!events.empty());
  REQUIRE(events.size() <= 1000);
  for (const LogLine& line : events) {
    REQUIRE(line.time <= kReference);
    REQUIRE(line.host.size() <= 255);
    REQUIRE(line.service.size() <= kFieldMax);
    if (const auto* delivery = std::get_if<Delivery>(&line.event)) {
      REQUIRE(delivery->text.size() <= kFieldMax);
      REQUIRE(delivery->reply.text.size() <= kFieldMax);
      REQUIRE(delivery->relay.host.size() <= kFieldMax);
      REQUIRE(delivery->recipient.local_part.size() <= kFieldMax);
      REQUIRE_FALSE(line.queue_id.empty());
    }
  }
}

TEST_CASE("damaged sendmail lines stay within bounds", "[report][property]") {
  constexpr unsigned kSeed = 20261121;
  constexpr int kRounds = 60;
  CAPTURE(kSeed);
  std::mt19937 random(kSeed);
  const auto lines = golden_lines();
  for (int round = 0; round < kRounds; ++round) {
    for (const std::string& line : lines) {
      std::string damaged = line;
      for (std::size_t edits = 1 + random() % 3; edits > 0 && !damaged.empty(); --edits) {
        damaged = test::mutate(std::move(damaged), random);
      }
      check_bounds(read_alone(damaged));
    }
  }
}

TEST_CASE("a sendmail line cut anywhere names no other recipient, relay or status",
          "[report][property]") {
  for (const std::string& line : golden_lines()) {
    const auto whole = read_alone(line);
    if (!std::holds_alternative<Delivery>(whole.front().event)) {
      continue;
    }
    for (std::size_t length = 0; length < line.size(); ++length) {
      const auto cut = read_alone(std::string_view(line).substr(0, length));
      if (!std::holds_alternative<Delivery>(cut.front().event)) {
        continue;
      }
      INFO(line.substr(0, length));
      REQUIRE(cut.size() == whole.size());
      for (std::size_t i = 0; i < cut.size(); ++i) {
        const auto& got = std::get<Delivery>(cut[i].event);
        const auto& expected = std::get<Delivery>(whole[i].event);
        REQUIRE(got.recipient == expected.recipient);
        REQUIRE(got.relay == expected.relay);
        REQUIRE(got.status == expected.status);
      }
    }
  }
}

TEST_CASE("a larger sendmail log, if there is one beside the checkout, is understood",
          "[report][golden]") {
  constexpr std::size_t kCollection = 1347;
  const auto paths =
      test::find_files(std::string(RAMPART_SOURCE_DIR) + "/../shared/samples", "sendmail.log");
  if (paths.size() != 1 || test::read_lines(paths[0]).size() != kCollection) {
    return;  // none, or another one
  }
  std::map<std::string, int> counts;
  StampReader stamps({}, kReference);
  LineReader reader(Format::Auto);
  for (const std::string& line : test::read_lines(paths[0])) {
    INFO(line);
    std::vector<LogLine> events;
    reader.read_line(line, stamps, events);
    for (const LogLine& event : events) {
      CHECK_FALSE(std::holds_alternative<NotUnderstood>(event.event));
      CHECK_FALSE(std::holds_alternative<Foreign>(event.event));
      const std::string described = test::describe(event);
      ++counts[described.substr(0, described.find(' '))];
      if (const auto* delivery = std::get_if<Delivery>(&event.event)) {
        ++counts[std::string(to_string(delivery->status))];
        counts["outside"] += delivery->leaves_host && delivery->attempted ? 1 : 0;
        counts["own"] += delivery->own ? 1 : 0;
      }
    }
  }
  // Counted with grep; deliveries are 708 lines with 800 recipients.
  const std::map<std::string, int> expected{
      {"delivery", 800}, {"active", 159},         {"notification", 62}, {"expired", 2},
      {"held", 1},       {"released", 1},         {"milter-hold", 2},   {"milter-reject", 41},
      {"removed", 1},    {"recipient-removed", 4}};
  for (const auto& [name, count] : expected) {
    INFO(name);
    CHECK(counts[name] == count);
  }
}

}  // namespace
}  // namespace rampart::report
