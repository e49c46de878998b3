#include "release/rounds.h"

#include <algorithm>

#include "rampart/engine/transaction.h"
#include "rampart/store/state_store.h"
#include "support/catch.h"
#include "support/manual_clock.h"
#include "support/policy.h"

namespace rampart::release {
namespace {

using base::Error;
using namespace std::chrono_literals;

mail::QueueId id(std::string_view text) {
  return *mail::parse_queue_id(text);
}

// A helper that releases what it holds, unless told otherwise, and remembers what it was asked.
class FakeExchange final : public Exchange {
 public:
  base::Result<std::set<std::string>> list() override {
    ++lists;
    if (!problem.empty()) {
      return Error{Error::Kind::Unavailable, problem};
    }
    return hold_queue;
  }
  base::Result<std::vector<Answer>> ask(const Request& request) override {
    asked.push_back(request);
    if (!problem.empty() || !ask_problem.empty()) {
      return Error{Error::Kind::Timeout, problem + ask_problem};
    }
    std::vector<Answer> answers;
    for (const mail::QueueId& one : request.ids) {
      const bool there = hold_queue.contains(one.text());
      const bool stays = there && stay.contains(one.text());
      answers.push_back(
          {one,
           stays   ? Outcome::StillHeld
           : there ? (request.command == Command::Release ? Outcome::Released : Outcome::Deleted)
                   : Outcome::Gone,
           stays ? "busy" : ""});
      if (!stays) {
        hold_queue.erase(one.text());
      }
    }
    return answers;
  }

  std::set<std::string> hold_queue;
  std::set<std::string> stay;
  std::string problem;      ///< of everything
  std::string ask_problem;  ///< of ask() alone
  std::vector<Request> asked;
  int lists = 0;
};

class Fixture {
 public:
  Fixture() : store(store::open_memory()) {
    auto options = test::small_options();
    options.over = policy::Action::Hold;
    options.default_plan = "tiny";
    options.host_plan = "none";
    auto created = engine::Engine::create(test::make_policy(options), *store, clock);
    REQUIRE(created.has_value());
    engine = std::move(*created);
    rounds = std::make_unique<Rounds>(*engine, exchange, clock);
  }
  // Sends until `count` messages are held; they are in the MTA's hold queue a minute later.
  std::vector<mail::QueueId> hold(std::size_t count) {
    for (int i = 0; engine->held().size() < count; ++i) {
      REQUIRE(i < 100);
      const mail::QueueId queue_id = id("4Xk2Pq1z9" + std::to_string(100 + i));
      auto transaction = engine->begin({}, *mail::parse_address("news@a.example"));
      engine->decide(transaction, {*mail::parse_address("u@b.example"), "<u@b.example>", "smtp"});
      engine->commit(transaction, queue_id);
      clock.advance(1s);
    }
    std::vector<mail::QueueId> ids;
    for (const engine::HeldMessage& message : engine->held()) {
      ids.push_back(id(message.record.queue_id));
      exchange.hold_queue.insert(message.record.queue_id);
    }
    clock.advance(1min);
    return ids;
  }
  [[nodiscard]] std::size_t held() const { return engine->held().size(); }

  test::ManualClock clock;
  std::unique_ptr<store::StateStore> store;
  std::unique_ptr<engine::Engine> engine;
  FakeExchange exchange;
  std::unique_ptr<Rounds> rounds;
};

TEST_CASE("a round lists at first and every half minute", "[release]") {
  Fixture fixture;
  CHECK_FALSE(fixture.engine->releaser_alive());
  for (int second = 0; second < 95; ++second) {
    fixture.rounds->run();
    fixture.clock.advance(1s);
  }
  CHECK(fixture.exchange.lists == 4);
  CHECK(fixture.exchange.asked.empty());
  CHECK(fixture.engine->releaser_alive());
}

TEST_CASE("a person's order is charged, carried out and told", "[release]") {
  Fixture fixture;
  const auto ids = fixture.hold(3);
  fixture.exchange.stay = {ids[1].text()};
  const auto told = fixture.rounds->release({ids[1], id("0ABC12DEF34"), ids[0]}, "operator eve");
  REQUIRE(told.has_value());
  REQUIRE(told->size() == 3);
  CHECK((*told)[0].result == "still_held");
  CHECK((*told)[0].text == "busy");
  CHECK((*told)[1].result == "not_held_here");
  CHECK((*told)[1].id == id("0ABC12DEF34"));
  CHECK((*told)[2].result == "released");
  CHECK(fixture.engine->releasing().empty());
  REQUIRE(fixture.exchange.asked.size() == 1);
  CHECK(fixture.exchange.asked[0].ids.size() == 2);
}

TEST_CASE("an order is refused while the helper is away, and nothing is charged", "[release]") {
  Fixture fixture;
  const auto ids = fixture.hold(2);
  fixture.exchange.problem = "nobody listens";
  const auto told = fixture.rounds->release(ids, "operator eve");
  REQUIRE_FALSE(told.has_value());
  CHECK(told.error().kind == Error::Kind::Unavailable);
  CHECK(told.error().what == "nobody listens");
  CHECK(fixture.held() == 2);
  CHECK(fixture.engine->releasing().empty());
  CHECK(fixture.exchange.asked.empty());
  CHECK_FALSE(fixture.rounds->drop(ids, "operator eve").has_value());
  CHECK(fixture.held() == 2);
}

TEST_CASE("what was begun and not answered is asked for again, before anything new", "[release]") {
  Fixture fixture;
  const auto ids = fixture.hold(2);
  fixture.rounds->run();
  fixture.exchange.ask_problem = "killed";
  const auto told = fixture.rounds->release({ids[0]}, "operator eve");
  REQUIRE(told.has_value());
  CHECK((*told)[0].result == "ordered");
  CHECK((*told)[0].text == "killed");
  CHECK(fixture.engine->releasing() == std::vector<mail::QueueId>{ids[0]});
  fixture.exchange.ask_problem.clear();
  fixture.exchange.asked.clear();
  fixture.rounds->run();  // not yet: the helper has just failed
  CHECK(fixture.exchange.asked.empty());
  fixture.clock.advance(2s);
  // It did release it before it was killed.
  fixture.exchange.hold_queue.erase(ids[0].text());
  fixture.rounds->run();
  REQUIRE(fixture.exchange.asked.size() == 1);
  CHECK(fixture.exchange.asked[0].ids == std::vector<mail::QueueId>{ids[0]});
  CHECK(fixture.engine->releasing().empty());
}

TEST_CASE("a helper that is away is asked less and less often", "[release]") {
  Fixture fixture;
  fixture.exchange.problem = "nobody listens";
  std::vector<int> at;
  for (int second = 0; second < 150; ++second) {
    const int before = fixture.exchange.lists;
    fixture.rounds->run();
    if (fixture.exchange.lists > before) {
      at.push_back(second);
    }
    fixture.clock.advance(1s);
  }
  CHECK(at == std::vector<int>{0, 1, 3, 7, 15, 31, 61, 91, 121});
  CHECK_FALSE(fixture.engine->releaser_alive());
  fixture.exchange.problem.clear();
  fixture.clock.advance(30s);
  fixture.rounds->run();
  CHECK(fixture.engine->releaser_alive());
}

TEST_CASE("a helper that lists but cannot release counts as away", "[release]") {
  Fixture fixture;
  const auto ids = fixture.hold(2);
  fixture.rounds->run();
  REQUIRE(fixture.engine->releaser_alive());
  fixture.exchange.ask_problem = "no postsuper";
  REQUIRE(fixture.rounds->release({ids[0]}, "operator eve").has_value());
  std::vector<int> at;
  for (int second = 0; second < 320; ++second) {
    const std::size_t before = fixture.exchange.asked.size();
    fixture.rounds->run();
    if (fixture.exchange.asked.size() > before) {
      at.push_back(second);
    }
    fixture.clock.advance(1s);
  }
  CHECK(at == std::vector<int>{1, 3, 7, 15, 31, 61, 91, 121, 151, 181, 211, 241, 271, 301});
  CHECK_FALSE(fixture.engine->releaser_alive());
  CHECK(fixture.engine->releasing() == std::vector<mail::QueueId>{ids[0]});
  fixture.exchange.ask_problem.clear();
  fixture.clock.advance(30s);
  fixture.rounds->run();
  CHECK(fixture.engine->releaser_alive());
  CHECK(fixture.engine->releasing().empty());
}

TEST_CASE("a helper that had nothing left to do is back when it lists", "[release]") {
  Fixture fixture;
  const auto ids = fixture.hold(1);
  fixture.rounds->run();
  fixture.exchange.ask_problem = "no postsuper";
  REQUIRE_FALSE(fixture.rounds->drop(ids, "operator eve").has_value());
  fixture.clock.advance(10min);
  CHECK_FALSE(fixture.engine->releaser_alive());
  fixture.rounds->run();
  CHECK(fixture.engine->releaser_alive());
}

TEST_CASE("held messages are deleted and forgotten", "[release]") {
  Fixture fixture;
  const auto ids = fixture.hold(3);
  fixture.exchange.stay = {ids[1].text()};
  const auto told = fixture.rounds->drop({ids[0], ids[1], id("0ABC12DEF34")}, "operator eve");
  REQUIRE(told.has_value());
  CHECK((*told)[0].result == "deleted");
  CHECK((*told)[1].result == "still_held");
  CHECK((*told)[2].result == "not_held_here");
  REQUIRE(fixture.exchange.asked.size() == 1);
  CHECK(fixture.exchange.asked[0].command == Command::Delete);
  CHECK(fixture.held() == 2);
}

TEST_CASE("held mail goes by itself when its flow has room", "[release]") {
  Fixture fixture;
  const auto ids = fixture.hold(3);
  fixture.rounds->run();
  CHECK(fixture.exchange.asked.empty());
  std::vector<mail::QueueId> released;
  for (int hour = 0; hour < 100 && released.size() < ids.size(); ++hour) {
    fixture.clock.advance(1h);
    fixture.engine->tick();
    fixture.rounds->run();
    for (const Request& request : fixture.exchange.asked) {
      released.insert(released.end(), request.ids.begin(), request.ids.end());
    }
    fixture.exchange.asked.clear();
  }
  CHECK(released == ids);
  CHECK(fixture.held() == 0);
  CHECK(fixture.engine->releasing().empty());
}

TEST_CASE("a message that a person took out of the hold queue is no longer held here",
          "[release]") {
  Fixture fixture;
  const auto ids = fixture.hold(2);
  fixture.clock.advance(10min);  // no longer taken for one that is just arriving
  fixture.exchange.hold_queue.erase(ids[0].text());
  fixture.rounds->run();
  REQUIRE(fixture.held() == 1);
  CHECK(fixture.engine->held()[0].record.queue_id == ids[1].text());
}

}  // namespace
}  // namespace rampart::release
