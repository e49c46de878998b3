#include "rampart/release/work.h"

#include "support/catch.h"

#include "release/fake_tools.h"

namespace rampart::release {
namespace {

using Place = MtaTools::Found::Place;

const mail::HoldKey kKey{{{1, 2}, {3, 4}}};
const base::WallTime kTime{std::chrono::seconds{1'795'252'764}};

mail::QueueId id(std::string_view text) {
  return *mail::parse_queue_id(text);
}

std::string mark(std::string_view text, const mail::HoldKey& key = kKey) {
  return mail::make_hold_mark(key, id(text), kTime);
}

TEST_CASE("only held mail with a good mark is released", "[release]") {
  test::FakeTools tools;
  tools.hold("4Xk2Pq1z9R1", {"forged", mark("4Xk2Pq1z9R1")});
  tools.hold("4Xk2Pq1z9R2", {});
  tools.hold("4Xk2Pq1z9R3", {mark("4Xk2Pq1z9R1")});                      // of another message
  tools.hold("4Xk2Pq1z9R4", {mark("4Xk2Pq1z9R4", {{{9, 2}, {3, 4}}})});  // another key
  tools.queue["4Xk2Pq1z9R5"] = {Place::Arriving, {}};
  tools.queue["4Xk2Pq1z9R6"] = {Place::Elsewhere, {mark("4Xk2Pq1z9R6")}};
  tools.hold("4Xk2Pq1z9R8", {mark("4Xk2Pq1z9R8")});
  tools.passed_over = {"4Xk2Pq1z9R8"};
  tools.hold("4Xk2Pq1z9R9", {mark("4Xk2Pq1z9R9")});
  tools.not_taken = {"4Xk2Pq1z9R9"};
  Request request{Command::Release, {}};
  for (int i = 1; i <= 9; ++i) {
    request.ids.push_back(id("4Xk2Pq1z9R" + std::to_string(i)));
  }
  const auto answers = carry_out(request, tools, &kKey);
  REQUIRE(answers.has_value());
  REQUIRE(answers->size() == 9);
  const std::vector<std::pair<Outcome, std::string>> expected{
      {Outcome::Released, ""},
      {Outcome::NotOurs, "held, but not by rampart"},
      {Outcome::NotOurs, "its mark is not of this rampart"},
      {Outcome::NotOurs, "its mark is not of this rampart"},
      {Outcome::StillHeld, "still being received"},
      {Outcome::Gone, "not in the hold queue"},
      {Outcome::Gone, "not in the hold queue"},
      {Outcome::StillHeld, "fake passed it over"},
      {Outcome::Released, "goes with the next run of the queue"}};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CAPTURE(i);
    CHECK((*answers)[i].id == request.ids[i]);
    CHECK((*answers)[i].outcome == expected[i].first);
    CHECK((*answers)[i].text == expected[i].second);
  }
  CHECK(tools.released == std::vector<std::string>{"4Xk2Pq1z9R1", "4Xk2Pq1z9R8", "4Xk2Pq1z9R9"});
  CHECK(tools.flushed == std::vector<std::string>{"4Xk2Pq1z9R1", "4Xk2Pq1z9R9"});
  CHECK(tools.deleted.empty());
}

TEST_CASE("what cannot be looked at is neither there nor gone", "[release]") {
  test::FakeTools tools;
  tools.hold("4Xk2Pq1z9R1", {mark("4Xk2Pq1z9R1")});
  tools.unreadable = {"4Xk2Pq1z9R1"};
  tools.hold("4Xk2Pq1z9R2", {mark("4Xk2Pq1z9R2")});
  tools.passed_over = tools.breaks = {"4Xk2Pq1z9R2"};
  tools.hold("4Xk2Pq1z9R3", {mark("4Xk2Pq1z9R3")});
  const Command command = GENERATE(Command::Release, Command::Delete);
  const auto answers =
      carry_out({command, {id("4Xk2Pq1z9R1"), id("4Xk2Pq1z9R2"), id("4Xk2Pq1z9R3")}}, tools, &kKey);
  REQUIRE(answers.has_value());
  CHECK((*answers)[0].outcome == Outcome::Unknown);
  CHECK((*answers)[0].text == "input/output error");
  CHECK((*answers)[1].outcome == Outcome::Unknown);
  CHECK((*answers)[2].outcome ==
        (command == Command::Release ? Outcome::Released : Outcome::Deleted));
  CHECK((tools.released.size() + tools.deleted.size()) == 2);
}

TEST_CASE("deleting asks the same of a message", "[release]") {
  test::FakeTools tools;
  tools.hold("4Xk2Pq1z9R1", {mark("4Xk2Pq1z9R1")});
  tools.hold("4Xk2Pq1z9R2", {});
  const Request request{Command::Delete, {id("4Xk2Pq1z9R2"), id("4Xk2Pq1z9R1")}};
  const auto answers = carry_out(request, tools, &kKey);
  REQUIRE(answers.has_value());
  CHECK((*answers)[0].outcome == Outcome::NotOurs);
  CHECK((*answers)[1].outcome == Outcome::Deleted);
  CHECK(tools.deleted == std::vector<std::string>{"4Xk2Pq1z9R1"});
  CHECK(tools.released.empty());
  CHECK(tools.flushed.empty());
}

TEST_CASE("who knows which are ours needs no mark", "[release]") {
  test::FakeTools tools;
  tools.hold("4Xk2Pq1z9R2", {});
  const auto answers = carry_out({Command::Release, {id("4Xk2Pq1z9R2")}}, tools, nullptr);
  REQUIRE(answers.has_value());
  CHECK((*answers)[0].outcome == Outcome::Released);
}

TEST_CASE("tools that do not work fail the whole request", "[release]") {
  test::FakeTools tools;
  tools.broken = true;
  tools.hold("4Xk2Pq1z9R1", {mark("4Xk2Pq1z9R1")});
  const auto answers = carry_out({Command::Release, {id("4Xk2Pq1z9R1")}}, tools, &kKey);
  REQUIRE_FALSE(answers.has_value());
  CHECK(answers.error().what == "no tools");
}

}  // namespace
}  // namespace rampart::release
