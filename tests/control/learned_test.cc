// Commands about what was learned, and those that bring something to learn from.

#include <nlohmann/json.hpp>

#include "rampart/base/base64.h"
#include "rampart/engine/status.h"
#include "rampart/store/state_store.h"
#include "support/catch.h"
#include "support/manual_clock.h"
#include "support/policy.h"

#include "control/dispatcher.h"

namespace rampart::control {
namespace {

using Json = nlohmann::ordered_json;

store::ReplyRecord reply_record(std::string provider, std::string text, std::string reply_class) {
  store::ReplyRecord record;
  record.provider = std::move(provider);
  record.text = text;
  record.reply_class = std::move(reply_class);
  record.count = 3;
  record.sample = std::move(text);
  record.stage = "rcpt";
  return record;
}

suppression::Entry pending_entry(std::string key, base::WallTime since) {
  suppression::Entry entry;
  entry.key = std::move(key);
  entry.reason = suppression::Reason::Hard;
  entry.evidence = "550 5.1.1 No such user";
  entry.since = since;
  entry.pending = "gmail";
  return entry;
}

class Fixture {
 public:
  Fixture() : store(store::open_memory()) {
    const base::WallTime now = clock.wall_now();
    store::Batch batch;
    for (store::ReplyRecord record :
         {reply_record("gmail", "550 5.7.1 zork", "undefined"),
          reply_record("yahoo", "421 busy zork", "undefined"),
          reply_record("gmail", "550 5.1.1 No such user", "mailbox_unknown")}) {
      record.first = now;
      record.last = now;
      batch.operations.emplace_back(std::move(record));
    }
    batch.operations.emplace_back(pending_entry("a@b.example", now));
    batch.operations.emplace_back(pending_entry("c@b.example", now));
    REQUIRE(store->commit(batch).has_value());
    auto created = engine::Engine::create(test::make_policy(test::small_options()), *store, clock);
    REQUIRE(created.has_value());
    engine = std::move(*created);
    dispatcher = std::make_unique<Dispatcher>(
        *engine,
        Hooks{[] { return ReloadAnswer{}; },
              [this](std::string_view source,
                     const std::vector<std::string>& lines) -> base::Result<std::uint64_t> {
                if (problem) {
                  return *problem;
                }
                taken_from = source;
                taken.insert(taken.end(), lines.begin(), lines.end());
                return lines.size();
              },
              {},
              {}},
        "9.9");
  }
  [[nodiscard]] Json ask(const Json& request) const {
    return Json::parse(dispatcher->answer(request.dump(), peer));
  }
  [[nodiscard]] std::string code(const Json& request) const {
    const Json answer = ask(request);
    return answer.contains("error") ? answer["error"]["code"].get<std::string>() : "";
  }

  test::ManualClock clock;
  std::unique_ptr<store::StateStore> store;
  std::unique_ptr<engine::Engine> engine;
  std::unique_ptr<Dispatcher> dispatcher;
  Peer peer{0, {0}, "root"};
  std::optional<base::Error> problem;
  std::string taken_from;
  std::vector<std::string> taken;
};

TEST_CASE("lines reach whoever takes them, byte for byte", "[control]") {
  const Fixture fixture;
  const std::string bytes("\xff\0\x1b", 3);
  const Json answer =
      fixture.ask({{"command", "feed.lines"},
                   {"source", "rsyslog"},
                   {"lines", {"one", {{"base64", base::encode_base64(bytes)}}, ""}}});
  CHECK(answer["taken"] == 3);
  CHECK(fixture.taken_from == "rsyslog");
  CHECK(fixture.taken == std::vector<std::string>{"one", bytes, ""});
  CHECK(fixture.ask(
            {{"command", "feed.lines"}, {"source", "x"}, {"lines", Json::array()}})["taken"] == 0);
}

TEST_CASE("bad requests to learn from are answered, and nothing is taken", "[control]") {
  const Fixture fixture;
  const std::string_view request = GENERATE(
      as<std::string_view>{}, R"({"command":"feed.lines","source":"x"})",
      R"({"command":"feed.lines","lines":["a"]})",
      R"({"command":"feed.lines","source":"","lines":["a"]})",
      R"({"command":"feed.lines","source":"x","lines":"a"})",
      R"({"command":"feed.lines","source":"x","lines":["a",1]})",
      R"({"command":"feed.lines","source":"x","lines":["a",{"base64":"Z"}]})",
      R"({"command":"feed.lines","source":"x","lines":["a",{}]})", R"({"command":"feed.message"})",
      R"({"command":"feed.message","base64":7})", R"({"command":"feed.message","base64":"Zg"})",
      R"({"command":"events"})", R"({"command":"events","queue_id":"no queue id"})",
      R"({"command":"replies","unknown":"yes"})", R"({"command":"suppression.confirm"})",
      R"({"command":"suppression.confirm","all":true,"provider":"gmail"})",
      R"({"command":"suppression.clear_pending","keys":["nonsense"]})",
      R"({"command":"suppression.list","pending":"yes"})");
  CAPTURE(request);
  const Json answer = Json::parse(fixture.dispatcher->answer(request, fixture.peer));
  CHECK(answer["error"]["code"] == "usage");
  CHECK(fixture.taken.empty());
}

TEST_CASE("why lines were not taken is told by its kind", "[control]") {
  using Kind = base::Error::Kind;
  struct Case {
    Kind kind;
    std::string code;
  };
  const std::vector<Case> cases{{Kind::Unavailable, "unavailable"},
                                {Kind::Timeout, "unavailable"},
                                {Kind::InvalidInput, "usage"},
                                {Kind::Denied, "denied"}};
  Fixture fixture;
  for (const Case& c : cases) {
    CAPTURE(c.code);
    fixture.problem = base::Error{c.kind, "so it is"};
    const Json answer = fixture.ask({{"command", "feed.lines"}, {"source", "x"}, {"lines", {"a"}}});
    CHECK(answer["error"]["code"] == c.code);
    CHECK(answer["error"]["text"] == "so it is");
  }
}

TEST_CASE("without a taker lines are refused", "[control]") {
  Fixture fixture;
  fixture.dispatcher = std::make_unique<Dispatcher>(
      *fixture.engine, Hooks{[] { return ReloadAnswer{}; }, {}, {}, {}}, "9.9");
  CHECK(fixture.code({{"command", "feed.lines"}, {"source", "x"}, {"lines", {"a"}}}) == "refused");
}

TEST_CASE("a mail that means nothing is taken", "[control]") {
  const Fixture fixture;
  const Json answer =
      fixture.ask({{"command", "feed.message"},
                   {"base64", base::encode_base64("Subject: hello\r\n\r\n\xff\n")}});
  CHECK(answer["outcome"] == "nothing");
  CHECK(answer["recipients"] == 0);
  CHECK(answer["queue_id"] == "");
}

TEST_CASE("replies are told by provider and class", "[control]") {
  const Fixture fixture;
  const auto count = [&](Json request) {
    request["command"] = "replies";
    return fixture.ask(request)["replies"].size();
  };
  CHECK(count(Json::object()) == 3);
  CHECK(count({{"unknown", true}}) == 2);
  CHECK(count({{"unknown", true}, {"provider", "gmail"}}) == 1);
  CHECK(count({{"provider", "nobody"}}) == 0);
  const Json reply =
      fixture.ask({{"command", "replies"}, {"unknown", true}, {"provider", "gmail"}})["replies"][0];
  CHECK(reply["sample"] == "550 5.7.1 zork");
  CHECK(reply["count"] == 3);
  CHECK(reply["stage"] == "rcpt");
}

TEST_CASE("of an unknown message nothing is told but how long things are kept", "[control]") {
  const Fixture fixture;
  const Json answer = fixture.ask({{"command", "events"}, {"queue_id", "4Xk2Pq1z9Rz"}});
  CHECK(answer["events"].empty());
  CHECK(answer["keep"] == "14d");
}

TEST_CASE("pending entries are listed apart, confirmed and cleared", "[control]") {
  const Fixture fixture;
  const auto listed = [&](bool pending, const char* provider) {
    return fixture
        .ask({{"command", "suppression.list"},
              {"pending", pending},
              {"pending_at", provider}})["entries"]
        .size();
  };
  CHECK(listed(true, "") == 2);
  CHECK(listed(true, "gmail") == 2);
  CHECK(listed(true, "yahoo") == 0);
  CHECK(listed(false, "") == 0);
  CHECK(fixture.ask({{"command", "status"}})["suppressed_pending"] == 2);
  const Json why = fixture.ask({{"command", "suppression.why"}, {"key", "a@b.example"}});
  CHECK(why["suppressed"] == false);
  REQUIRE(why["entries"].size() == 1);
  CHECK(why["entries"][0]["pending"] == "gmail");
  const Json confirmed = fixture.ask(
      {{"command", "suppression.confirm"}, {"keys", {"a@b.example", "nobody@b.example"}}});
  CHECK(confirmed["changed"] == 1);
  CHECK(confirmed["not_found"] == Json({"nobody@b.example"}));
  CHECK(listed(false, "") == 1);
  CHECK(fixture.ask({{"command", "suppression.clear_pending"},
                     {"provider", "yahoo"}})["not_found"] == Json({"yahoo"}));
  CHECK(fixture.ask({{"command", "suppression.clear_pending"}, {"all", true}})["changed"] == 1);
  CHECK(listed(true, "") == 0);
  CHECK(fixture.ask({{"command", "suppression.clear_pending"}, {"all", true}})["not_found"] ==
        Json({"all"}));
}

TEST_CASE("a pending entry is removed like any other", "[control]") {
  const Fixture fixture;
  CHECK(fixture.ask({{"command", "suppression.remove"}, {"keys", {"a@b.example"}}})["removed"] ==
        Json({"a@b.example"}));
  CHECK(fixture.ask({{"command", "suppression.why"}, {"key", "a@b.example"}})["entries"].empty());
}

TEST_CASE("bad pasts are refused, and nothing is learned", "[control]") {
  const Fixture fixture;
  const std::string_view request = GENERATE(
      as<std::string_view>{}, R"({"command":"learn","flows":{}})",
      R"({"command":"learn","flows":[1]})",
      R"({"command":"learn","flows":[{"sender":"a.example","provider":"gmail"}]})",
      R"({"command":"learn","flows":[{"sender":"a.example","provider":"gmail","state":"Z"}]})",
      R"({"command":"learn","flows":[{"sender":"a.example","provider":"gmail","state":"AAAA"}]})",
      R"({"command":"learn","flows":[{"sender":"a.example","provider":"","state":""}]})",
      R"({"command":"learn","domains":[["a.example","gmail"]]})",
      R"({"command":"learn","dead":[{"key":"a@b.example","evidence":""}]})",
      R"({"command":"learn","dead":[{"key":"a@b.example","evidence":"","time":"yesterday"}]})",
      R"({"command":"learn","dead":[{"key":"nobody","evidence":"","time":"2099-01-01T00:00:00Z"}]})");
  CAPTURE(request);
  CHECK(fixture.code(Json::parse(request)) == "usage");
  CHECK(fixture.engine->status().flows.empty());
}

TEST_CASE("an empty past changes nothing", "[control]") {
  const Fixture fixture;
  const Json answer = fixture.ask({{"command", "learn"}});
  CHECK(answer["changed"] == 0);
  CHECK(answer["suppressed"] == 0);
  CHECK(answer["flows"].empty());
}

}  // namespace
}  // namespace rampart::control
