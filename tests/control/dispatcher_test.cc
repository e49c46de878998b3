#include "control/dispatcher.h"

#include <set>

#include <nlohmann/json.hpp>

#include "rampart/engine/transaction.h"
#include "rampart/store/state_store.h"
#include "support/catch.h"
#include "support/manual_clock.h"
#include "support/policy.h"

namespace rampart::control {
namespace {

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
    dispatcher = std::make_unique<Dispatcher>(
        *engine, Hooks{[this] { return reload; }, {}, hook(&released), hook(&dropped)}, "9.9");
  }
  // Notes who asked for which messages.
  HoldHook hook(std::vector<std::string>* asked) {
    return [this, asked](const std::vector<mail::QueueId>& ids,
                         std::string_view who) -> base::Result<std::vector<HoldOutcome>> {
      if (!helper) {
        return base::Error{base::Error::Kind::Unavailable, "no helper"};
      }
      asked->emplace_back(who);
      std::vector<HoldOutcome> outcomes;
      for (const mail::QueueId& id : ids) {
        asked->push_back(id.text());
        outcomes.push_back({id.text(), "still_held", "because"});
      }
      return outcomes;
    };
  }
  [[nodiscard]] std::string raw(std::string_view text) const {
    return dispatcher->answer(text, peer);
  }
  [[nodiscard]] Json ask(const Json& request) const { return Json::parse(raw(request.dump())); }
  [[nodiscard]] std::string code(const Json& request) const {
    const Json answer = ask(request);
    return answer.contains("error") ? answer["error"]["code"].get<std::string>() : "";
  }
  void send(const std::string& queue_id) const {
    auto transaction = engine->begin({}, *mail::parse_address("news@a.example"));
    engine->decide(transaction, {*mail::parse_address("u@b.example"), "<u@b.example>", "smtp"});
    engine->commit(transaction, *mail::parse_queue_id(queue_id));
  }

  test::ManualClock clock;
  std::unique_ptr<store::StateStore> store;
  std::unique_ptr<engine::Engine> engine;
  std::unique_ptr<Dispatcher> dispatcher;
  Peer peer{0, {0}, "root"};
  ReloadAnswer reload;
  std::vector<std::string> released;
  std::vector<std::string> dropped;
  bool helper = true;
};

TEST_CASE("what is no request is answered, whatever its bytes", "[control]") {
  const Fixture fixture;
  const std::string_view request = GENERATE(
      as<std::string_view>{}, "", "{", "[]", "null", "1", "\"status\"", "\xff\xfe", "{}",
      "{\"command\":1}", "{\"command\":\"\"}", "{\"command\":\"statuss\"}",
      "{\"command\":\"flow.show\"}", "{\"command\":\"flow.show\",\"sender\":1,\"provider\":\"b\"}",
      "{\"command\":\"suppression.add\"}", "{\"command\":\"suppression.add\",\"keys\":\"a@b.c\"}",
      "{\"command\":\"suppression.add\",\"keys\":[]}",
      "{\"command\":\"suppression.add\",\"keys\":[1]}",
      "{\"command\":\"suppression.add\",\"keys\":[\"no address\"]}",
      "{\"command\":\"suppression.add\",\"keys\":[\"a@b.example\"],\"for\":\"10\"}",
      "{\"command\":\"suppression.list\",\"reason\":\"whim\"}",
      "{\"command\":\"suppression.list\",\"limit\":0}",
      "{\"command\":\"hold.release\",\"ids\":[\"ALL\"]}");
  CAPTURE(request);
  const Json answer = Json::parse(fixture.raw(request));
  CHECK(answer["error"]["code"] == "usage");
  CHECK_FALSE(answer["error"]["text"].get<std::string>().empty());
}

TEST_CASE("every request of the table is answered, and as root only where it says so",
          "[control]") {
  Fixture fixture;
  fixture.send("4Xk2Pq1z9R1");
  std::set<std::string_view> names;
  for (const Request& one : requests()) {
    CAPTURE(one.name, one.example);
    CHECK(names.insert(one.name).second);
    Json request = Json::parse(one.example);
    request["command"] = one.name;
    fixture.peer = {4'000'000, {4'000'000}, "somebody"};
    CHECK((fixture.code(request) == "denied") == (one.privilege == Privilege::Root));
    fixture.peer = {0, {0}, "root"};
    const std::string code = fixture.code(request);
    CHECK(code != "usage");
    CHECK(code != "denied");
  }
  CHECK(names.size() == 25);
}

TEST_CASE("what nobody does for the service is refused", "[control]") {
  Fixture fixture;
  fixture.dispatcher = std::make_unique<Dispatcher>(*fixture.engine, Hooks{}, "9.9");
  for (const char* command : {"config.reload", "feed.lines"}) {
    CHECK(fixture.code({{"command", command}, {"source", "x"}, {"lines", Json::array()}}) ==
          "refused");
  }
}

TEST_CASE("deep nesting is answered", "[control]") {
  const Fixture fixture;
  CHECK(fixture.raw(std::string(1'000'000, '[')).find("\"usage\"") != std::string::npos);
}

TEST_CASE("status shows flows, unlimited counts as null", "[control]") {
  const Fixture fixture;
  fixture.send("4Xk2Pq1z9R1");
  const Json status = fixture.ask({{"command", "status"}});
  CHECK(status["version"] == "9.9");
  CHECK(status["mode"] == "enforce");
  REQUIRE(status["flows"].size() == 1);
  const Json& flow = status["flows"][0];
  CHECK(flow["sender"] == "a.example");
  CHECK(flow["provider"] == "b.example");
  CHECK(flow["used"] == 1);
  CHECK(flow["allowance"] == 2);
  CHECK(flow["in_flight"] == 1);
}

TEST_CASE("a flow is paused, resumed and forgotten", "[control]") {
  const Fixture fixture;
  fixture.send("4Xk2Pq1z9R1");
  const Json flow{{"sender", "a.example"}, {"provider", "b.example"}};
  const auto command = [&](const char* name) {
    Json request{{"command", name}};
    request.update(flow);
    return request;
  };
  CHECK(fixture.code({{"command", "flow.show"}, {"sender", "x"}, {"provider", "y"}}) ==
        "not_found");
  CHECK(fixture.code({{"command", "flow.pause"}, {"sender", "x"}, {"provider", "y"}}) ==
        "not_found");
  Json pause = command("flow.pause");
  pause["for"] = "2h";
  const Json paused = fixture.ask(pause);
  CHECK(paused["flow"]["state"] == "paused");
  CHECK(paused["flow"]["until"] ==
        base::format_utc(fixture.clock.wall_now() + std::chrono::hours{2}));
  CHECK(fixture.ask(command("flow.resume"))["flow"]["state"] != "paused");
  CHECK(fixture.ask(command("flow.reset"))["reset"] == true);
  CHECK(fixture.code(command("flow.show")) == "not_found");
}

TEST_CASE("one flow comes with what explains it, all flows do not", "[control]") {
  const Fixture fixture;
  fixture.send("4Xk2Pq1z9R1");
  const Json status = fixture.ask({{"command", "status"}});
  CHECK_FALSE(status["flows"][0].contains("explanation"));
  const Json answer =
      fixture.ask({{"command", "flow.show"}, {"sender", "a.example"}, {"provider", "b.example"}});
  const Json& explanation = answer["flow"]["explanation"];
  CHECK(explanation["flow"]["plan"]["start"] == 2);
  CHECK(explanation["flow"]["basis"] == "start");
  CHECK(explanation["flow"]["allowance"] == answer["flow"]["allowance"]);
  CHECK(explanation["flow"]["probing"]["bound"] == 8);
  CHECK(explanation["flow"]["limit"].is_null());
  CHECK(explanation["host"]["allowance"].is_null());
  CHECK(explanation["host"]["plan"]["unlimited"] == true);
  CHECK(explanation["feed_healthy"] == false);
  CHECK(explanation["provider_known"] == false);
}

TEST_CASE("suppressions are added, explained, listed and removed", "[control]") {
  const Fixture fixture;
  const Json answer = Json::parse(fixture.raw(
      R"({"command":"suppression.add","keys":["Bob@B.example","@c.example"],"reason":"by phone","for":"30d"})"));
  REQUIRE(answer["added"].size() == 2);
  CHECK(answer["added"][0]["key"] == "Bob@b.example");
  CHECK(answer["added"][0]["until"] ==
        base::format_utc(fixture.clock.wall_now() + std::chrono::hours{24 * 30}));
  const Json why = fixture.ask({{"command", "suppression.why"}, {"key", "Bob@b.example"}});
  CHECK(why["suppressed"] == true);
  REQUIRE_FALSE(why["entries"].empty());
  CHECK(why["entries"][0]["evidence"] == "by phone");
  CHECK(why["history"].back()["origin"] == "operator root");
  CHECK(fixture.ask({{"command", "suppression.why"}, {"key", "any@c.example"}})["suppressed"] ==
        true);
  CHECK(fixture.ask({{"command", "suppression.why"}, {"key", "any@d.example"}})["suppressed"] ==
        false);
  CHECK(fixture.ask({{"command", "suppression.list"}, {"reason", "operator"}})["entries"].size() ==
        2);
  CHECK(
      fixture
          .ask(
              {{"command", "suppression.list"}, {"contains", "bob"}, {"reason", "hard"}})["entries"]
          .empty());
  const Json page = fixture.ask({{"command", "suppression.list"}, {"limit", 1U}});
  CHECK(page["entries"].size() == 1);
  CHECK(page["more"] == true);
  const Json removed = fixture.ask(
      {{"command", "suppression.remove"}, {"keys", {"Bob@b.example", "eve@b.example"}}});
  CHECK(removed["removed"] == Json({"Bob@b.example"}));
  CHECK(removed["not_found"] == Json({"eve@b.example"}));
}

TEST_CASE("one bad address among good ones changes nothing", "[control]") {
  const Fixture fixture;
  for (const char* command : {"suppression.add", "suppression.import", "suppression.remove"}) {
    CAPTURE(command);
    CHECK(fixture.code({{"command", command}, {"keys", {"a@b.example", "nonsense"}}}) == "usage");
  }
  CHECK(fixture.ask({{"command", "suppression.list"}})["entries"].empty());
}

TEST_CASE("a dry run tells and changes nothing", "[control]") {
  const Fixture fixture;
  const auto run = [&](const char* command, const char* key, bool dry) {
    return fixture.ask({{"command", command}, {"keys", {key, "b@b.example"}}, {"dry_run", dry}});
  };
  CHECK(run("suppression.add", "a@b.example", true)["added"].size() == 2);
  CHECK(run("suppression.import", "a@b.example", true)["new"] == 2);
  CHECK(fixture.ask({{"command", "suppression.list"}})["entries"].empty());
  CHECK(run("suppression.import", "a@b.example", false)["new"] == 2);
  const Json again = run("suppression.import", "c@b.example", true);
  CHECK(again["new"] == 1);
  CHECK(again["known"] == 1);
  CHECK(fixture.ask({{"command", "suppression.list"}, {"reason", "import"}})["entries"].size() ==
        2);
}

TEST_CASE("held mail is listed, and charged when somebody entitled says it left", "[control]") {
  Fixture fixture;
  for (const char* id : {"4Xk2Pq1z9R0", "4Xk2Pq1z9R1", "4Xk2Pq1z9R2", "4Xk2Pq1z9R3"}) {
    fixture.send(id);
  }
  const Json held = fixture.ask({{"command", "hold.list"}})["held"];
  REQUIRE(held.size() == 2);
  CHECK(held.back()["queue_id"] == "4Xk2Pq1z9R3");
  CHECK(held.back()["recipients"] == Json({"u@b.example"}));
  const Json order{{"command", "hold.order"}, {"ids", {"4Xk2Pq1z9R3", "4Xk2Pq1z9R9"}}};
  const Json ended{{"command", "hold.ended"}, {"released", {"4Xk2Pq1z9R3"}}};
  const Json dropped{{"command", "hold.dropped"}, {"ids", {"4Xk2Pq1z9R2"}}};
  fixture.peer = {4'000'000, {4'000'000}, "somebody"};
  for (const Json& request : {order, ended, dropped}) {
    CHECK(fixture.code(request) == "denied");
  }
  CHECK(fixture.ask({{"command", "hold.list"}})["held"] == held);
  fixture.peer = {0, {0}, "root"};
  CHECK(fixture.ask(order)["ordered"] == Json({"4Xk2Pq1z9R3"}));
  CHECK(fixture.engine->releasing() ==
        std::vector<mail::QueueId>{*mail::parse_queue_id("4Xk2Pq1z9R3")});
  CHECK(fixture.ask(ended)["ended"] == 1);
  CHECK(fixture.ask({{"command", "hold.list"}})["held"].size() == held.size() - 1);
  CHECK(fixture.ask(dropped)["dropped"] == 1);
  CHECK(fixture.ask({{"command", "hold.list"}})["held"].size() == held.size() - 2);
}

TEST_CASE("orders for held mail go to the releaser, with who gave them", "[control]") {
  Fixture fixture;
  fixture.peer = {1000, {1000}, "eve"};
  for (const auto& [command, asked] :
       {std::pair("hold.release", &fixture.released), std::pair("hold.drop", &fixture.dropped)}) {
    const Json request{{"command", command},
                       {"ids", {"4Xk2Pq1z9R3", "4Xk2Pq1z9R3", "4Xk2Pq1z9R1"}}};
    fixture.helper = true;
    const Json answer = fixture.ask(request);
    CHECK(*asked == std::vector<std::string>{"operator eve", "4Xk2Pq1z9R3", "4Xk2Pq1z9R1"});
    REQUIRE(answer["messages"].size() == 2);
    CHECK(answer["messages"][0] ==
          Json{{"queue_id", "4Xk2Pq1z9R3"}, {"result", "still_held"}, {"text", "because"}});
    fixture.helper = false;
    CHECK(fixture.code(request) == "unavailable");
    CHECK(fixture.code({{"command", command}, {"ids", {"ALL"}}}) == "usage");
    CHECK(fixture.code({{"command", command}}) == "usage");
    Dispatcher without(*fixture.engine, Hooks{}, "9.9");
    CHECK(Json::parse(without.answer(request.dump(), fixture.peer))["error"]["code"] ==
          "unavailable");
  }
}

TEST_CASE("a reload is the daemon's to do", "[control]") {
  Fixture fixture;
  fixture.reload = {false, {"r.toml:1:1: error: bad"}};
  const Json bad = fixture.ask({{"command", "config.reload"}});
  CHECK(bad["reloaded"] == false);
  CHECK(bad["messages"] == Json({"r.toml:1:1: error: bad"}));
  fixture.reload = {true, {}};
  CHECK(fixture.ask({{"command", "config.reload"}})["reloaded"] == true);
  CHECK(fixture.ask({{"command", "sync"}})["ok"] == true);
}

}  // namespace
}  // namespace rampart::control
