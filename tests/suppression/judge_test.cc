#include <algorithm>
#include <array>
#include <random>
#include <set>

#include "rampart/suppression/entry.h"
#include "support/catch.h"
#include "support/manual_clock.h"

namespace rampart::suppression {
namespace {

using mail::Stage;
using reply::ReplyClass;
using std::chrono::days;
using std::chrono::hours;

constexpr base::WallTime kStart = test::ManualClock::kStart;
constexpr Stage kStages[] = {Stage::Unknown, Stage::Connect, Stage::Helo,     Stage::Mail,
                             Stage::Rcpt,    Stage::Data,    Stage::EndOfData};
constexpr ReplyClass kMailboxClasses[] = {ReplyClass::MailboxUnknown, ReplyClass::MailboxDisabled,
                                          ReplyClass::MailboxMoved};

// A permanent "no such user" as a rule that suppresses sees it.
Bounce no_such_user(Stage stage, bool names_mailbox, std::uint32_t recipients) {
  Bounce bounce;
  bounce.reply_class = ReplyClass::MailboxUnknown;
  bounce.permanent = true;
  bounce.stage = stage;
  bounce.rule_suppresses = true;
  bounce.names_mailbox = names_mailbox;
  bounce.transaction_recipients = recipients;
  return bounce;
}

// Every combination of the facts about a reply of one class.
template <class Visit>
void for_each_bounce(ReplyClass reply_class, Visit visit) {
  for (const Stage stage : kStages) {
    for (unsigned bits = 0; bits < 16; ++bits) {
      for (const std::uint32_t recipients : {0U, 1U, 2U, 50U}) {
        Bounce bounce;
        bounce.reply_class = reply_class;
        bounce.stage = stage;
        bounce.permanent = (bits & 1) != 0;
        bounce.rule_suppresses = (bits & 2) != 0;
        bounce.names_mailbox = (bits & 4) != 0;
        bounce.null_mx = (bits & 8) != 0;
        bounce.transaction_recipients = recipients;
        INFO("stage " << to_string(stage) << " bits " << bits << " recipients " << recipients);
        visit(bounce);
      }
    }
  }
}

TEST_CASE("an address is blamed only where the reply can be about it", "[suppression][unit]") {
  struct Case {
    Stage stage;
    bool names_mailbox;
    std::uint32_t recipients;
    Judgement want;
  };
  static const Case kCases[] = {
      {Stage::Rcpt, false, 0, Judgement::Hard},     {Stage::Rcpt, true, 50, Judgement::Hard},
      {Stage::Unknown, true, 0, Judgement::Hard},   {Stage::Unknown, false, 1, Judgement::None},
      {Stage::EndOfData, true, 1, Judgement::Hard}, {Stage::EndOfData, true, 2, Judgement::None},
      {Stage::EndOfData, true, 0, Judgement::None}, {Stage::EndOfData, false, 1, Judgement::None},
      {Stage::Data, true, 1, Judgement::Soft},      {Stage::Data, true, 2, Judgement::None},
      {Stage::Mail, true, 1, Judgement::None},      {Stage::Helo, true, 1, Judgement::None},
      {Stage::Connect, true, 1, Judgement::None},
  };
  for (const Case& c : kCases) {
    INFO(to_string(c.stage) << " " << c.names_mailbox << " " << c.recipients);
    for (const ReplyClass reply_class : kMailboxClasses) {
      Bounce bounce = no_such_user(c.stage, c.names_mailbox, c.recipients);
      bounce.reply_class = reply_class;
      CHECK(judge(bounce) == c.want);
      // A temporary reply, or a rule that is not sure, is soft evidence where this was hard.
      const Judgement weaker = c.want == Judgement::None ? Judgement::None : Judgement::Soft;
      bounce.permanent = false;
      CHECK(judge(bounce) == weaker);
      bounce.permanent = true;
      bounce.rule_suppresses = false;
      CHECK(judge(bounce) == weaker);
    }
  }
}

TEST_CASE("an unknown domain counts by the day, a null MX at once", "[suppression][unit]") {
  struct Case {
    Stage stage;
    bool permanent;
    bool null_mx;
    std::uint32_t recipients;
    Judgement want;
  };
  static const Case kCases[] = {
      {Stage::Unknown, true, false, 0, Judgement::DomainUnknown},
      {Stage::Unknown, true, true, 0, Judgement::Hard},
      {Stage::Rcpt, true, false, 5, Judgement::DomainUnknown},
      {Stage::Rcpt, true, true, 5, Judgement::Hard},
      {Stage::Unknown, false, true, 0, Judgement::Soft},
      {Stage::Rcpt, false, false, 1, Judgement::Soft},
      {Stage::Mail, true, false, 1, Judgement::None},
      {Stage::Mail, true, true, 1, Judgement::None},
      {Stage::Mail, false, false, 1, Judgement::None},
      {Stage::Connect, true, true, 1, Judgement::None},
      {Stage::Helo, true, false, 1, Judgement::None},
      {Stage::EndOfData, true, false, 1, Judgement::DomainUnknown},
      {Stage::EndOfData, true, true, 2, Judgement::None},
  };
  for (const Case& c : kCases) {
    INFO(to_string(c.stage) << " " << c.permanent << " " << c.null_mx << " " << c.recipients);
    Bounce bounce;
    bounce.reply_class = ReplyClass::DomainUnknown;
    bounce.stage = c.stage;
    bounce.permanent = c.permanent;
    bounce.null_mx = c.null_mx;
    bounce.transaction_recipients = c.recipients;
    CHECK(judge(bounce) == c.want);
  }
}

TEST_CASE("classes that say nothing about the address leave no trace", "[suppression][property]") {
  for (const ReplyClass reply_class :
       {ReplyClass::RateLimited, ReplyClass::Greylisted, ReplyClass::ReputationBlock,
        ReplyClass::SpamContent, ReplyClass::Virus, ReplyClass::AuthFailure,
        ReplyClass::MessageTooLarge, ReplyClass::Protocol, ReplyClass::Content,
        ReplyClass::Undefined}) {
    for_each_bounce(reply_class,
                    [](const Bounce& bounce) { CHECK(judge(bounce) == Judgement::None); });
  }
}

TEST_CASE("policy, routing and trouble on the way are soft evidence", "[suppression][property]") {
  for (const ReplyClass reply_class : {ReplyClass::Policy, ReplyClass::Routing, ReplyClass::System,
                                       ReplyClass::Network, ReplyClass::Expired}) {
    for_each_bounce(reply_class,
                    [](const Bounce& bounce) { CHECK(judge(bounce) == Judgement::Soft); });
  }
  for_each_bounce(ReplyClass::Delivered,
                  [](const Bounce& bounce) { CHECK(judge(bounce) == Judgement::Clears); });
}

TEST_CASE("a full mailbox is soft evidence about the mailbox that is full", "[suppression][unit]") {
  for_each_bounce(ReplyClass::MailboxFull, [](const Bounce& bounce) {
    const bool one = bounce.transaction_recipients == 1;
    const bool about_mailbox = bounce.stage == Stage::Rcpt || bounce.stage == Stage::Unknown ||
                               (one && bounce.stage == Stage::Data) ||
                               (one && bounce.stage == Stage::EndOfData);
    CHECK(judge(bounce) == (about_mailbox ? Judgement::Soft : Judgement::None));
  });
}

TEST_CASE("nothing temporary suppresses, nor anything before RCPT", "[suppression][property]") {
  for (std::size_t number = 0; number < reply::kReplyClasses; ++number) {
    for_each_bounce(static_cast<ReplyClass>(number), [](const Bounce& bounce) {
      const Judgement got = judge(bounce);
      const bool early = bounce.stage == Stage::Connect || bounce.stage == Stage::Helo ||
                         bounce.stage == Stage::Mail;
      if (!bounce.permanent || early) {
        CHECK(got != Judgement::Hard);
        CHECK(got != Judgement::DomainUnknown);
      }
      const bool message = bounce.stage == Stage::EndOfData || bounce.stage == Stage::Data;
      if (message && bounce.transaction_recipients != 1) {
        CHECK(got != Judgement::Hard);
      }
    });
  }
}

Entry bare_entry() {
  Entry entry;
  entry.key = "user@example.org";
  entry.evidence = "550 5.1.1 no such user";
  entry.queue_id = "4Xk2Pq1z9Rz";
  entry.rule = "unknown-user";
  return entry;
}

TEST_CASE("one hard bounce suffices by default and is everyone's", "[suppression][unit]") {
  Evidence evidence;
  evidence.key = "user@example.org";
  Entry sketch = bare_entry();
  sketch.sender = "a.example";
  const auto entry = weigh(evidence, Judgement::Hard, sketch, Options{}, kStart);
  REQUIRE(entry.has_value());
  Entry want = bare_entry();
  want.reason = Reason::Hard;
  want.since = kStart;
  want.until = kStart + hours{24 * 365};
  CHECK(*entry == want);
  CHECK(evidence.hard_bounces == 1);
}

TEST_CASE("hard_bounces is the number that it takes", "[suppression][unit]") {
  Options options;
  options.hard_bounces = 3;
  Evidence evidence;
  CHECK_FALSE(weigh(evidence, Judgement::Hard, bare_entry(), options, kStart));
  CHECK_FALSE(weigh(evidence, Judgement::Hard, bare_entry(), options, kStart));
  CHECK_FALSE(weigh(evidence, Judgement::Soft, bare_entry(), options, kStart));
  CHECK(weigh(evidence, Judgement::Hard, bare_entry(), options, kStart));
  CHECK(weigh(evidence, Judgement::Hard, bare_entry(), options, kStart));
  evidence.hard_bounces = 0xffffffffU;
  CHECK(weigh(evidence, Judgement::Hard, bare_entry(), options, kStart));
  CHECK(evidence.hard_bounces == 0xffffffffU);
}

TEST_CASE("an unknown domain takes three distinct days", "[suppression][unit]") {
  Evidence evidence;
  for (int hour = 0; hour < 24; ++hour) {
    CHECK_FALSE(weigh(evidence, Judgement::DomainUnknown, bare_entry(), {}, kStart + hours{hour}));
  }
  CHECK_FALSE(weigh(evidence, Judgement::DomainUnknown, bare_entry(), {}, kStart + hours{24}));
  CHECK_FALSE(weigh(evidence, Judgement::DomainUnknown, bare_entry(), {}, kStart + hours{47}));
  const auto entry =
      weigh(evidence, Judgement::DomainUnknown, bare_entry(), {}, kStart + hours{48});
  REQUIRE(entry.has_value());
  CHECK(entry->reason == Reason::Hard);
  CHECK(entry->sender.empty());
  CHECK(entry->until == kStart + hours{48 + 24 * 365});
  CHECK(evidence.unknown_domain_days.size() == 3);
  CHECK(evidence.soft_days.empty());
  CHECK(evidence.hard_bounces == 0);
}

TEST_CASE("soft evidence takes enough days and a long enough span", "[suppression][unit]") {
  struct Case {
    std::vector<int> days;
    bool want;
  };
  const Case cases[] = {
      {{0, 1, 2, 14}, true},   {{0, 1, 2, 13}, false},         {{0, 7, 14}, false},
      {{0, 0, 7, 14}, false},  {{0, 1, 2, 3, 4, 5, 6}, false}, {{0, 30, 60, 90}, true},
      {{14, 2, 1, 0}, true},  // reports may come late
      {{0, 1, 14, 14}, false},
  };
  for (const Case& c : cases) {
    Evidence evidence;
    evidence.key = "user@example.org";
    evidence.sender = "a.example";
    std::optional<Entry> entry;
    for (std::size_t i = 0; i < c.days.size(); ++i) {
      INFO("day " << c.days[i]);
      CHECK_FALSE(entry.has_value());
      Entry sketch = bare_entry();
      sketch.key.clear();
      entry = weigh(evidence, Judgement::Soft, sketch, {}, kStart + days{c.days[i]});
    }
    REQUIRE(entry.has_value() == c.want);
    if (entry) {
      CHECK(entry->key == "user@example.org");
      CHECK(entry->reason == Reason::Soft);
      CHECK(entry->sender == "a.example");
      CHECK(entry->since == kStart + days{c.days.back()});
      CHECK(entry->until == entry->since + hours{24 * 90});
    }
    CHECK(std::is_sorted(evidence.soft_days.begin(), evidence.soft_days.end()));
  }
}

TEST_CASE("a delivery empties the evidence", "[suppression][unit]") {
  Evidence evidence{"user@example.org", "a.example", 2, {1, 2}, {1, 2, 3}};
  CHECK_FALSE(weigh(evidence, Judgement::Clears, bare_entry(), {}, kStart));
  CHECK(evidence == Evidence{"user@example.org", "a.example", 0, {}, {}});
}

TEST_CASE("no judgement changes nothing", "[suppression][unit]") {
  Evidence evidence{"user@example.org", "", 9, {1, 2, 3}, {1, 2, 3, 40}};
  const Evidence before = evidence;
  CHECK_FALSE(weigh(evidence, Judgement::None, bare_entry(), {}, kStart));
  CHECK(evidence == before);
}

TEST_CASE("a span longer than the days kept is still reached", "[suppression][unit]") {
  Options options;
  options.soft_span = days{200};
  options.soft_days = 1000;  // more than are kept: all that are kept suffice
  Evidence evidence;
  int first = -1;
  for (int day = 0; day < 300 && first < 0; ++day) {
    if (weigh(evidence, Judgement::Soft, bare_entry(), options, kStart + days{day})) {
      first = day;
    }
    CHECK(evidence.soft_days.size() <= 64);
  }
  CHECK(first == 200);
}

TEST_CASE("soft evidence agrees with a plain set of days", "[suppression][model]") {
  for (const unsigned seed : {11U, 12U, 13U}) {
    std::mt19937 random(seed);
    for (int history = 0; history < 500; ++history) {
      Options options;
      options.soft_days = static_cast<std::uint32_t>(1 + random() % 6);
      options.soft_span = days{random() % 20};
      options.domain_unknown_days = static_cast<std::uint32_t>(1 + random() % 4);
      Evidence evidence;
      std::set<long long> soft;
      std::set<long long> unknown;
      for (int step = 0; step < 40; ++step) {
        const base::WallTime now = kStart + hours{random() % (24 * 40)};
        const long long day = base::day_number(now);
        const auto kind = random() % 20;
        bool want = false;
        Judgement judgement = Judgement::Clears;
        if (kind == 0) {
          soft.clear();
          unknown.clear();
        } else if (kind < 8) {
          judgement = Judgement::DomainUnknown;
          unknown.insert(day);
          want = unknown.size() >= options.domain_unknown_days;
        } else {
          judgement = Judgement::Soft;
          soft.insert(day);
          want = soft.size() >= options.soft_days &&
                 days{*soft.rbegin() - *soft.begin()} >= options.soft_span;
        }
        if (weigh(evidence, judgement, bare_entry(), options, now).has_value() != want) {
          FAIL("seed " << seed << " history " << history << " step " << step);
        }
      }
    }
  }
}

TEST_CASE("more evidence never suppresses less", "[suppression][property]") {
  std::mt19937 random(7);
  for (int history = 0; history < 2000; ++history) {
    Options options;
    options.hard_bounces = static_cast<std::uint32_t>(1 + random() % 3);
    Evidence less;
    Evidence more;
    bool hard_seen = false;
    for (int step = 0; step < 60; ++step) {
      const base::WallTime now = kStart + hours{12 * step};
      const Judgement judgement = std::array{Judgement::Hard, Judgement::DomainUnknown,
                                             Judgement::Soft, Judgement::None}[random() % 4];
      const bool extra = random() % 2 == 0;
      if (extra) {
        weigh(more, Judgement::Soft, bare_entry(), options, now - hours{24 * (random() % 9)});
        weigh(more, Judgement::DomainUnknown, bare_entry(), options, now);
      }
      const bool from_less = weigh(less, judgement, bare_entry(), options, now).has_value();
      const bool from_more = weigh(more, judgement, bare_entry(), options, now).has_value();
      if (from_less && !from_more) {
        FAIL("history " << history << " step " << step);
      }
      if (judgement == Judgement::Hard) {
        if (hard_seen) {
          CHECK(from_less);  // what sufficed once suffices again
        }
        hard_seen = hard_seen || from_less;
      }
    }
  }
}

}  // namespace
}  // namespace rampart::suppression
