// One flow in words, for every reason a postmaster meets. The numbers come from a flow that was
// driven there by admissions and reports.

#include "cli/flow_words.h"

#include <string>
#include <vector>

#include "support/catch.h"

#include "cli/flow.h"
#include "flow_scenario.h"

namespace rampart::cli {
namespace {

struct Case {
  const char* name;
  void (*drive)(Scenario&);
  const char* state;
  const char* why;
  const char* next;
  const char* act;
};

void check(const Case& c) {
  INFO(c.name);
  Scenario scenario;
  c.drive(scenario);
  const std::vector<FlowRow> rows = explain_flow(scenario.answer());
  CHECK(row(rows, "state") == c.state);
  CHECK(row(rows, "why") == c.why);
  CHECK(row(rows, "next") == c.next);
  CHECK(row(rows, "do") == c.act);
}

TEST_CASE("why a flow is paused, and what follows", "[cli]") {
  static const Case kCases[] = {
      {"stopped",
       [](Scenario& s) {
         s.deliver_many(100);
         for (int i = 0; i < 14; ++i) {
           s.sent_and_told(ReplyClass::MailboxUnknown, true);
         }
         s.now += 30min;
       },
       "paused until Sun 10:00 (dead addresses)",
       "14 of the last 114 recipients of this sender do not exist (12.3%, more than 12% stops it "
       "at all providers), told at 10:00",
       "nothing to any provider until Sun 10:00 (in 1d), then as before; the next stop would last "
       "2d",
       "clean the list; at once, for all flows of this sender: rampart flow resume a.example "
       "gmail"},
      {"too fast, and it waits in the queue",
       [](Scenario& s) {
         s.sent_and_told(ReplyClass::RateLimited);
         s.now += 4min;
         s.told(ReplyClass::RateLimited, Standing::Deferred);
       },
       "paused until 10:15", "the provider said \"too fast\", last at 10:04; paused since 10:00",
       "nothing new until 10:15 (in 11m), then the MTA's queue asks first: new mail waits for its "
       "1 deferred recipient until 16:00 at most, then goes one message at a time until one is "
       "delivered; \"too fast\" again pauses for 30m",
       "wait; or at once: rampart flow resume a.example gmail"},
      {"too fast, and it has left the queue",
       [](Scenario& s) { s.sent_and_told(ReplyClass::RateLimited, true); }, "paused until 10:15",
       "the provider said \"too fast\", last at 10:00; paused since 10:00",
       "nothing new until 10:15 (in 15m), then one message as a test, one at a time until one is "
       "delivered; \"too fast\" again pauses for 30m",
       "wait; or at once: rampart flow resume a.example gmail"},
      {"too fast again",
       [](Scenario& s) {
         s.sent_and_told(ReplyClass::RateLimited);
         s.now += 16min;
         s.told(ReplyClass::RateLimited, Standing::Deferred);
         s.now += 31min;
         s.told(ReplyClass::RateLimited, Standing::Deferred);
       },
       "paused until 11:47", "the provider said \"too fast\", last at 10:47; paused since 10:47",
       "nothing new until 11:47 (in 1h), then the MTA's queue asks first: new mail waits for its 1 "
       "deferred recipient until 16:00 at most, then goes one message at a time until one is "
       "delivered; \"too fast\" again pauses for 2h",
       "wait; or at once: rampart flow resume a.example gmail"},
      {"too fast for hours: nothing waits beyond the pause",
       [](Scenario& s) {
         s.sent_and_told(ReplyClass::RateLimited);
         for (int i = 0; i < 5; ++i) {
           s.now += 3h;
           s.told(ReplyClass::RateLimited, Standing::Deferred);
         }
       },
       "paused until 02:00",
       "the provider said \"too fast\", last at 01:00; paused since 2026-11-21 22:00",
       "nothing new until 02:00 (in 1h), then one message as a test, one at a time until one is "
       "delivered; \"too fast\" again pauses for 6h",
       "wait; or at once: rampart flow resume a.example gmail"},
      {"too fast and a block",
       [](Scenario& s) {
         s.sent_and_told(ReplyClass::RateLimited);
         s.now += 2min;
         s.sent_and_told(ReplyClass::ReputationBlock, true);
       },
       "paused until 10:15",
       "the provider said \"too fast\", last at 10:00; paused since 10:00; it blocked mail too, at "
       "10:02",
       "nothing new until 10:15 (in 13m), then the MTA's queue asks first: new mail waits for its "
       "1 deferred recipient until 16:00 at most, then goes one message at a time until one is "
       "delivered; \"too fast\" again pauses for 30m",
       "wait; or at once: rampart flow resume a.example gmail"},
      {"too fast without a log",
       [](Scenario& s) {
         s.sent_and_told(ReplyClass::RateLimited);
         s.feed_healthy = false;
       },
       "paused until 10:15", "the provider said \"too fast\", last at 10:00; paused since 10:00",
       "nothing new until 10:15 (in 15m), then mail goes within its limits, without a test: the "
       "log is not read; \"too fast\" again pauses for 30m",
       "wait; or at once: rampart flow resume a.example gmail"},
      {"block",
       [](Scenario& s) {
         s.deliver_many(100);
         s.sent_and_told(ReplyClass::ReputationBlock, true);
         s.now += 10min;
       },
       "paused until 11:00", "the provider blocked mail, last told at 10:00; paused since 10:00",
       "nothing new until 11:00 (in 50m), then one message as a test, one at a time until one is "
       "delivered; another block pauses for 2h; at most 70 in 24 hours until Wed 10:00",
       "find the cause (rampart explain REPLY); wait; or at once: rampart flow resume a.example "
       "gmail"},
      {"block after block",
       [](Scenario& s) {
         s.deliver_many(100);
         s.sent_and_told(ReplyClass::ReputationBlock, true);
         s.now += 61min;
         s.sent_and_told(ReplyClass::ReputationBlock, true);
       },
       "paused until 13:01", "the provider blocked mail, last told at 11:01; paused since 11:01",
       "nothing new until 13:01 (in 2h), then one message as a test, one at a time until one is "
       "delivered; another block pauses for 4h; at most 70 in 24 hours until Wed 11:01",
       "find the cause (rampart explain REPLY); wait; or at once: rampart flow resume a.example "
       "gmail"},
      {"a person, for a while", [](Scenario& s) { ramp::set_manual_pause(s.flow, s.now + 3h); },
       "paused until 13:00", "a person paused it", "nothing until 13:00 (in 3h)",
       "at once: rampart flow resume a.example gmail"},
      {"a person, until resumed",
       [](Scenario& s) { ramp::set_manual_pause(s.flow, base::WallTime::max()); },
       "paused until resumed", "a person paused it", "nothing until a person resumes it",
       "at once: rampart flow resume a.example gmail"},
      {"the whole host",
       [](Scenario& s) {
         s.deliver_many(1);
         s.other_sender_told(ReplyClass::RateLimited, "b.example");
         s.other_sender_told(ReplyClass::RateLimited, "c.example");
         s.now += 3min;
       },
       "paused until 10:15 (whole host)",
       "this host is paused at this provider: 2 of 3 senders suffer: b.example, c.example; the "
       "provider said \"too fast\", last at 10:00; paused since 10:00",
       "nothing new until 10:15 (in 12m), then one message as a test, one at a time until one is "
       "delivered; \"too fast\" again pauses for 30m",
       "wait: a pause of the whole host ends by itself"},
      {"waiting for the queue",
       [](Scenario& s) {
         s.take(2);
         s.told(ReplyClass::RateLimited, Standing::InFlight);
         s.told(ReplyClass::RateLimited, Standing::InFlight);
         s.now += 20min;
       },
       "paused until 16:00 (deferred mail waits)",
       "2 recipients that the provider deferred as \"too fast\" wait in the MTA's queue, whose own "
       "retry asks first",
       "new mail goes when they are through; at 16:00 (in 5h 40m) one message may ask all the same",
       "postqueue -p shows them; or at once: rampart flow resume a.example gmail"},
      {"waiting for the queue after a delivery",
       [](Scenario& s) {
         s.take(2);
         s.told(ReplyClass::RateLimited, Standing::InFlight);
         s.now += 20min;
         s.told(ReplyClass::Delivered, Standing::InFlight);
       },
       "paused until 16:00 (deferred mail waits)",
       "1 recipient that the provider deferred as \"too fast\" waits in the MTA's queue, whose own "
       "retry asks first",
       "new mail goes when it is through; at 16:00 (in 5h 40m) it goes all the same",
       "postqueue -p shows them; or at once: rampart flow resume a.example gmail"},
  };
  for (const Case& c : kCases) {
    check(c);
  }
}

TEST_CASE("why a flow is slowed or open, and what follows", "[cli]") {
  static const Case kCases[] = {
      {"open", [](Scenario& s) { s.deliver_many(3); }, "open", "nothing stands in the way",
       "mail goes as it comes: 197 more in these 24 hours", ""},
      {"open without limits", [](Scenario& s) { s.plan.unlimited = true; }, "open",
       "nothing stands in the way", "mail goes as it comes", ""},
      {"one at a time, none under way",
       [](Scenario& s) {
         s.sent_and_told(ReplyClass::RateLimited, true);
         s.now += 20min;
       },
       "slowed (one at a time)",
       "nothing was delivered since the pause that ended at 10:15: mail goes one at a time",
       "one message may go now, as a test; a delivery ends this, \"too fast\" again pauses for 30m",
       ""},
      {"one at a time, one under way",
       [](Scenario& s) {
         s.sent_and_told(ReplyClass::RateLimited, true);
         s.now += 20min;
         s.take();
       },
       "slowed (one at a time)",
       "nothing was delivered since the pause that ended at 10:15: mail goes one at a time",
       "one message is under way as a test; a delivery ends this, \"too fast\" again pauses for "
       "30m",
       ""},
      {"the host one at a time",
       [](Scenario& s) {
         s.deliver_many(1);
         s.other_sender_told(ReplyClass::RateLimited, "b.example");
         s.other_sender_told(ReplyClass::RateLimited, "c.example");
         s.now += 16min;
         ramp::take(s.host.flow, s.host_context(s.now));
       },
       "slowed (one at a time)",
       "nothing was delivered since the pause that ended at 10:15: this host's mail goes one at a "
       "time",
       "one message is under way as a test; a delivery ends this, \"too fast\" again pauses for "
       "30m",
       ""},
      {"hour", [](Scenario& s) { ramp::charge(s.flow, s.context(), 24); }, "slowed (hour)",
       "this hour's part of the allowance is used: 24 of 24",
       "the next recipient may go at 11:00 (in 1h)", ""},
      {"pace", [](Scenario& s) { ramp::charge(s.flow, s.context(), 11); }, "slowed (pace)",
       "mail is spaced evenly: 24 an hour, one every 150 s",
       "the next recipient may go at 10:05 (in 5m)", ""},
      {"in flight", [](Scenario& s) { s.take(4); }, "slowed (in flight)",
       "4 of 4 are under way whose fate is not known yet",
       "the next goes as soon as the log tells what became of one", ""},
      {"new ground",
       [](Scenario& s) {
         s.earn(300);
         ramp::charge(s.flow, s.context(), 300);
         s.now += 2h;
         s.take();
       },
       "slowed (in flight)",
       "1 of 1 is under way whose fate is not known yet; this is more in 24 hours than was ever "
       "delivered (300), so it goes slowly",
       "the next goes as soon as the log tells what became of one", ""},
      {"first contact",
       [](Scenario& s) {
         s.provider_known = false;
         s.take(4);
       },
       "slowed (first contact)",
       "nobody knows yet which provider runs this domain's mail: 4 recipients until the first "
       "answer",
       "4 recipients under way; the first answer opens the flow", ""},
      {"limited by deferral that lasted",
       [](Scenario& s) {
         s.deliver_many(100);
         s.sent_and_told(ReplyClass::RateLimited);
         s.now += 61min;
         s.told(ReplyClass::RateLimited, Standing::Deferred);
         s.now += 1h;
         s.told(ReplyClass::Delivered, Standing::Deferred);
       },
       "slowed (limited until Wed 11:01)", "a learned limit is in force; mail goes within it",
       "39 more in these 24 hours; the limit ends at Wed 11:01 (in 3d 23h)", ""},
      {"limited by a block",
       [](Scenario& s) {
         s.deliver_many(100);
         s.sent_and_told(ReplyClass::ReputationBlock, true);
         s.now += 25h;
         s.take();
         s.told(ReplyClass::Delivered, Standing::InFlight);
       },
       "slowed (limited until Wed 10:00)", "a learned limit is in force; mail goes within it",
       "69 more in these 24 hours; the limit ends at Wed 10:00 (in 2d 23h)", ""},
  };
  for (const Case& c : kCases) {
    check(c);
  }
}

TEST_CASE("what follows when the day's allowance is used", "[cli]") {
  static const Case kCases[] = {
      {"probing goes on",
       [](Scenario& s) {
         s.earn(200);
         s.use_day();
         s.now += 2h;
       },
       "open", "the day's allowance is used: 280 of 280 in 24 hours",
       "probing now: 291 in 24 hours, then more every 10m, up to 800", ""},
      {"a step was just taken and used",
       [](Scenario& s) {
         s.earn(200);
         s.use_day();
         s.now += 2h;
         s.admit();
         s.use_day();
       },
       "full, next at 12:10", "the day's allowance is used: 291 of 291 in 24 hours",
       "probing from 12:10 (in 10m): 302 in 24 hours, then more every 10m, up to 800; 280 more at "
       "Tue 10:00 (in 22h) as the oldest hour leaves the window",
       ""},
      {"the step waits for mail under way",
       [](Scenario& s) {
         s.take();
         s.use_day();
       },
       "full, next at 10:01", "the day's allowance is used: 200 of 200 in 24 hours",
       "probing when the mail under way is reported: 208 in 24 hours, then more every 10m, up to "
       "800; 200 more at Sun 10:00 (in 1d) as the oldest hour leaves the window",
       ""},
      {"a deferral a while ago",
       [](Scenario& s) {
         s.sent_and_told(ReplyClass::RateLimited);
         s.now += 16min;
         s.told(ReplyClass::Delivered, Standing::Deferred);
         s.use_day();
       },
       "full, next at 11:00", "the day's allowance is used: 200 of 200 in 24 hours",
       "probing from 11:00 (in 44m) after the deferral at 10:00: 208 in 24 hours, then more every "
       "10m, up to 800; 200 more at Sun 10:00 (in 1d) as the oldest hour leaves the window",
       ""},
      {"a block some days ago",
       [](Scenario& s) {
         s.sent_and_told(ReplyClass::ReputationBlock, true);
         s.now += 24h * 5;
         s.deliver_many(1);
         s.use_day();
       },
       "full, next at Fri 10:00", "the day's allowance is used: 200 of 200 in 24 hours",
       "200 more at Fri 10:00 (in 1d) as the oldest hour leaves the window; probing from Sat 10:00 "
       "(in 2d) after the block at 2026-11-21 10:00: 208 in 24 hours, then more every 10m, up to "
       "800",
       ""},
      {"a learned limit",
       [](Scenario& s) {
         s.sent_and_told(ReplyClass::RateLimited);
         s.now += 61min;
         s.told(ReplyClass::RateLimited, Standing::Deferred);
         s.now += 1h;
         s.told(ReplyClass::Delivered, Standing::Deferred);
         s.use_day();
       },
       "full, next at Sun 10:00", "the day's allowance is used: 1 of 1 in 24 hours",
       "1 more at Sun 10:00 (in 21h 59m) as the oldest hour leaves the window; no probing under a "
       "learned limit, which ends at Wed 11:01 (in 3d 23h)",
       ""},
      {"a schedule",
       [](Scenario& s) {
         s.plan.schedule = {50, 100, 500};
         s.use_day();
       },
       "full, next at Sun 10:00", "the day's allowance is used: 50 of 50 in 24 hours",
       "50 more at Sun 10:00 (in 1d) as the oldest hour leaves the window; no probing: a "
       "schedule's rung is never exceeded",
       ""},
      {"the hard bound",
       [](Scenario& s) {
         s.plan.day_max = 150;
         s.use_day();
       },
       "full, next at Sun 10:00", "the day's allowance is used: 150 of 150 in 24 hours",
       "150 more at Sun 10:00 (in 1d) as the oldest hour leaves the window; no probing: it has "
       "come to its bound of 150",
       ""},
      {"no log",
       [](Scenario& s) {
         s.use_day();
         s.feed_healthy = false;
       },
       "full, next at Sun 10:00", "the day's allowance is used: 200 of 200 in 24 hours",
       "200 more at Sun 10:00 (in 1d) as the oldest hour leaves the window; no probing: the log is "
       "not read",
       ""},
      {"more than the day's allowance, by one large message",
       [](Scenario& s) { ramp::charge(s.flow, s.context(), 900); }, "full, next at Sun 10:00",
       "the day's allowance is used: 900 of 200 in 24 hours",
       "200 more at Sun 10:00 (in 1d) as the oldest hour leaves the window; no probing: it has "
       "come to its bound of 800",
       ""},
      {"the host's day",
       [](Scenario& s) {
         s.host_plan = {};
         s.host_plan.start = 20;
         s.take();
         ramp::charge(s.host.flow, s.host_context(s.now), 79);
       },
       "full, next at Sun 10:00",
       "the day's allowance of this whole host is used: 80 of 20 in 24 hours",
       "20 more at Sun 10:00 (in 1d) as the oldest hour leaves the window; no probing: it has come "
       "to its bound of 80",
       ""},
  };
  for (const Case& c : kCases) {
    check(c);
  }
}

TEST_CASE("mail that passes all the same says so", "[cli]") {
  static const Case kCases[] = {
      {"exempt",
       [](Scenario& s) {
         s.status.exempt = true;
         s.take(4);
       },
       "slowed (in flight), exempt", "4 of 4 are under way whose fate is not known yet",
       "mail goes all the same: the flow is exempt; else: the next goes as soon as the log tells "
       "what became of one",
       ""},
      {"observed",
       [](Scenario& s) {
         s.status.observe = true;
         s.take(4);
       },
       "slowed (in flight), observed only", "4 of 4 are under way whose fate is not known yet",
       "mail goes all the same: the flow is only observed; else: the next goes as soon as the log "
       "tells what became of one",
       ""},
      {"tagged",
       [](Scenario& s) {
         s.status.action = "tag";
         s.take(4);
       },
       "slowed (in flight)", "4 of 4 are under way whose fate is not known yet",
       "mail goes all the same: over is \"tag\"; else: the next goes as soon as the log tells what "
       "became of one",
       ""},
  };
  for (const Case& c : kCases) {
    check(c);
  }
}

TEST_CASE("a whole flow on the screen", "[cli]") {
  Scenario s;
  s.earn(228);
  s.deliver_many(31);
  s.now += 2h;
  s.take(2);
  s.told(ReplyClass::RateLimited, Standing::InFlight);
  s.now += 4min;
  s.told(ReplyClass::RateLimited, Standing::Deferred);
  s.status.last_reply = "421 4.7.28 unusual rate of unsolicited mail";
  s.status.last_rule = "gmail-rate";
  s.status.delivered = 259;
  s.status.deferrals = 2;
  CHECK(render_flow(s.answer(), false) == R"(flow        a.example -> gmail
state       paused until 12:15 (gmail-rate)
why         the provider said "too fast", last at 12:04; paused since 12:00
reply       421 4.7.28 unusual rate of unsolicited mail   rule gmail-rate
next        nothing new until 12:15 (in 11m), then the MTA's queue asks first: new mail waits for
            its 1 deferred recipient until 18:00 at most, then goes one message at a time until one
            is delivered; "too fast" again pauses for 30m
do          wait; or at once: rampart flow resume a.example gmail
day         33 of 319 in 24 hours: 1.4 x the level of 228; never above 800
hour        2 of 228 in this hour, one every 1.3 s
under way   1 of 11 in flight, 1 deferred in the MTA's queue
level       228 delivered in 24 hours, up to 2026-11-22 UTC; with the 31 of these 24 hours the day
            is 319 from Tue 13:00 on
plan        standard: start 200, growth 1.4
sender      0 of its last 259 recipients do not exist (0%)
reports     31 delivered in 24 hours; since start 259 delivered, 2 deferred or blocked, 0 refused
over        defer
)");
}

}  // namespace
}  // namespace rampart::cli
