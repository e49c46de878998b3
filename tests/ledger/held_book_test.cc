#include "rampart/ledger/held_book.h"

#include <algorithm>
#include <random>

#include "support/catch.h"
#include "support/manual_clock.h"

namespace rampart::ledger {
namespace {

using namespace std::chrono_literals;
using store::HeldRecord;

constexpr base::WallTime kStart = test::ManualClock::kStart;
constexpr base::SteadyTime kNow{base::Micros{1'000'000'000}};
const auto kUnchanged = [](const std::string&) {
  return std::uint64_t{0};
};

ramp::FlowKey flow(std::string provider) {
  return {"a.example", std::move(provider)};
}

HeldRecord record(std::string id, int second, std::vector<std::string> providers) {
  HeldRecord made;
  made.queue_id = std::move(id);
  made.sender = "a.example";
  for (std::size_t i = 0; i < providers.size(); ++i) {
    made.recipients.push_back(std::to_string(i) + "@" + providers[i] + ".example");
  }
  made.providers = std::move(providers);
  made.reason = "day";
  made.held_at = kStart + std::chrono::seconds{second};
  return made;
}

struct Fixture {
  std::atomic<std::size_t> waiting{77};
  HeldBook book{waiting};

  std::string head(const std::string& provider) const {
    const HeldMessage* message = book.head(flow(provider));
    return message == nullptr ? "" : message->record.queue_id;
  }
  // Takes the heads of a flow one after the other.
  std::string drain(const std::string& provider) {
    std::string order;
    for (std::string id = head(provider); !id.empty(); id = head(provider)) {
      order += (order.empty() ? "" : " ") + id;
      book.erase(id);
    }
    return order;
  }
};

TEST_CASE("the parts of a held message are its flows", "[ledger][unit]") {
  HeldRecord made = record("A1", 0, {"gmail", "outlook", "gmail"});
  std::vector<HeldPart> parts = parts_of(made);
  REQUIRE(parts.size() == 2);
  CHECK(parts[0].flow == flow("gmail"));
  CHECK(parts[0].units == 2);
  CHECK(parts[1].units == 1);
  CHECK_FALSE(parts[0].is_charged());
  set_charged(made, flow("gmail"), kStart);
  CHECK(made.charged_at == std::vector{kStart, base::WallTime{}, kStart});
  parts = parts_of(made);
  CHECK(parts[0].charged_at == kStart);
  CHECK_FALSE(parts[1].is_charged());
  set_charged(made, flow("gmail"), base::WallTime{});
  CHECK(made.charged_at.empty());
}

TEST_CASE("overdue mail goes first, then transactional, each by age", "[ledger][unit]") {
  Fixture f;
  f.book.insert(record("N2", 2, {"gmail"}));
  f.book.insert(record("N1", 1, {"gmail"}));
  HeldRecord urgent = record("T3", 3, {"gmail"});
  urgent.transactional = true;
  f.book.insert(urgent);
  f.book.insert(record("N4", 4, {"gmail"}));
  f.book.insert(record("X0", 0, {"outlook"}));
  HeldRecord person = record("P0", 0, {"gmail"});
  person.waits_for = HeldRecord::WaitsFor::Person;
  f.book.insert(person);
  f.book.update("N2", [](HeldMessage& message) { message.overdue = true; });
  CHECK(f.book.waiting_in(flow("gmail")) == 4);
  CHECK(f.waiting == 5);
  CHECK(f.book.counts().person == 1);
  CHECK(f.book.oldest() == kStart);
  CHECK(f.drain("gmail") == "N2 T3 N1 N4");
  CHECK(f.drain("outlook") == "X0");
  CHECK(f.waiting == 0);
  CHECK(f.book.counts().person == 1);
}

TEST_CASE("a message stands in one queue, and in none while it does not wait", "[ledger][unit]") {
  Fixture f;
  f.book.insert(record("J1", 1, {"gmail", "outlook"}));
  f.book.insert(record("G2", 2, {"gmail"}));
  CHECK(f.head("gmail") == "J1");
  CHECK(f.head("outlook").empty());
  f.book.update("J1", [](HeldMessage& message) { message.waits_in = flow("outlook"); });
  CHECK(f.head("gmail") == "G2");
  CHECK(f.head("outlook") == "J1");
  SECTION("releasing") {
    f.book.update("J1", [](HeldMessage& message) {
      message.record.state = HeldRecord::State::Releasing;
      message.record.charged_at = {kStart, kStart};
    });
    CHECK(f.book.releasing().size() == 1);
    CHECK(f.book.counts().releasing == 1);
    CHECK(f.book.reserving().empty());
    f.book.update("J1", [](HeldMessage& message) {
      message.record.state = HeldRecord::State::Waiting;
      message.record.charged_at = {kStart, base::WallTime{}};
    });
    CHECK(f.book.reserving().count("J1") == 1);
    CHECK(f.book.releasing().empty());
  }
  SECTION("absent from the MTA's hold queue") {
    f.book.update("J1", [](HeldMessage& message) { message.absent_since = kStart; });
    CHECK(f.book.counts().volume == 1);
    CHECK(f.book.oldest() == kStart + 2s);
    CHECK(f.book.page({base::WallTime::min(), ""}, 10).size() == 2);
    CHECK(f.book.find("J1") != nullptr);
    f.book.update("J1", [](HeldMessage& message) { message.absent_since = {}; });
  }
  SECTION("set aside after a failure") {
    f.book.update("J1", [](HeldMessage& message) { message.aside_until = kNow + 1min; });
    CHECK(f.head("outlook").empty());
    CHECK(f.book.counts().volume == 2);
    f.book.wake(kNow + 59s);
    CHECK(f.head("outlook").empty());
    f.book.wake(kNow + 60s);
  }
  CHECK(f.head("outlook") == "J1");
  CHECK(f.book.counts().volume == 2);
  f.book.erase("J1");
  CHECK(f.head("outlook").empty());
  CHECK_FALSE(f.book.erase("J1"));
}

TEST_CASE("a flow is asked when its time has come or something changed", "[ledger][unit]") {
  Fixture f;
  std::uint64_t changes = 1;
  const auto due = [&](base::SteadyTime now) {
    return f.book.due(now, 100, [&](const std::string& p) { return p == "gmail" ? changes : 9; });
  };
  CHECK(due(kNow).empty());
  f.book.insert(record("O1", 1, {"outlook"}));
  f.book.insert(record("G2", 2, {"gmail"}));
  CHECK(due(kNow) == std::vector{flow("outlook"), flow("gmail")});  // by the age of their heads
  f.book.ask_again(flow("outlook"), kNow + 60s);
  f.book.ask_again(flow("gmail"), kNow + 30s);
  CHECK(due(kNow + 29s).empty());
  CHECK(due(kNow + 30s) == std::vector{flow("gmail")});
  f.book.ask_again(flow("gmail"), kNow + 90s);
  f.book.insert(record("G3", 3, {"gmail"}));  // behind the head: changes nothing
  CHECK(due(kNow + 31s).empty());
  ++changes;
  CHECK(due(kNow + 31s) == std::vector{flow("gmail")});
  f.book.ask_again(flow("gmail"), kNow + 90s);
  f.book.insert(record("G0", 0, {"gmail"}));  // another head
  CHECK(due(kNow + 31s) == std::vector{flow("gmail")});
  f.book.rest(flow("gmail"), kNow + 32s);
  ++changes;
  CHECK(due(kNow + 31s).empty());
  CHECK(due(kNow + 32s) == std::vector{flow("gmail")});
}

TEST_CASE("of more flows than are asked at once none is forgotten", "[ledger][unit]") {
  Fixture f;
  for (int i = 0; i < 10; ++i) {
    f.book.insert(record("A" + std::to_string(i), i, {"p" + std::to_string(i)}));
  }
  std::set<ramp::FlowKey> told;
  for (int round = 0; round < 4; ++round) {
    const auto due = f.book.due(kNow + std::chrono::seconds{round}, 3, kUnchanged);
    CHECK(due.size() == 3);
    told.insert(due.begin(), due.end());
  }
  CHECK(told.size() == 10);
}

TEST_CASE("mail that came up to a time is overdue once", "[ledger][unit]") {
  Fixture f;
  for (int i = 0; i < 5; ++i) {
    f.book.insert(record("A" + std::to_string(i), i, {"gmail"}));
  }
  CHECK(f.book.find_overdue(kStart - 1s, 10).empty());
  CHECK(f.book.find_overdue(kStart + 2s, 10) == std::vector<std::string>{"A0", "A1", "A2"});
  CHECK(f.book.find_overdue(kStart + 2s, 2) == std::vector<std::string>{"A0", "A1"});
  f.book.update("A0", [](HeldMessage& message) { message.overdue = true; });
  CHECK(f.book.find_overdue(kStart + 2s, 10) == std::vector<std::string>{"A1", "A2"});
}

TEST_CASE("a message without a flow waits for a person", "[ledger][unit]") {
  Fixture f;
  f.book.insert(record("A1", 1, {}));
  CHECK(f.book.counts().person == 1);
  CHECK(f.book.due(kNow, 10, kUnchanged).empty());
}

// Against a plain list, over random changes.
TEST_CASE("a hundred thousand held messages keep their order", "[ledger][property]") {
  constexpr int kMessages = 100'000;
  constexpr int kProviders = 300;
  std::mt19937 random(20261121);
  const auto pick = [&](int below) {
    return std::uniform_int_distribution<>(0, below - 1)(random);
  };
  struct Expected {
    int rank;
    base::WallTime held_at;
    std::string id;
    auto operator<=>(const Expected&) const = default;
  };
  Fixture f;
  std::vector<std::set<Expected>> expected(kProviders);
  for (int i = 0; i < kMessages; ++i) {
    const int provider = pick(kProviders);
    HeldRecord made = record("A" + std::to_string(i), pick(1000), {"p" + std::to_string(provider)});
    made.transactional = pick(10) == 0;
    expected[static_cast<std::size_t>(provider)].insert(
        {made.transactional ? 1 : 2, made.held_at, made.queue_id});
    f.book.insert(std::move(made));
  }
  for (int i = 0; i < kMessages / 4; ++i) {  // some become overdue, some go
    const std::string id = "A" + std::to_string(pick(kMessages));
    const HeldMessage* message = f.book.find(id);
    if (message == nullptr) {
      continue;
    }
    const auto provider =
        static_cast<std::size_t>(std::stoi(message->record.providers.front().substr(1)));
    const base::WallTime held_at = message->record.held_at;
    expected[provider].erase({HeldBook::rank_of(*message), held_at, id});
    if (pick(2) == 0) {
      f.book.erase(id);
    } else {
      f.book.update(id, [](HeldMessage& one) { one.overdue = true; });
      expected[provider].insert({0, held_at, id});
    }
  }
  std::size_t left = 0;
  for (const auto& queue : expected) {
    left += queue.size();
  }
  CHECK(f.waiting == left);
  CHECK(f.book.due(kNow, 1000, kUnchanged).size() == kProviders);
  bool same = true;
  for (int provider = 0; provider < kProviders; ++provider) {
    std::string wanted;
    for (const Expected& one : expected[static_cast<std::size_t>(provider)]) {
      wanted += (wanted.empty() ? "" : " ") + one.id;
    }
    same = same && f.drain("p" + std::to_string(provider)) == wanted;
  }
  CHECK(same);
  CHECK(f.waiting == 0);
  CHECK(f.book.due(kNow, 1000, kUnchanged).empty());
}

}  // namespace
}  // namespace rampart::ledger
