// Tokens, events, replies, guards and pending suppressions, in every store.

#include <string>
#include <vector>

#include "rampart/store/state_store.h"
#include "support/catch.h"

#include "contract.h"
#include "sample_records.h"

namespace rampart::store {
namespace {

using Texts = std::vector<std::string>;

TEST_CASE("a token leads to its message, however it is spelt", "[store][contract]") {
  for_each_store([](StateStore& store) {
    TokenRecord shouted = token(7);
    shouted.token = "00FF0000000000000000ABCDEFabcdef";
    TokenRecord told = shouted;
    told.token = "00ff0000000000000000abcdefabcdef";
    TokenRecord bare;
    bare.token = std::string(32, '0');
    commit(store, {token(1), shouted, bare});
    CHECK(*store.find_token(token(1).token) == token(1));
    CHECK(*store.find_token(told.token) == told);
    CHECK(*store.find_token("00FF0000000000000000ABCDEFABCDEF") == told);
    CHECK(*store.find_token(bare.token) == bare);

    TokenRecord replaced = token(1);
    replaced.recipients = {"b@example.org"};
    commit(store, {replaced});
    CHECK(*store.find_token(token(1).token) == replaced);
    CHECK(*store.find_token(told.token) == told);
  });
}

TEST_CASE("what is no token is not found and not stored", "[store][contract]") {
  for_each_store([](StateStore& store) {
    commit(store, {token(1)});
    const std::string good = token(2).token;
    const Texts others = {"",
                          good.substr(1),
                          good + "0",
                          "g" + good.substr(1),
                          " " + good.substr(1),
                          good.substr(1) + '\0',
                          good.substr(1) + '\xe9',
                          std::string(100'000, 'a')};
    for (const std::string& text : others) {
      INFO(text.substr(0, 40));
      CHECK_FALSE(store.find_token(text)->has_value());
      TokenRecord record = token(2);
      record.token = text;
      const auto done = store.commit(Batch{{token(2), record, flow("s", "gmail", 1)}});
      REQUIRE_FALSE(done);
      CHECK(done.error().kind == base::Error::Kind::InvalidInput);
      CHECK(load(store).flows.empty());
      CHECK_FALSE(store.find_token(good)->has_value());
    }
    CHECK(*store.find_token(token(1).token) == token(1));
  });
}

TEST_CASE("events are found by every ID in them, in time order", "[store][contract]") {
  for_each_store([](StateStore& store) {
    const EventsRecord later = events({5, 77, 0xFFFFFFFF}, 20, 30);
    const EventsRecord earlier = events({0, 5, 6, 7, 8}, 10, 50);
    const EventsRecord none = events({}, 10, 50);
    EventsRecord same = events({5, 6}, 20, 25);
    same.data = "";
    commit(store, {later, earlier});
    commit(store, {none, same, later});
    struct Case {
      std::uint32_t id;
      std::int64_t since;
      Texts expected;
    };
    const Case cases[] = {
        {5, 0, {earlier.data, later.data, "", later.data}},
        {5, 25, {earlier.data, later.data, "", later.data}},
        {5, 26, {earlier.data, later.data, later.data}},
        {5, 31, {earlier.data}},
        {5, 50, {earlier.data}},
        {5, 51, {}},
        {0, 0, {earlier.data}},
        {6, 0, {earlier.data, ""}},
        {8, 0, {earlier.data}},
        {77, 30, {later.data, later.data}},
        {77, 31, {}},
        {0xFFFFFFFF, 0, {later.data, later.data}},
        {1, 0, {}},
        {9, 0, {}},
        {0xFFFFFFFE, 0, {}},
        {0x05000000, 0, {}},
    };
    for (const Case& c : cases) {
      INFO("id " << c.id << " since " << c.since);
      CHECK(*store.find_events(c.id, at(c.since)) == c.expected);
    }
    CHECK(store.find_events(5, base::WallTime::min())->size() == 4);
    CHECK(store.find_events(5, base::WallTime::max())->empty());
  });
}

TEST_CASE("events of many rounds are all searched", "[store][contract]") {
  for_each_store([](StateStore& store) {
    std::vector<Operation> operations;
    constexpr std::uint32_t kRounds = 40'000;
    for (std::uint32_t n = 0; n < kRounds; ++n) {
      // Times that do not rise with the order of the commits.
      operations.emplace_back(events({n % 1000, 1000 + n}, n ^ 1, n ^ 1));
    }
    commit(store, std::move(operations));
    const auto found = *store.find_events(999, at(0));
    REQUIRE(found.size() == kRounds / 1000);
    for (std::uint32_t i = 0; i < found.size(); ++i) {
      const std::uint32_t n = i * 1000 + 999;
      CHECK(found[i] == events({}, n ^ 1, n ^ 1).data);
    }
    CHECK(store.find_events(999, at(20'000))->size() == 20);
    CHECK(store.find_events(1000, at(0))->size() == 1);
    CHECK(store.find_events(1000 + kRounds - 1, at(0))->size() == 1);
    CHECK(store.find_events(1000 + kRounds, at(0))->empty());
  });
}

TEST_CASE("replies and guards come back, are replaced and erased", "[store][contract]") {
  for_each_store([](StateStore& store) {
    const std::string odd{"x\0\xff'", 4};
    commit(store, {reply("", "", 0), reply("gmail", odd, 1), reply("gmail", "550", 2),
                   reply("yahoo", "550", 3), guard("*", 1), guard("gmail", 2)});
    Snapshot snapshot = load(store);
    CHECK(snapshot.replies == std::vector{reply("", "", 0), reply("gmail", "550", 2),
                                          reply("gmail", odd, 1), reply("yahoo", "550", 3)});
    CHECK(snapshot.guards == std::vector{guard("*", 1), guard("gmail", 2)});

    ReplyRecord changed = reply("gmail", "550", 9);
    changed.reply_class = "policy";
    changed.rule = "";
    changed.sample = "550 sample";
    changed.stage = "";
    changed.first = at(0);
    commit(store, {changed, EraseReply{"gmail", odd}, EraseReply{"yahoo", "no"}, guard("*", 5),
                   EraseReply{"", "550"}, EraseGuard{"gmail"}, EraseGuard{"no"}});
    snapshot = load(store);
    CHECK(snapshot.replies == std::vector{reply("", "", 0), changed, reply("yahoo", "550", 3)});
    CHECK(snapshot.guards == std::vector{guard("*", 5)});
  });
}

TEST_CASE("pending suppressions are kept apart from those in force", "[store][contract]") {
  for_each_store([](StateStore& store) {
    const auto pending = [](std::string key, std::string at_provider, std::string sender = "") {
      suppression::Entry record = entry(std::move(key), std::move(sender));
      record.pending = std::move(at_provider);
      return record;
    };
    suppression::Entry soft = pending("d@x", "*");
    soft.reason = suppression::Reason::Soft;
    commit(store, {entry("a@x"), pending("b@x", "gmail"), pending("b@x", "*", "s"), entry("c@x"),
                   soft, pending("e@x", "gmail"), pending("f@x", "Gmail")});
    CHECK(*store.find_suppressions("b@x") ==
          std::vector{pending("b@x", "gmail"), pending("b@x", "*", "s")});

    const auto filter = [](std::optional<bool> is_pending, std::string at_provider) {
      SuppressionFilter all;
      all.pending = is_pending;
      all.pending_at = std::move(at_provider);
      return all;
    };
    SuppressionFilter paged = filter(true, "gmail");
    paged.after = "b@x";
    SuppressionFilter short_page = filter(true, "");
    short_page.limit = 1;
    SuppressionFilter hard = filter({}, "*");
    hard.reason = suppression::Reason::Hard;
    SuppressionFilter containing = filter(true, "");
    containing.contains = "E@";
    struct Case {
      SuppressionFilter filter;
      Texts expected;
    };
    const Case cases[] = {
        {filter({}, ""), {"a@x/", "b@x/", "b@x/s", "c@x/", "d@x/", "e@x/", "f@x/"}},
        {filter(false, ""), {"a@x/", "c@x/"}},
        {filter(true, ""), {"b@x/", "b@x/s", "d@x/", "e@x/", "f@x/"}},
        {filter(true, "gmail"), {"b@x/", "e@x/"}},
        {filter({}, "gmail"), {"b@x/", "e@x/"}},
        {filter({}, "*"), {"b@x/s", "d@x/"}},
        {filter({}, "gmai"), {}},
        {filter(false, "gmail"), {}},
        {paged, {"e@x/"}},
        {short_page, {"b@x/", "b@x/s"}},
        {hard, {"b@x/s"}},
        {containing, {"e@x/"}},
    };
    for (const Case& c : cases) {
      INFO("pending_at=" << c.filter.pending_at << " after=" << c.filter.after
                         << " limit=" << c.filter.limit);
      CHECK(keys(*store.list_suppressions(c.filter)) == c.expected);
    }

    // In force, or gone.
    commit(store, {entry("b@x"), EraseSuppression{"e@x", ""}});
    CHECK(store.list_suppressions(filter({}, "gmail"))->empty());
    CHECK(*store.find_suppressions("b@x") == std::vector{entry("b@x"), pending("b@x", "*", "s")});
  });
}

TEST_CASE("each kind is pruned by a horizon of its own", "[store][contract]") {
  // Which horizon is at 10; the others are not given.
  const auto kind = GENERATE(range(0, 5));
  INFO("kind " << kind);
  for_each_store([kind](StateStore& store) {
    const std::vector<Operation> all = {SeenReportRecord{.identity = 1, .time = at(9)},
                                        SeenReportRecord{.identity = 2, .time = at(10)},
                                        message("", "Q9", 9),
                                        message("", "Q10", 10),
                                        change("gone", 9),
                                        change("gone", 10),
                                        events({3}, 1, 9),
                                        events({3}, 1, 10),
                                        token(1, 9),
                                        token(2, 10),
                                        reply("gmail", "old", 9),
                                        reply("gmail", "new", 10),
                                        guard("gmail", 9)};
    commit(store, all);
    Horizons horizons;
    base::WallTime* const times[] = {&horizons.history, &horizons.seen_reports, &horizons.events,
                                     &horizons.tokens, &horizons.replies};
    *times[kind] = at(10);
    REQUIRE(store.prune(horizons));
    const Snapshot snapshot = load(store);
    const auto left = [kind](int of) {
      return kind == of ? std::size_t{1} : std::size_t{2};
    };
    CHECK(snapshot.messages.size() == left(0));
    CHECK(store.history("gone")->size() == left(0));
    CHECK(snapshot.seen_reports.size() == left(1));
    CHECK(store.find_events(3, at(0))->size() == left(2));
    CHECK(store.find_events(3, at(0))->back() == events({}, 1, 10).data);
    CHECK(store.find_token(token(1).token)->has_value() == (kind != 3));
    CHECK(*store.find_token(token(2).token) == token(2, 10));
    CHECK(snapshot.replies.size() == left(4));
    CHECK(snapshot.replies.front() == reply("gmail", "new", 10));
    CHECK(snapshot.guards.size() == 1);
  });
}

TEST_CASE("pruning comes to the end of tokens, events and replies", "[store][contract]") {
  for_each_store([](StateStore& store) {
    std::vector<Operation> operations;
    for (std::uint32_t n = 0; n < 11'000; ++n) {
      const std::int64_t time = n % 5000 == 77 ? 20 : 1;
      operations.emplace_back(token(n, time));
      operations.emplace_back(events({n}, time, time));
      operations.emplace_back(reply("gmail", std::to_string(n), static_cast<std::uint32_t>(time)));
    }
    commit(store, std::move(operations));
    REQUIRE(store.prune({.events = at(10), .tokens = at(10), .replies = at(10)}));
    CHECK(load(store).replies.size() == 3);
    for (std::uint32_t n = 0; n < 11'000; n += n % 500 == 77 ? 423U : 77U) {
      INFO(n);
      const bool kept = n % 5000 == 77;
      CHECK(store.find_token(token(n).token)->has_value() == kept);
      CHECK(store.find_events(n, at(0))->size() == (kept ? 1 : 0));
    }
    // What is added after the pruning does not take the place of what is left.
    commit(store, {events({77, 12'000}, 2, 30)});
    CHECK(*store.find_events(77, at(0)) == Texts{events({}, 2, 30).data, events({}, 20, 20).data});
  });
}

}  // namespace
}  // namespace rampart::store
