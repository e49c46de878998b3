// What every store must do, run for each of them.

#include "contract.h"

#include <algorithm>
#include <string>
#include <utility>

#include "rampart/store/state_store.h"
#include "support/catch.h"

#include "sample_records.h"

namespace rampart::store {
namespace {

using Keys = std::vector<std::string>;

TEST_CASE("a new store is empty and has a key of its own", "[store][contract]") {
  for (const Kind kind : kKinds) {
    const TempDir dir;
    const TempDir other;
    const auto store = open_store(kind, dir);
    INFO(store->describe());
    CHECK(contents(*store) == Contents{});
    CHECK(store->commit(Batch{}));
    CHECK(store->hash_key() != base::HashKey{});
    CHECK(store->hash_key() != open_store(kind, other)->hash_key());
  }
}

TEST_CASE("every record comes back as it was stored", "[store][contract]") {
  for_each_store([](StateStore& store) {
    const std::string odd{"x\0\xff\xfe'", 5};
    const std::vector<FlowRecord> flows = {flow("", "", 0), flow("a", "b", 0xFFFFFFFF),
                                           flow(odd, odd, 7)};
    const std::vector<HostFlowRecord> host_flows = {host_flow("gmail", 3)};
    const std::vector<SenderRecord> senders = {sender("one.example", 9)};
    const std::vector<QueuedRecord> all_queued = {queued("", "Q1", odd), queued("mta2", "Q1", "")};
    const std::vector<MessageRecord> messages = {message("", "Q1", 0), message("", "Q2", 1)};
    const std::vector<HeldRecord> all_held = {held("H0", 0), held("H1", 1), held("H3", 3)};
    const std::vector<CursorRecord> cursors = {cursor(odd, 1)};
    const std::vector<DomainProviderRecord> domains = {
        {.domain = "example.org", .provider = "gmail", .seen_at = at(-1'795'219'200'000'001)}};
    const std::vector<SeenReportRecord> reports = {{.identity = 0xFFFFFFFFFFFFFFFF, .time = at(0)}};
    std::vector<Operation> operations;
    const auto add = [&operations](const auto& records) {
      operations.insert(operations.end(), records.begin(), records.end());
    };
    add(flows), add(host_flows), add(senders), add(all_queued), add(messages), add(all_held);
    add(cursors), add(domains), add(reports);
    commit(store, operations);

    const Snapshot snapshot = load(store);
    CHECK(snapshot.flows == flows);
    CHECK(snapshot.host_flows == host_flows);
    CHECK(snapshot.senders == senders);
    CHECK(snapshot.queued == all_queued);
    CHECK(snapshot.messages == messages);
    CHECK(snapshot.held == all_held);
    CHECK(snapshot.cursors == cursors);
    CHECK(snapshot.domain_providers == domains);
    CHECK(snapshot.seen_reports == reports);
  });
}

TEST_CASE("suppressions, evidence and history come back as they were stored", "[store][contract]") {
  for_each_store([](StateStore& store) {
    const std::string key{"x\0\xff@example.org", 15};
    suppression::Entry ending = entry(key, "two.example");
    ending.until = base::WallTime{};  // a time, not "for ever"
    ending.reason = suppression::Reason::Complaint;
    suppression::Evidence bare;
    bare.key = key;
    commit(store, {entry(key), ending, entry("y@example.org"), evidence(key, "s"), bare,
                   change(key, 1), change("y@example.org", 2)});

    CHECK(*store.find_suppressions(key) == std::vector{entry(key), ending});
    CHECK(store.find_suppressions("x")->empty());
    CHECK(store.find_suppressions("")->empty());
    CHECK(*store.find_evidence(key, "s") == evidence(key, "s"));
    CHECK(*store.find_evidence(key, "") == bare);
    CHECK_FALSE(store.find_evidence(key, "t")->has_value());
    CHECK_FALSE(store.find_evidence("x", "s")->has_value());
    CHECK(*store.history(key) == std::vector{change(key, 1)});
    CHECK(store.history("x")->empty());
    CHECK(*store.count_suppressions() == 3);
  });
}

TEST_CASE("a record replaces the one with its key and no other", "[store][contract]") {
  for_each_store([](StateStore& store) {
    const suppression::Entry old_entry = entry("a@example.org");
    suppression::Entry new_entry = old_entry;
    new_entry.until = at(5);
    new_entry.rule = "";
    suppression::Evidence new_evidence = evidence("a@example.org");
    new_evidence.soft_days = {1};
    const DomainProviderRecord old_domain{.domain = "d", .provider = "p", .seen_at = at(1)};
    const DomainProviderRecord new_domain{.domain = "d", .provider = "q", .seen_at = at(2)};
    commit(store,
           {flow("a", "g", 1), flow("a", "o", 2), host_flow("g", 1), sender("a", 1),
            queued("", "Q", "r"), message("", "Q", 1), held("H", 3), cursor("f", 1), old_domain,
            SeenReportRecord{.identity = 4, .time = at(1)}, old_entry, evidence("a@example.org")});
    QueuedRecord settled = queued("", "Q", "r");
    settled.standing = ramp::Standing::Neither;
    commit(store, {flow("a", "g", 3), host_flow("g", 2), sender("a", 2), settled,
                   message("", "Q", 2), held("H", 1), cursor("f", 2), new_domain,
                   SeenReportRecord{.identity = 4, .time = at(9)}, new_entry, new_evidence});

    const Snapshot snapshot = load(store);
    CHECK(snapshot.flows == std::vector{flow("a", "g", 3), flow("a", "o", 2)});
    CHECK(snapshot.host_flows == std::vector{host_flow("g", 2)});
    CHECK(snapshot.senders == std::vector{sender("a", 2)});
    CHECK(snapshot.queued == std::vector{settled});
    CHECK(snapshot.messages == std::vector{message("", "Q", 2)});
    CHECK(snapshot.held == std::vector{held("H", 1)});
    CHECK(snapshot.cursors == std::vector{cursor("f", 2)});
    CHECK(snapshot.domain_providers == std::vector{new_domain});
    CHECK(snapshot.seen_reports == std::vector{SeenReportRecord{.identity = 4, .time = at(9)}});
    CHECK(*store.find_suppressions("a@example.org") == std::vector{new_entry});
    CHECK(*store.find_evidence("a@example.org", "") == new_evidence);
  });
}

TEST_CASE("what is erased is gone, its neighbours stay", "[store][contract]") {
  for_each_store([](StateStore& store) {
    commit(store, {flow("a", "g", 1), flow("a", "h", 1), flow("b", "g", 1), queued("", "Q", "r"),
                   queued("", "Q", "s"), queued("i", "Q", "r"), held("H", 1), held("I", 1),
                   entry("k"), entry("k", "s"), entry("l"), evidence("k"), evidence("k", "s")});
    commit(store, {EraseFlow{{"a", "g"}}, EraseQueued{"", "Q", "r"}, EraseHeld{"H"},
                   EraseSuppression{"k", ""}, EraseEvidence{"k", "s"}, EraseFlow{{"no", "no"}},
                   EraseQueued{"no", "Q", "r"}, EraseHeld{"no"}, EraseSuppression{"no", ""},
                   EraseEvidence{"no", ""}, EraseMessage{"no", "no"}});

    const Snapshot snapshot = load(store);
    CHECK(snapshot.flows == std::vector{flow("a", "h", 1), flow("b", "g", 1)});
    CHECK(snapshot.queued == std::vector{queued("", "Q", "s"), queued("i", "Q", "r")});
    CHECK(snapshot.held == std::vector{held("I", 1)});
    CHECK(*store.find_suppressions("k") == std::vector{entry("k", "s")});
    CHECK(store.find_evidence("k", "")->has_value());
    CHECK_FALSE(store.find_evidence("k", "s")->has_value());
    CHECK(*store.count_suppressions() == 2);
  });
}

TEST_CASE("erasing a message erases its queued recipients", "[store][contract]") {
  for_each_store([](StateStore& store) {
    commit(store, {message("", "Q", 1), queued("", "Q", ""), queued("", "Q", "s"),
                   message("", "Q2", 1), queued("", "Q2", "r"), message("i", "Q", 1),
                   queued("i", "Q", "r"), queued("", "P", "no message")});
    commit(store, {EraseMessage{"", "Q"}, EraseMessage{"", "P"}});
    const Snapshot snapshot = load(store);
    CHECK(snapshot.messages == std::vector{message("", "Q2", 1), message("i", "Q", 1)});
    CHECK(snapshot.queued == std::vector{queued("", "Q2", "r"), queued("i", "Q", "r")});
  });
}

TEST_CASE("operations of a batch are applied in order", "[store][contract]") {
  for_each_store([](StateStore& store) {
    commit(store, {flow("a", "g", 1), EraseFlow{{"a", "g"}}, flow("a", "g", 2), flow("b", "g", 1),
                   EraseFlow{{"b", "g"}}, queued("", "Q", "r"), EraseMessage{"", "Q"},
                   queued("", "Q", "s"), change("k", 5, "one"), change("k", 5, "two")});
    CHECK(load(store).flows == std::vector{flow("a", "g", 2)});
    CHECK(load(store).queued == std::vector{queued("", "Q", "s")});
    CHECK(*store.history("k") == std::vector{change("k", 5, "one"), change("k", 5, "two")});
  });
}

TEST_CASE("a thousand operations are one batch", "[store][contract]") {
  for_each_store([](StateStore& store) {
    std::vector<Operation> operations;
    for (std::uint32_t n = 0; n < 1000; ++n) {
      operations.emplace_back(flow("s" + std::to_string(n), "gmail", n));
    }
    commit(store, std::move(operations));
    CHECK(load(store).flows.size() == 1000);
  });
}

TEST_CASE("history is by time, the newest 200 of a key", "[store][contract]") {
  for_each_store([](StateStore& store) {
    commit(store, {change("k", 3), change("k", 1), change("k", 2), change("other", 0)});
    CHECK(*store.history("k") == std::vector{change("k", 1), change("k", 2), change("k", 3)});
    std::vector<Operation> operations;
    for (std::int64_t time = 10; time < 208; ++time) {
      operations.emplace_back(change("k", time));
    }
    commit(store, std::move(operations));
    auto lines = *store.history("k");
    REQUIRE(lines.size() == 200);
    CHECK(lines.front() == change("k", 2));
    commit(store, {change("k", 0), change("k", 5)});  // the first is too old to be kept
    lines = *store.history("k");
    REQUIRE(lines.size() == 200);
    CHECK(lines[0] == change("k", 3));
    CHECK(lines[1] == change("k", 5));
    CHECK(lines.back() == change("k", 207));
    CHECK(store.history("other")->size() == 1);
  });
}

TEST_CASE("suppressions are listed by key, filtered and paged", "[store][contract]") {
  for_each_store([](StateStore& store) {
    suppression::Entry imported = entry("b@example.org");
    imported.reason = suppression::Reason::Import;
    commit(store, {imported, entry("b@example.org", "s"), entry("a@example.org"),
                   entry("c@Example.net"), entry("@example.org"), entry("a_b%@example.com")});
    struct Case {
      SuppressionFilter filter;
      Keys expected;
    };
    const Keys all = {"@example.org/",  "a@example.org/",  "a_b%@example.com/",
                      "b@example.org/", "b@example.org/s", "c@Example.net/"};
    const Case cases[] = {
        {{}, all},
        {{"EXAMPLE.N", {}, "", 10}, {"c@Example.net/"}},
        {{"_b%", {}, "", 10}, {"a_b%@example.com/"}},
        {{"_", {}, "", 10}, {"a_b%@example.com/"}},
        {{"none", {}, "", 10}, {}},
        {{"", suppression::Reason::Import, "", 10}, {"b@example.org/"}},
        {{"", suppression::Reason::Soft, "", 10}, {}},
        {{"", {}, "", 0}, {}},
        {{"", {}, "", 2}, {"@example.org/", "a@example.org/"}},
        // A page may end later than its limit, but never within a key.
        {{"", {}, "a@example.org", 2}, {"a_b%@example.com/", "b@example.org/", "b@example.org/s"}},
        {{"", {}, "b@example.org", 2}, {"c@Example.net/"}},
        {{"", {}, "b", 1}, {"b@example.org/", "b@example.org/s"}},
        {{"", {}, "d", 2}, {}},
        {{"org", {}, "a@example.org", 1}, {"b@example.org/", "b@example.org/s"}},
    };
    for (const Case& c : cases) {
      INFO("contains=" << c.filter.contains << " after=" << c.filter.after
                       << " limit=" << c.filter.limit);
      CHECK(keys(*store.list_suppressions(c.filter)) == c.expected);
    }
  });
}

TEST_CASE("paging and visiting reach every entry of a long list", "[store][contract]") {
  for_each_store([](StateStore& store) {
    std::vector<Operation> operations;
    for (int n = 0; n < 9000; ++n) {
      operations.emplace_back(entry(std::to_string(n) + "@example.org", n % 7 == 0 ? "s" : ""));
      if (n % 100 == 0) {
        operations.emplace_back(entry(std::to_string(n) + "@example.org", "t"));
      }
    }
    commit(store, std::move(operations));
    CHECK(*store.count_suppressions() == 9090);

    Keys paged;
    SuppressionFilter filter{.contains = "", .reason = {}, .after = "", .limit = 500};
    for (;;) {
      const auto page = *store.list_suppressions(filter);
      if (page.empty()) {
        break;
      }
      for (const std::string& key : keys(page)) {
        paged.push_back(key);
      }
      filter.after = page.back().key;
    }
    CHECK(paged.size() == 9090);
    CHECK(std::is_sorted(paged.begin(), paged.end()));

    std::size_t visited = 0;
    const auto done = store.for_each_suppression_key([&](std::string_view key) {
      // The store may be used meanwhile.
      visited += visited % 1000 == 0 ? store.find_suppressions(key)->size() : 1;
    });
    CHECK(done);
    CHECK(visited >= 9090);
    filter = {.contains = "8999@", .reason = {}, .after = "", .limit = 5};
    CHECK(keys(*store.list_suppressions(filter)) == Keys{"8999@example.org/"});
  });
}

TEST_CASE("prune removes what is over and keeps what still counts", "[store][contract]") {
  for_each_store([](StateStore& store) {
    const auto day = static_cast<std::int32_t>(base::day_number(at(0)));
    suppression::Entry expired = entry("expired");
    expired.until = at(9);
    suppression::Entry renewed = entry("renewed");
    renewed.until = at(9);
    suppression::Entry ending = entry("ending");
    ending.until = at(10);
    const auto with_day = [](std::string key, std::int32_t last) {
      suppression::Evidence e = evidence(std::move(key));
      e.unknown_domain_days = {1};
      e.soft_days = {2, last};
      return e;
    };
    commit(store, {SeenReportRecord{.identity = 1, .time = at(9)},
                   SeenReportRecord{.identity = 2, .time = at(10)}, message("", "Q9", 9),
                   message("", "Q10", 10), queued("", "Q9", "r"), expired, renewed, ending,
                   entry("ever"), with_day("expired", day), with_day("renewed", day + 1),
                   with_day("ending", day), with_day("ever", day), with_day("none", day),
                   change("expired", 1), change("none", 9), change("none", 10), change("gone", 1)});
    REQUIRE(store.prune({.history = at(10), .seen_reports = at(10)}));

    const Snapshot snapshot = load(store);
    CHECK(snapshot.seen_reports == std::vector{SeenReportRecord{.identity = 2, .time = at(10)}});
    CHECK(snapshot.messages == std::vector{message("", "Q10", 10)});
    CHECK(snapshot.queued == std::vector{queued("", "Q9", "r")});
    CHECK(*store.count_suppressions() == 4);
    CHECK_FALSE(store.find_evidence("expired", "")->has_value());
    CHECK(store.find_evidence("renewed", "")->has_value());  // something happened since
    CHECK(store.find_evidence("ending", "")->has_value());
    CHECK(store.find_evidence("ever", "")->has_value());
    CHECK(store.find_evidence("none", "")->has_value());
    CHECK(store.history("expired")->size() == 1);  // why it is listed is still asked
    CHECK(*store.history("none") == std::vector{change("none", 10)});
    CHECK(store.history("gone")->empty());
  });
}

TEST_CASE("prune comes to the end of long tables", "[store][contract]") {
  for_each_store([](StateStore& store) {
    std::vector<Operation> operations;
    for (std::uint64_t n = 0; n < 11'000; ++n) {
      operations.emplace_back(
          SeenReportRecord{.identity = n * 0x9E3779B97F4A7C15, .time = at(n == 77 ? 20 : 1)});
      operations.emplace_back(change(std::to_string(n), n == 77 || n == 9000 ? 20 : 1));
    }
    commit(store, std::move(operations));
    REQUIRE(store.prune({.history = at(10), .seen_reports = at(10)}));
    CHECK(load(store).seen_reports.size() == 1);
    CHECK(store.history("77")->size() == 1);
    CHECK(store.history("9000")->size() == 1);
    CHECK(store.history("9001")->empty());
    CHECK(store.history("10999")->empty());
  });
}

TEST_CASE("a batch that fails at any step leaves nothing", "[store][contract]") {
  for (const Kind kind : kKinds) {
    const TempDir dir;
    std::size_t failing = SIZE_MAX;
    const auto store = open_store(kind, dir, [&](std::size_t step) { return step == failing; });
    INFO(store->describe());
    commit(*store, one_of_each(0));
    const Contents before = contents(*store);

    std::vector<Operation> operations = one_of_each(1);
    const std::vector<Operation> erasing = {EraseFlow{{"s0", "gmail"}},
                                            EraseQueued{"", "Q0", "u@example.org"},
                                            EraseMessage{"", "Q0"},
                                            EraseHeld{"H0"},
                                            EraseSuppression{"0@each.example", ""},
                                            EraseEvidence{"0@each.example", ""},
                                            EraseReply{"gmail", "550 0"},
                                            EraseGuard{"p0"}};
    operations.insert(operations.end(), erasing.begin(), erasing.end());
    for (failing = 0; failing <= operations.size() + 1; ++failing) {
      INFO("step " << failing);
      const auto done = store->commit(Batch{operations});
      REQUIRE_FALSE(done);
      CHECK(done.error().kind == base::Error::Kind::Unavailable);
      CHECK(contents(*store) == before);
    }
    failing = SIZE_MAX;
    commit(*store, operations);
    const Contents after = contents(*store);
    CHECK_FALSE(after == before);
    CHECK(after.snapshot.flows == std::vector{flow("s1", "gmail", 1)});
    CHECK(after.snapshot.queued == std::vector{queued("", "Q1", "u@example.org")});
    CHECK(after.snapshot.replies == std::vector{reply("gmail", "550 1", 1)});
    CHECK(after.snapshot.guards == std::vector{guard("p1", 1)});
    CHECK(after.tokens == std::vector{token(0, 0), token(1, 1)});
  }
}

}  // namespace
}  // namespace rampart::store
