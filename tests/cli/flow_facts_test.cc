// The numbers of one flow in words.

#include "cli/flow_facts.h"

#include "support/catch.h"

#include "flow_scenario.h"

namespace rampart::cli {
namespace {

struct RowCase {
  const char* name;
  void (*drive)(Scenario&);
  const char* row;
  const char* want;
};

TEST_CASE("the numbers of a flow in words", "[cli]") {
  static const RowCase kCases[] = {
      {"a new flow", [](Scenario&) {}, "day",
       "0 of 200 in 24 hours: the plan's start; never above 800"},
      {"grown", [](Scenario& s) { s.earn(300); }, "day",
       "0 of 420 in 24 hours: 1.4 x the level of 300; never above 800"},
      {"probed",
       [](Scenario& s) {
         s.earn(300);
         s.use_day();
         s.now += 2h;
         s.admit();
       },
       "day", "420 of 436 in 24 hours: 1.4 x the level of 300 and 16 by probing; never above 800"},
      {"max",
       [](Scenario& s) {
         s.plan.day_max = 150;
         s.take();
       },
       "day", "1 of 150 in 24 hours: the plan's start; never above 150, the plan's max"},
      {"limited",
       [](Scenario& s) {
         s.earn(300);
         s.deliver_many(100);
         s.sent_and_told(ReplyClass::ReputationBlock, true);
       },
       "day", "101 of 420 in 24 hours: 1.4 x the level of 300, under a learned limit"},
      {"limit",
       [](Scenario& s) {
         s.deliver_many(100);
         s.sent_and_told(ReplyClass::ReputationBlock, true);
       },
       "limit",
       "50 in 24 hours, part of what had been delivered when the provider blocked at 10:00; in "
       "force until Wed 10:00 (in 4d), without probing"},
      {"limit of deferral",
       [](Scenario& s) {
         s.deliver_many(100);
         s.sent_and_told(ReplyClass::RateLimited);
         s.now += 61min;
         s.told(ReplyClass::RateLimited, Standing::Deferred);
       },
       "limit",
       "100 in 24 hours, delivered before deferrals that lasted, learned at 11:01; in force until "
       "Wed 11:01 (in 4d), without probing"},
      {"no limit", [](Scenario&) {}, "limit", ""},
      {"rung",
       [](Scenario& s) {
         s.plan.schedule = {50, 100, 500};
         s.earn(40);
       },
       "day",
       "0 of 100 in 24 hours: a rung of the schedule; the next is 500, after a day with 80 "
       "delivered"},
      {"last rung",
       [](Scenario& s) {
         s.plan.schedule = {50, 100};
         s.earn(90);
       },
       "day", "0 of 100 in 24 hours: the schedule's last rung"},
      {"unlimited",
       [](Scenario& s) {
         s.plan.unlimited = true;
         s.take(7);
       },
       "day", "7 in 24 hours; no limit"},
      {"hour", [](Scenario& s) { s.take(3); }, "hour", "3 of 24 in this hour, one every 150 s"},
      {"hour of transactional mail", [](Scenario& s) { s.transactional = true; }, "hour",
       "0 of 24 in this hour, one every 150 s; transactional: paced apart from other mail"},
      {"under way", [](Scenario& s) { s.take(3); }, "under way",
       "3 of 4 in flight, 0 deferred in the MTA's queue"},
      {"under way without a log",
       [](Scenario& s) {
         s.take(3);
         s.feed_healthy = false;
       },
       "under way", "3 in flight, 0 deferred in the MTA's queue"},
      {"no level", [](Scenario&) {}, "level", "none yet: no day with deliveries is over"},
      {"today's deliveries", [](Scenario& s) { s.deliver_many(180); }, "level",
       "none yet: no day with deliveries is over; with the 180 of these 24 hours the day is 252 "
       "from Sun 11:00 on"},
      {"level and today",
       [](Scenario& s) {
         s.earn(300);
         s.deliver_many(400);
       },
       "level",
       "300 delivered in 24 hours, up to 2026-11-22 UTC; with the 400 of these 24 hours the day is "
       "560 from Tue 11:00 on"},
      {"fading",
       [](Scenario& s) {
         s.earn(1000);
         s.now += 24h * 60;
       },
       "level", "500, of 1 000 delivered in 24 hours up to 2026-11-22 UTC: long ago, it fades"},
      {"smarthost", [](Scenario& s) { s.status.smarthost = true; }, "level",
       "none yet: no day with deliveries is over; mail leaves through a smarthost, whose 250 "
       "teaches no level"},
      {"plan", [](Scenario& s) { s.plan.day_max = 5000; }, "plan",
       "standard: start 200, growth 1.4, max 5 000"},
      {"schedule",
       [](Scenario& s) {
         s.plan.schedule = {50, 100, 1000};
       },
       "plan", "standard: 50, 100, 1 000"},
      {"plan none", [](Scenario& s) { s.plan.unlimited = true; }, "plan",
       "standard: no limits, only pauses"},
      {"healthy", [](Scenario& s) { s.deliver_many(60); }, "sender",
       "0 of its last 60 recipients do not exist (0%)"},
      {"slowed growth",
       [](Scenario& s) {
         s.deliver_many(60);
         for (int i = 0; i < 4; ++i) {
           s.sent_and_told(ReplyClass::MailboxUnknown, true);
         }
       },
       "sender",
       "4 of its last 64 recipients do not exist (6.25%); more than 5%, so it grows by 1.15 only"},
      {"no log", [](Scenario& s) { s.feed_healthy = false; }, "log",
       "not read or late: what is in flight or deferred limits nothing, nothing is probed, levels "
       "freeze"},
      {"log", [](Scenario&) {}, "log", ""},
      {"observe", [](Scenario& s) { s.status.observe = true; }, "over", "defer, but observed only"},
      {"exempt", [](Scenario& s) { s.status.exempt = true; }, "over",
       "exempt: counted, never limited"},
  };
  for (const RowCase& c : kCases) {
    INFO(c.name);
    Scenario scenario;
    c.drive(scenario);
    CHECK(row(explain_flow(scenario.answer()), c.row) == c.want);
  }
}

}  // namespace
}  // namespace rampart::cli
