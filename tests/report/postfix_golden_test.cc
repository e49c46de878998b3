// Real lines of Postfix's log against what a person reads in them; then the same lines damaged.

#include <map>
#include <random>

#include "rampart/report/postfix.h"
#include "support/catch.h"

#include "report/golden.h"

namespace rampart::report {
namespace {

using test::describe;

// Behind every line of the samples, which are of November 2026.
constexpr base::WallTime kReference{std::chrono::sys_days{std::chrono::year{2026} / 12 / 1}};

constexpr std::size_t kFieldMax = 4096;

std::vector<std::string> read_all_lines(const std::vector<std::string>& paths) {
  std::vector<std::string> all;
  for (const std::string& path : paths) {
    for (std::string& line : test::read_lines(path)) {
      all.push_back(std::move(line));
    }
  }
  return all;
}

TEST_CASE("postfix lines become the events that are written beside them", "[report][golden]") {
  const auto paths = test::find_files(test::golden_directory("postfix"), ".log");
  REQUIRE(paths.size() >= 25);
  for (const std::string& path : paths) {
    INFO(path);
    StampReader stamps({}, kReference);
    const auto lines = test::read_lines(path);
    const auto expected = test::read_lines(path.substr(0, path.size() - 4) + ".expect");
    REQUIRE(lines.size() == expected.size());
    REQUIRE_FALSE(lines.empty());
    for (std::size_t i = 0; i < lines.size(); ++i) {
      INFO(lines[i]);
      CHECK(describe(parse_line(lines[i], stamps)) == expected[i]);
    }
  }
}

TEST_CASE("every expectation has its log", "[report][golden]") {
  for (const std::string& path : test::find_files(test::golden_directory("postfix"), ".expect")) {
    INFO(path);
    CHECK_FALSE(test::read_lines(path.substr(0, path.size() - 7) + ".log").empty());
  }
}

// What no input may exceed.
void check_bounds(const LogLine& line, base::WallTime reference) {
  REQUIRE(line.time <= reference);
  REQUIRE(line.host.size() <= 255);
  REQUIRE(line.service.size() <= 255);
  if (const auto* delivery = std::get_if<Delivery>(&line.event)) {
    REQUIRE(delivery->text.size() <= kFieldMax);
    REQUIRE(delivery->reply.text.size() <= kFieldMax);
    REQUIRE(delivery->relay.host.size() <= kFieldMax);
    REQUIRE(delivery->relay.address.size() <= kFieldMax);
    REQUIRE(delivery->recipient.local_part.size() <= kFieldMax);
  }
  if (const auto* id = std::get_if<MessageId>(&line.event)) {
    REQUIRE(id->text.size() <= kFieldMax);
  }
}

TEST_CASE("damaged lines stay within bounds", "[report][property]") {
  constexpr unsigned kSeed = 20261121;
  constexpr int kRounds = 60;
  CAPTURE(kSeed);
  std::mt19937 random(kSeed);
  const auto lines = read_all_lines(test::find_files(test::golden_directory("postfix"), ".log"));
  StampReader stamps({}, kReference);
  for (int round = 0; round < kRounds; ++round) {
    for (const std::string& line : lines) {
      std::string damaged = line;
      for (std::size_t edits = 1 + random() % 3; edits > 0 && !damaged.empty(); --edits) {
        damaged = test::mutate(std::move(damaged), random);
      }
      check_bounds(parse_line(damaged, stamps), kReference);
    }
  }
}

TEST_CASE("a line cut anywhere names no other recipient or status", "[report][property]") {
  const auto lines = read_all_lines(test::find_files(test::golden_directory("postfix"), ".log"));
  for (const std::string& line : lines) {
    StampReader stamps({}, kReference);
    const LogLine whole = parse_line(line, stamps);
    const auto* expected = std::get_if<Delivery>(&whole.event);
    for (std::size_t length = 0; expected != nullptr && length < line.size(); ++length) {
      const LogLine cut = parse_line(line.substr(0, length), stamps);
      if (const auto* delivery = std::get_if<Delivery>(&cut.event)) {
        REQUIRE(delivery->recipient == expected->recipient);
        REQUIRE(delivery->status == expected->status);
        REQUIRE(delivery->relay == expected->relay);
      }
    }
  }
}

TEST_CASE("a larger collection of logs, if there is one beside the checkout, is understood",
          "[report][golden]") {
  std::map<std::string, int> counts;
  std::size_t lines_read = 0;
  for (const std::string& path :
       test::find_files(std::string(RAMPART_SOURCE_DIR) + "/../shared/samples", ".log")) {
    if (!path.substr(path.rfind('/') + 1).starts_with("postfix-")) {
      continue;
    }
    INFO(path);
    StampReader stamps({}, kReference);
    for (const std::string& line : test::read_lines(path)) {
      INFO(line);
      const LogLine parsed = parse_line(line, stamps);
      CHECK_FALSE(std::holds_alternative<NotUnderstood>(parsed.event));
      const std::string described = describe(parsed);
      ++counts[described.substr(0, described.find(' '))];
      if (const auto* delivery = std::get_if<Delivery>(&parsed.event)) {
        ++counts[std::string(to_string(delivery->status))];
        counts["leaves"] += delivery->leaves_host ? 1 : 0;
      }
      ++lines_read;
    }
  }
  constexpr std::size_t kCollection = 5048;
  if (lines_read != kCollection) {
    return;  // none, or another one
  }
  // Counted with grep.
  const std::map<std::string, int> expected{
      {"sent", 367},          {"deferred", 969},     {"bounced", 128},  {"leaves", 1450},
      {"active", 1206},       {"removed", 297},      {"expired", 2},    {"milter-reject", 50},
      {"milter-hold", 27},    {"notification", 119}, {"accepted", 349}, {"message-id", 475},
      {"refused-to-talk", 2}, {"released", 1},       {"requeued", 2},   {"picked", 12},
      {"foreign", 1}};
  for (const auto& [name, count] : expected) {
    INFO(name);
    CHECK(counts[name] == count);
  }
}

}  // namespace
}  // namespace rampart::report
