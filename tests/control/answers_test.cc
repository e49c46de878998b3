// What people see with --json, byte for byte, and that it reads back as it was.

#include "rampart/control/answers.h"

#include <fstream>
#include <string>

#include <nlohmann/json.hpp>

#include "rampart/policy/options.h"
#include "support/catch.h"

namespace rampart::control {
namespace {

using Json = nlohmann::ordered_json;
using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): tests only

base::WallTime at(int hour) {
  return base::WallTime{std::chrono::sys_days{std::chrono::year{2026} / 11 / 21}} +
         std::chrono::hours{hour};
}

ramp::FlowFacts facts() {
  ramp::FlowFacts facts;
  facts.plan = {"mine", false, 200, 1.4, {50, 100}, 5000};
  facts.allowance = {420, 51, 4, 37, 5, 30, 300, true, true};
  facts.pause = {ramp::PauseFacts::Cause::Block, at(1), at(2), at(3), at(4), 30min, 90s};
  facts.careful = true;
  facts.in_flight = 3;
  facts.deferred = 2;
  facts.waits_until = at(5);
  facts.basis = ramp::Basis::Limit;
  facts.growth = 1.15;
  facts.extra = 16;
  facts.at_day_max = true;
  facts.frees_at = at(6);
  facts.frees = 7;
  facts.probing = {ramp::ProbingFacts::Obstacle::Deferral, at(7), 436, 800, 1h, true};
  facts.interval = 1500ms;
  facts.limit = 250;
  facts.limit_at = at(8);
  facts.limit_until = at(9);
  facts.limit_by_block = true;
  facts.growth_limited = 1.2;
  facts.rung_needed = 80;
  facts.rung_next = 500;
  facts.level_delivered = 310;
  facts.level_day = at(0);
  facts.next_day_at = at(10);
  facts.next_day = 560;
  return facts;
}

engine::FlowStatus flow() {
  engine::FlowStatus flow;
  flow.key = {"a.example", "gmail"};
  flow.plan = "mine";
  flow.action = "hold";
  flow.observe = true;
  flow.exempt = true;
  flow.summary = {ramp::FlowStatus::Paused, ramp::Reason::HostPaused, at(2), true,
                  facts().allowance};
  flow.in_flight = 3;
  flow.deferred_waiting = 2;
  flow.delivered = 900;
  flow.deferrals = 100;
  flow.refused = 1;
  flow.last_reply = "421 4.7.28 \"x\"";
  flow.last_rule = "gmail-rate";
  flow.last_active = at(11);
  flow.smarthost = true;
  ramp::Explanation& all = flow.explanation.emplace();
  all.summary.host = true;
  all.flow = facts();
  all.suffering = {"a.example", "b.example"};
  all.senders_heard = 3;
  all.recipients = 114.4;
  all.dead = 13.6;
  all.stop_since = at(12);
  all.stop_until = at(13);
  all.next_stop = 48h;
  all.stop_share = 0.12;
  all.bounce_share = 0.05;
  all.provider_known = false;
  all.transactional = true;
  all.first_contact = 4;
  ramp::FlowFacts& host = all.host;
  host.plan.unlimited = true;
  host.allowance.day = host.allowance.hour = host.allowance.flight = ramp::kUnlimited;
  host.basis = ramp::Basis::Unlimited;
  host.probing.obstacle = ramp::ProbingFacts::Obstacle::Unlimited;
  host.next_day = ramp::kUnlimited;
  return flow;
}

StatusAnswer status() {
  StatusAnswer answer{"0.1.0", "mx1.example.org", {}};
  engine::Status& status = answer.status;
  status.now = at(12);
  status.started = at(1);
  status.mode = policy::Mode::Enforce;
  status.store = "sqlite 3.40.1";
  status.store_degraded = true;
  status.feed_healthy = true;
  status.feed_problem = "none";
  status.sources = {{"/var/log/mail.log", true, 400ms, 10, 2, "late"}};
  status.flows = {flow()};
  status.flows[0].explanation.reset();
  status.held = 31;
  status.held_for_volume = 30;
  status.held_for_person = 1;
  status.releasing = 2;
  status.releaser = {true, true, at(11), "slow"};
  status.oldest_held = at(9);
  status.suppressed = 1204;
  status.suppressed_added = 18;
  status.suppressed_pending = 3;
  status.guards = {{"gmail", "many", 3}};
  status.replies_unknown = 5;
  status.replies = {{"delivered", 7}, {"rate_limited", 1}};
  status.counters = {{"decisions", 9}};
  status.warnings = {"something to read"};
  return answer;
}

HeldAnswer held() {
  using store::HeldRecord;
  HeldAnswer answer{at(12), {}};
  engine::HeldMessage& message = answer.held.emplace_back();
  message.record.queue_id = "4Xk2Pq1z9R1";
  message.record.sender = "a.example";
  message.record.recipients = {"u@b.example", "v@c.example"};
  message.record.providers = {"gmail", "yahoo"};
  message.record.reason = "day";
  message.record.held_at = at(9);
  message.record.waits_for = HeldRecord::WaitsFor::Person;
  message.record.state = HeldRecord::State::Releasing;
  answer.held.push_back(message);
  answer.held.back().record.waits_for = HeldRecord::WaitsFor::Volume;
  answer.held.back().record.state = HeldRecord::State::Waiting;
  answer.held.back().expected = at(13);
  return answer;
}

suppression::Entry entry() {
  return {"u@b.example", "a.example",   suppression::Reason::Hard,
          "550 5.1.1",   "4Xk2Pq1z9R1", "unknown-user",
          at(1),         at(2),         "gmail"};
}

WhyAnswer why() {
  WhyAnswer answer{"u@b.example", true, {{entry(), "many refusals"}, {entry(), ""}}, {}};
  answer.entries[1].entry.pending.clear();
  answer.entries[1].entry.until.reset();
  answer.history = {{suppression::Change::Kind::Lifted, "u@b.example", "a.example",
                     suppression::Reason::Complaint, at(3), "operator root", "by phone"}};
  return answer;
}

AddedAnswer added(bool dry_run) {
  return {{{entry(), !dry_run, dry_run}}, dry_run};
}

RepliesAnswer replies() {
  return {{{"gmail", "550 zork", "undefined", "no-rule", true, 12, at(1), at(2), "550 zork 1",
            "rcpt"}}};
}

EventsAnswer events() {
  return {"4Xk2Pq1z9R1",
          "14d",
          {{at(1), "4Xk2Pq1z9R1", "sent", "u@b.example", "a.example", "gmail", "250 OK", "ok"}}};
}

// One line for each answer, as the service has always written it.
class Golden {
 public:
  /// Written it is the next line; what is read of that line is written as the same.
  template <class Answer>
  void check_next(const Answer& answer) {
    std::string expected;
    REQUIRE(std::getline(lines_, expected));
    CHECK(encode(answer).dump() == expected);
    CHECK(encode(decode<Answer>(Json::parse(expected))).dump() == expected);
  }
  [[nodiscard]] bool at_end() { return lines_.peek() == std::ifstream::traits_type::eof(); }

 private:
  std::ifstream lines_{RAMPART_SOURCE_DIR "/tests/golden/control/answers.jsonl"};
};

TEST_CASE("answers are the JSON that they were, and read back", "[control]") {
  Golden golden;
  golden.check_next(FlowAnswer{at(12), flow()});
  golden.check_next(status());
  golden.check_next(held());
  golden.check_next(why());
  golden.check_next(added(false));
  golden.check_next(added(true));
  golden.check_next(replies());
  golden.check_next(events());
  golden.check_next(LearnedAnswer{{{{"a.example", "gmail"}, 3, 40, true}}, 1, 2});
  golden.check_next(OrdersAnswer{{{"4Xk2Pq1z9R1", "still_held", "because"}}});
  CHECK(golden.at_end());
}

TEST_CASE("what is missing or of another type keeps its default", "[control]") {
  for (const char* text : {"{}", "[]", "null", "1", "{\"flow\":3}", "{\"flow\":[]}",
                           "{\"flow\":{\"sender\":1,\"used\":-1,\"level\":1.5,\"observe\":0}}",
                           "{\"flow\":{\"state\":\"asleep\",\"reason\":7,\"until\":\"soon\"}}",
                           "{\"flow\":{\"until\":1,\"last_active\":{},\"explanation\":null}}"}) {
    CAPTURE(text);
    const auto answer = decode<FlowAnswer>(Json::parse(text));
    CHECK(encode(answer) == encode(FlowAnswer{}));
  }
  CHECK(decode<HeldAnswer>(Json::parse("{\"held\":{}}")).held.empty());
  CHECK(decode<StatusAnswer>(Json::parse("{\"counters\":[1]}")).status.counters.empty());
}

TEST_CASE("no limit, never and for ever are null", "[control]") {
  engine::FlowStatus one;
  one.summary.allowance.day = ramp::kUnlimited;
  for (const base::WallTime time :
       {base::WallTime{}, base::WallTime{std::chrono::sys_days{std::chrono::year{3000} / 1 / 1}},
        base::WallTime::max()}) {
    one.summary.until = time;
    const Json json = encode(FlowAnswer{at(1), one})["flow"];
    CHECK(json["until"].is_null());
    CHECK(json["allowance"].is_null());
    CHECK_FALSE(json.contains("explanation"));
    const auto read = decode<FlowAnswer>(Json{{"flow", json}}).flow;
    CHECK(read.summary.allowance.day == ramp::kUnlimited);
    CHECK_FALSE(known(read.summary.until).has_value());
    CHECK_FALSE(read.explanation.has_value());
  }
}

}  // namespace
}  // namespace rampart::control
