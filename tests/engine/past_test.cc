#include "rampart/engine/past.h"

#include "rampart/ramp/codec.h"

#include "engine/fixture.h"

namespace rampart::engine {
namespace {

using test::Bench;

// A flow that delivered `units` on each of the three days before `now`.
ramp::Flow past_flow(base::WallTime now, int units) {
  const ramp::Plan plan;
  const ramp::Constants constants;
  ramp::Flow flow;
  ramp::HostFlow host;
  ramp::Health health;
  for (int day = 3; day >= 1; --day) {
    const ramp::Context context{plan, constants, now - std::chrono::hours{24 * day + 1}};
    for (int i = 0; i < units; ++i) {
      ramp::charge(flow, context);
      ramp::Reported reported;
      reported.reply_class = reply::ReplyClass::Delivered;
      reported.final = true;
      ramp::on_report({flow, host, health, "a.example"}, reported, context, context);
    }
  }
  return flow;
}

TEST_CASE("the past raises levels, durably and once", "[engine]") {
  Bench bench;
  const Past past{{{{"a.example", "gmail"}, past_flow(bench.clock.wall_now(), 300)},
                   {{"", "gmail"}, past_flow(bench.clock.wall_now(), 400)}},
                  {{"firm.example", "gmail"}, {"evil.example", "nobody"}}};
  const auto merged = bench.engine->merge_past(past, "root");
  REQUIRE(merged.has_value());
  REQUIRE(merged->size() == 2);
  CHECK((*merged)[0].changed);
  CHECK((*merged)[0].level_before == 0);
  CHECK((*merged)[0].level == 300);
  CHECK((*merged)[1].level == 400);
  const auto again = bench.engine->merge_past(past, "root");
  REQUIRE(again.has_value());
  CHECK_FALSE((*again)[0].changed);
  CHECK_FALSE((*again)[1].changed);
  bench.restart();
  CHECK(bench.flow("a.example", "gmail").summary.allowance.level == 300);
  CHECK_FALSE((*bench.engine->merge_past(past, "root"))[1].changed);
  // A domain that a relay of the past has taught, and one whose provider has no name.
  REQUIRE(bench.send("x@a.example", "u@firm.example", "A1234"));
  CHECK(bench.flow("a.example", "gmail").in_flight == 1);
  REQUIRE(bench.send("x@a.example", "u@evil.example", "A1235"));
  CHECK(bench.flow("a.example", "evil.example").in_flight == 1);
}

TEST_CASE("who sent mail in the past is not new", "[engine]") {
  policy::Options options = test::strict_options();
  options.new_senders_per_day = 0;
  Bench bench(options);
  REQUIRE(bench.engine
              ->merge_past({{{{"a.example", "gmail"}, past_flow(bench.clock.wall_now(), 5)}}, {}},
                           "root")
              .has_value());
  REQUIRE(bench.send("x@a.example", "u@gmail.example", "A1234"));
  REQUIRE(bench.send("x@b.example", "u@gmail.example", "A1235"));
  CHECK(bench.flow("a.example", "gmail").in_flight == 1);
  CHECK(bench.flow("new", "gmail").in_flight == 1);
}

TEST_CASE("sources begin where they are told to", "[engine]") {
  Bench bench;
  CHECK(bench.engine->is_new());
  store::CursorRecord cursor;
  cursor.source = "/var/log/mail.log";
  cursor.offset = 4711;
  store::CursorRecord done;
  done.source = "history";
  REQUIRE(bench.engine->begin_sources({cursor, done}).has_value());
  bench.restart();
  CHECK_FALSE(bench.engine->is_new());
  REQUIRE(bench.engine->cursor("/var/log/mail.log").has_value());
  CHECK(bench.engine->cursor("/var/log/mail.log")->offset == 4711);
}

TEST_CASE("a past that is none is refused", "[engine]") {
  const std::string bytes = ramp::encode(ramp::Flow{});
  CHECK(decode_past({"a.example", "gmail"}, bytes).has_value());
  CHECK(decode_past({"", "gmail"}, bytes).has_value());
  CHECK_FALSE(decode_past({"a.example", ""}, bytes).has_value());
  CHECK_FALSE(decode_past({"a\nb", "gmail"}, bytes).has_value());
  CHECK_FALSE(decode_past({"a.example", std::string(300, 'x')}, bytes).has_value());
  CHECK_FALSE(decode_past({"a.example", "gmail"}, bytes.substr(1)).has_value());
}

}  // namespace
}  // namespace rampart::engine
