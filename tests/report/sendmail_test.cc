// What the golden samples do not show: shapes of other versions and set-ups, and near misses.

#include "rampart/report/sendmail.h"

#include <string>

#include "rampart/report/line_reader.h"
#include "support/catch.h"

#include "report/golden.h"

namespace rampart::report {
namespace {

std::vector<LogLine> read_events(std::string_view message, bool known = true) {
  std::vector<LogLine> events;
  read_sendmail_entry(message, known, events);
  return events;
}

// The events of a message, one behind the other.
std::string read(std::string_view message, bool known = true) {
  std::string all;
  for (const LogLine& line : read_events(message, known)) {
    all += (all.empty() ? "" : " | ") + test::describe(line);
  }
  return all;
}

struct Case {
  std::string_view message;   // behind "sm-mta[983]: "
  std::string_view expected;  // as test::describe prints it
};

template <std::size_t N>
void check(const Case (&cases)[N]) {
  for (const Case& c : cases) {
    INFO(c.message);
    CHECK(read(c.message) == c.expected);
  }
}

constexpr std::string_view kId = "6AL04G28001454: ";
constexpr std::string_view kMiddle = ", delay=00:00:01, xdelay=00:00:00, mailer=esmtp, pri=30137, ";
constexpr std::string_view kReached = "relay=mx.b.example. [203.0.113.7], ";

// A delivery line with a list of recipients.
std::string to(std::string_view list) {
  return std::string(kId) + "to=" + std::string(list) + std::string(kMiddle) +
         std::string(kReached) + "dsn=2.0.0, stat=Sent (Ok)";
}

// A delivery line to one recipient with an outcome.
std::string outcome(std::string_view fields) {
  return std::string(kId) + "to=<a@b.example>" + std::string(kMiddle) + std::string(kReached) +
         std::string(fields);
}

Delivery read_delivery_of(std::string_view message) {
  const auto events = read_events(message);
  INFO(message);
  REQUIRE(events.size() == 1);
  REQUIRE(std::holds_alternative<Delivery>(events[0].event));
  return std::get<Delivery>(events[0].event);
}

TEST_CASE("lists of recipients are taken apart as sendmail wrote them", "[report][unit]") {
  struct List {
    std::string_view list;
    std::vector<std::string> recipients;  // none: not understood
  };
  const List kLists[] = {
      {"<a@b.example>", {"a@b.example"}},
      {"a@b.example", {"a@b.example"}},
      {"<a@b.example>,<c@d.example>,e@f.example", {"a@b.example", "c@d.example", "e@f.example"}},
      {"<a@b.example>,<c@d.example>, [more]", {"a@b.example", "c@d.example"}},
      {"<\"x, y\"@b.example>,<c@d.example>", {"\"x, y\"@b.example", "c@d.example"}},
      {"<\"x\\\", <v@w.example>\"@b.example>", {"\"x\\\", <v@w.example>\"@b.example"}},
      {"\"|/usr/bin/filter -a b, c\"", {"\"|/usr/bin/filter -a b, c\""}},
      {"/var/spool/archive", {"/var/spool/archive"}},
      {"<@r.example,@s.example:a@b.example>", {"a@b.example"}},
      {"<a(c, d)@b.example>,x@y.example", {"a(c, d)@b.example", "x@y.example"}},
      {"<caf\\303\\251@b.example>", {"caf\xc3\xa9@b.example"}},
      {"<a\\,b@b.example>", {"a\\,b@b.example"}},
      // Near misses: what does not end is nobody's address, nor what precedes it.
      {"", {}},
      {"<a@b.example>,,<c@d.example>", {}},
      {"<a@b.example>,", {}},
      {"<a@b.example", {}},
      {"a@b.example>", {}},
      {"<\"x@b.example>", {}},
      {"<a@b.example>,<\"x@d.example>", {}},
      {"<a(b@b.example>", {}},
      // Behind a break at a comma inside quotes.
      {"<v@w.example>,y\"@b.example>,<c@d.example>", {}},
      {"<v@w.example>,\\\"y\"@b.example>", {}},
      {"<v@w.example>,(y\"@b.example>,<\"z)\"@d.example>", {}},
  };
  for (const List& c : kLists) {
    INFO(c.list);
    std::vector<std::string> recipients;
    for (const LogLine& line : read_events(to(c.list))) {
      if (const auto* delivery = std::get_if<Delivery>(&line.event)) {
        recipients.push_back(to_string(delivery->recipient));
        CHECK(delivery->relay.address == "203.0.113.7");
        CHECK(delivery->status == mail::DeliveryStatus::Sent);
      } else {
        CHECK(test::describe(line) == "not-understood");
      }
    }
    CHECK(recipients == c.recipients);
  }
}

TEST_CASE("a recipient cannot forge the fields behind it", "[report][unit]") {
  for (const std::string_view forged :
       {", delay=00:00:00, mailer=esmtp, pri=1, relay=x. [1.2.3.4], dsn=5.1.1, stat=User unknown",
        ", stat=Sent (Ok)", ">, delay=00:00:00, pri=1, stat=x", ")", "]", "\\"}) {
    for (const std::string_view form : {"<\"%\"@evil.example>", "\"%\"@evil.example",
                                        "<a@b.example>(%)", "<a(%)@evil.example>"}) {
      std::string list(form);
      list.replace(list.find('%'), 1, forged);
      INFO(list);
      const auto events = read_events(to(list + ",<c@d.example>"));
      // Whole, or not at all.
      if (events.size() == 1) {
        CHECK(test::describe(events[0]) == "not-understood");
        continue;
      }
      REQUIRE(events.size() == 2);
      for (const LogLine& line : events) {
        CHECK(std::get<Delivery>(line.event).relay.host == "mx.b.example");
        CHECK(std::get<Delivery>(line.event).status == mail::DeliveryStatus::Sent);
      }
    }
  }
}

TEST_CASE("the controlling address is passed over", "[report][unit]") {
  const std::string behind = "delay=00:00:00, mailer=local, pri=1, dsn=2.0.0, stat=Sent";
  const auto with = [&](std::string_view ctladdr) {
    return read(std::string(kId) + "to=x, ctladdr=" + std::string(ctladdr) + ", " + behind);
  };
  const std::string sent =
      "delivery queue=6AL04G28001454 to=x relay=local status=sent dsn=2.0.0 leaves=no "
      "stage=unknown "
      "code=0 said: Sent";
  CHECK(with("root (8/0)") == sent);
  CHECK(with("<root@mta1.sender.example> (8/0)") == sent);
  CHECK(with("<\"a, delay=00:00:09, pri=2, stat=Deferred\"@b.example> (8/0)") == sent);
  CHECK(with("<verylong...@b.example>") == sent);
  // Shortened inside quotes.
  CHECK(with("<\"verylong...long@b.example> (8/0)") == "not-understood");
}

TEST_CASE("what a remote says cannot change the outcome", "[report][unit]") {
  struct Said {
    std::string_view fields;
    mail::DeliveryStatus status;
    std::uint16_t code;
    std::string_view text;
  };
  using enum mail::DeliveryStatus;
  static const Said kSaid[] = {
      {"dsn=5.1.1, reply=550 5.1.1 no, stat=Sent (Ok), stat=User unknown", Bounced, 550,
       "550 5.1.1 no, stat=Sent (Ok)"},
      {"dsn=5.1.1, reply=550 5.1.1 no, stat=Deferred, stat=User unknown", Bounced, 550,
       "550 5.1.1 no, stat=Deferred"},
      {"dsn=4.2.1, reply=450 4.2.1 x, stat=Sent (Ok), stat=Deferred: 450 4.2.1 x, stat=Sent (Ok)",
       Deferred, 450, "450 4.2.1 x, stat=Sent (Ok)"},
      {"dsn=4.2.1, reply=450 4.2.1 x, stat=User unknown, stat=Deferred: 450 4.2.1 x, stat=User "
       "unknown",
       Deferred, 450, "450 4.2.1 x, stat=User unknown"},
      {"dsn=4.7.0, reply=421 4.7.0 first line, stat=Deferred: 421-4.7.0 first line", Deferred, 421,
       "421 4.7.0 first line"},
      {"dsn=2.0.0, stat=Sent (Ok, stat=Deferred: 450 4.2.1 x)", Sent, 250,
       "250 Ok, stat=Deferred: 450 4.2.1 x"},
      {"dsn=2.0.0, stat=Sent (550 5.1.1 User unknown)", Sent, 250, "250 550 5.1.1 User unknown"},
      {"dsn=2.0.0, stat=Sent (250 2.0.0 Ok)", Sent, 250, "250 2.0.0 Ok"},
      {"dsn=2.0.0, stat=Sent", Sent, 0, "Sent"},
      {"dsn=5.0.0, reply=What?, stat=Remote protocol error", Bounced, 0, "What?"},
      {"dsn=5.0.0, reply=550 caf\\351 \\033[1m\\r, stat=Service unavailable", Bounced, 550,
       "550 caf\xe9 ?[1m?"},
  };
  for (const Said& c : kSaid) {
    INFO(c.fields);
    const Delivery delivery = read_delivery_of(outcome(c.fields));
    CHECK(delivery.status == c.status);
    CHECK(delivery.reply.code == c.code);
    CHECK(delivery.reply.text == c.text);
  }
}

TEST_CASE("an outcome that is none is not understood", "[report][unit]") {
  for (const std::string_view fields :
       {"dsn=2.0.0, stat=Sentry", "dsn=2.0.0, stat=", "dsn=2.0.0, stat=sent (Ok)", "dsn=2.0.0",
        "dsn=2.0.0, ", "stat=Pending", "dsn=2.0.0 stat=Sent", "dsn=5.1.1, reply=550 5.1.1 no",
        "quarantine=why, stat=Sent (Ok)", "a b=c, stat=Sent"}) {
    INFO(fields);
    CHECK(read(outcome(fields)) == "not-understood");
  }
  for (const std::string_view line :
       {"to=<a@b.example>, stat=Sent", "to=<a@b.example>, delay=, stat=Sent",
        "to=<a@b.example>, delay=1h, stat=Sent", "to=<a@b.example>",
        "to=<a@b.example>, delay=00:00:00, mailer=esmtp, pri=1, relay=a b, stat=Sent",
        "to=<a@b.example>, delay=00:00:00, mailer=esmtp, pri=1, relay=a. [1.2.3.4] x, stat=Sent",
        "to=<a@b.example>, delay=00:00:00, mailer=esmtp, pri=1, relay=, dsn=5.0.0 stat=Sent"}) {
    INFO(line);
    CHECK(read(std::string(kId) + std::string(line)) == "not-understood");
  }
}

TEST_CASE("a status code is kept only where somebody found it", "[report][unit]") {
  static const std::pair<std::string_view, std::string_view> kCodes[] = {
      {"dsn=5.1.1, reply=550 5.1.1 no, stat=User unknown", "5.1.1"},
      {"dsn=5.1.1, reply=550 blocked, stat=User unknown", ""},
      {"dsn=5.1.1, reply=550 #5.1.0 no, stat=User unknown", ""},
      {"dsn=5.0.0, reply=554 5.7.1 no, stat=Service unavailable", ""},
      {"dsn=5.1.1, stat=User unknown", ""},
      {"dsn=5.7.1, stat=User unknown", "5.7.1"},
      {"dsn=4.4.2, stat=Deferred: Connection timed out with mx.b.example.", "4.4.2"},
      {"dsn=4.4.2, reply=421 4.4.1 Connection reset by mx.b.example., stat=Deferred", "4.4.2"},
      {"dsn=2.6.0, stat=Sent (queued)", "2.6.0"},
  };
  for (const auto& [fields, expected] : kCodes) {
    INFO(fields);
    const Delivery delivery = read_delivery_of(outcome(fields));
    CHECK((delivery.dsn ? to_string(*delivery.dsn) : "") == expected);
  }
}

TEST_CASE("the stage is told only where the line shows it", "[report][unit]") {
  using mail::Stage;
  static const std::pair<std::string_view, Stage> kStages[] = {
      {"dsn=2.0.0, stat=Sent (Ok)", Stage::EndOfData},
      {"dsn=5.7.1, reply=550 5.7.1 blocked, stat=User unknown", Stage::Rcpt},
      {"dsn=5.7.1, reply=550 5.7.1 spam, stat=Service unavailable", Stage::Unknown},
      {"dsn=5.2.0, reply=550 spam, stat=Service unavailable", Stage::EndOfData},
      {"dsn=5.2.0, reply=550 5.2.0 full, stat=Service unavailable", Stage::Unknown},
      {"dsn=5.5.0, reply=554 5.7.1 go away, stat=Service unavailable", Stage::Connect},
      {"dsn=5.5.0, reply=554 5.5.0 go away, stat=Service unavailable", Stage::Unknown},
      {"dsn=4.5.0, reply=421 4.7.0 slow, stat=Deferred: 421 4.7.0 slow", Stage::Connect},
      {"dsn=4.4.1, stat=Deferred: Connection refused by mx.b.example.", Stage::Connect},
      {"dsn=4.4.2, stat=Deferred: Connection reset by mx.b.example.", Stage::Unknown},
      {"dsn=4.7.0, stat=Deferred: 403 4.7.0 TLS handshake failed.", Stage::Connect},
  };
  for (const auto& [fields, stage] : kStages) {
    INFO(fields);
    CHECK(read_delivery_of(outcome(fields)).reply.stage == stage);
  }
}

TEST_CASE("relays", "[report][unit]") {
  struct Relayed {
    std::string_view mailer;
    std::string_view relay;
    std::string_view host;
    std::string_view address;
    bool leaves;
  };
  static const Relayed kRelays[] = {
      {"esmtp", "mx.b.example. [203.0.113.7]", "mx.b.example", "203.0.113.7", true},
      {"esmtp", "MX.b.example [203.0.113.7]", "mx.b.example", "203.0.113.7", true},
      {"esmtp", "[203.0.113.7] [203.0.113.7]", "203.0.113.7", "203.0.113.7", true},
      {"relay", "mx. [IPv6:2001:DB8::7]", "mx", "2001:db8::7", true},
      {"relay", "[127.0.0.1] [127.0.0.1]", "127.0.0.1", "127.0.0.1", false},
      {"esmtp", "localhost. [IPv6:0:0:0:0:0:0:0:1]", "localhost", "::1", false},
      {"slow", "mx.b.example. [203.0.113.7]", "mx.b.example", "203.0.113.7", true},
      // Shortened in its middle: only whole labels of the end are names.
      {"esmtp", "averylongname-of-a...tection.outlook.example. [203.0.113.7]", "outlook.example",
       "203.0.113.7", true},
      {"esmtp", "averylongname-of-a...x. [203.0.113.7]", "", "203.0.113.7", true},
  };
  for (const Relayed& c : kRelays) {
    INFO(c.relay);
    const auto events = read_events(
        std::string(kId) + "to=<a@b.example>, delay=00:00:01, mailer=" + std::string(c.mailer) +
        ", pri=1, relay=" + std::string(c.relay) + ", dsn=4.0.0, stat=Deferred");
    REQUIRE(events.size() == 1);
    CHECK(events[0].service == c.mailer);
    const auto& delivery = std::get<Delivery>(events[0].event);
    CHECK(delivery.relay.host == c.host);
    CHECK(delivery.relay.address == c.address);
    CHECK(delivery.leaves_host == c.leaves);
    CHECK(delivery.attempted);
    CHECK_FALSE(delivery.relay_none);
  }
}

TEST_CASE("only what was tried is an attempt", "[report][unit]") {
  static const std::pair<std::string_view, bool> kAttempts[] = {
      {"mailer=esmtp, pri=1, relay=mx.b.example., dsn=4.0.0, stat=Deferred", false},
      {"mailer=esmtp, pri=1, relay=mx.b.example., dsn=5.0.0, stat=Service unavailable", false},
      {"mailer=esmtp, pri=1, relay=b.example, dsn=5.1.2, stat=Host unknown", true},
      {"mailer=esmtp, pri=1, relay=b.example., dsn=5.1.10, stat=Service unavailable", true},
      {"mailer=esmtp, pri=1, relay=b.example, dsn=4.4.3, stat=Deferred: Name server: b.example: "
       "host name lookup failure",
       true},
      {"mailer=esmtp, pri=1, dsn=4.4.3, stat=queued", true},
      {"mailer=esmtp, pri=1, stat=queued", false},
      {"mailer=esmtp, pri=1, quarantine=why, stat=quarantined", false},
      {"mailer=esmtp, pri=1, quarantine=a, stat=Sent (Ok), stat=quarantined", false},
      {"pri=1, stat=Mailbox refused by some filter", false},
      {"mailer=local, pri=1, dsn=2.0.0, stat=Sent", true},
  };
  for (const auto& [fields, attempted] : kAttempts) {
    INFO(fields);
    const Delivery delivery = read_delivery_of(
        std::string(kId) + "to=<a@b.example>, delay=00:00:01, " + std::string(fields));
    CHECK(delivery.attempted == attempted);
    CHECK((attempted || !delivery.dsn));
  }
}

TEST_CASE("a message is followed to its next queue on this host", "[report][unit]") {
  const auto next = [](std::string_view relay, std::string_view stat) {
    const Delivery delivery = read_delivery_of(
        std::string(kId) + "to=<a@b.example>, delay=00:00:01, mailer=relay, pri=1, relay=" +
        std::string(relay) + ", dsn=2.0.0, stat=" + std::string(stat));
    return delivery.forwarded_as ? delivery.forwarded_as->text() : "";
  };
  const std::string_view here = "[127.0.0.1] [127.0.0.1]";
  const std::string_view there = "mx. [203.0.113.7]";
  CHECK(next(here, "Sent (6AL09JgR004320 Message accepted for delivery)") == "6AL09JgR004320");
  CHECK(next(here, "Sent (Ok: queued as 42992AB268D)") == "42992AB268D");
  CHECK(next(here, "Sent (thanks)").empty());
  CHECK(next(here, "Deferred: 450 6AL09JgR004320 Message accepted for delivery").empty());
  CHECK(next(there, "Sent (6AL09JgR004320 Message accepted for delivery)").empty());
  CHECK(next(there, "Sent (Ok: queued as 42992AB268D)").empty());
}

TEST_CASE("accepted messages are told from transactions that came to nothing", "[report][unit]") {
  static const Case kCases[] = {
      {"6AL04G28001454: from=<n@s.example>, size=131, class=0, nrcpts=2, msgid=<x>, relay=l",
       "active queue=6AL04G28001454 from=n@s.example recipients=2"},
      {"6AL04G28001454: from=root, size=1, class=-60, pri=30131, nrcpts=1, relay=root@localhost",
       "active queue=6AL04G28001454 from=root recipients=1"},
      {"6AL04G28001454: from=<>, size=0, class=0, nrcpts=1, msgid=<x>, relay=l",
       "active queue=6AL04G28001454 from= recipients=1"},
      {"6AL04G28001454: from=<\"a, size=1, class=0, nrcpts=9\"@s.example>, size=131, class=0, "
       "nrcpts=2, msgid=<x>",
       "active queue=6AL04G28001454 from=\"a, size=1, class=0, nrcpts=9\"@s.example recipients=2"},
      {"6AL04G28001454: from=<n@s.example>, size=0, class=0, nrcpts=1, proto=ESMTP", "ignored"},
      {"6AL04G28001454: from=<n@s.example>, size=9, class=0, nrcpts=0, msgid=<x>", "ignored"},
      // Near misses.
      {"6AL04G28001454: from=<n@s.example>, size=131, class=0", "not-understood"},
      {"6AL04G28001454: from=<n@s.example>, size=131, nrcpts=2", "not-understood"},
      {"6AL04G28001454: from=<n@s.example, size=131, class=0, nrcpts=2", "not-understood"},
      {"6AL04G28001454: from=<n@s.example>, size=131, class=0, nrcpts=2x", "not-understood"},
      {"from=<n@s.example>, size=131, class=0, nrcpts=2", "not-understood"},
  };
  check(kCases);
  // Cut at 200 bytes.
  const std::string sender = "<" + std::string(250, 'a') + "@s.example>";
  CHECK(read(std::string(kId) + "from=" + sender.substr(0, 200) +
             ", size=131, class=0, nrcpts=2, msgid=<x>") ==
        "active queue=6AL04G28001454 from=" + sender.substr(0, 200) + " recipients=2");
}

TEST_CASE("other lines about a message", "[report][unit]") {
  static const Case kCases[] = {
      {"6AL04G28001454: 6AL04G28001457: DSN: User unknown",
       "notification queue=6AL04G28001454 kind=failure dsn-queue=6AL04G28001457"},
      {"6AL04G28001454: 6AL04G28001457: DSN: Return receipt",
       "notification queue=6AL04G28001454 kind=status dsn-queue=6AL04G28001457"},
      {"6AL04G28001454: 6AL04G28001457: sender notify: Warning: could not send message for past 4 "
       "hours",
       "notification queue=6AL04G28001454 kind=delay dsn-queue=6AL04G28001457"},
      {"6AL04G28001454: 6AL04G28001457: sender notify: Cannot send message for 5 days",
       "expired queue=6AL04G28001454 from= | notification queue=6AL04G28001454 kind=failure "
       "dsn-queue=6AL04G28001457"},
      {"6AL04G28001457: clone 6AL04G28001454, owner=owner-l",
       "cloned queue=6AL04G28001457 old=6AL04G28001454"},
      {"6AL04G28001454: split: maxrcpts=10, rcpts=25, count=2, ids=6AL04G28001457, 6AL04G28001458",
       "cloned queue=6AL04G28001457 old=6AL04G28001454 | cloned queue=6AL04G28001458 "
       "old=6AL04G28001454"},
      {"6AL04G28001454: split: count=1, id=6AL04G28001457",
       "cloned queue=6AL04G28001457 old=6AL04G28001454"},
      {"6AL04G28001454: split: something", "not-understood"},
      {"6AL04G28001454: done; delay=00:00:02, ntries=1", "removed queue=6AL04G28001454"},
      {"6AL04G28001454: discarded", "removed queue=6AL04G28001454"},
      {"6AL04G28001454: quarantine=why", "held queue=6AL04G28001454"},
      {"6AL04G28001454: unquarantine", "released queue=6AL04G28001454"},
      {"6AL04G28001454: milter=x, quarantine=why",
       "milter-hold queue=6AL04G28001454 "
       "stage=END-OF-MESSAGE from="},
      {"6AL04G28001454: milter=x, action=mail, continue", "ignored"},
      {"6AL04G28001454: Milter: helo=x, reject=550 5.7.1 no",
       "milter-reject queue=6AL04G28001454 stage=EHLO from= text: x, reject=550 5.7.1 no"},
      {"6AL04G28001454: Milter: to=<\"a, reject=550 x\"@b.example>, reject=451 4.7.1 no",
       "milter-reject queue=6AL04G28001454 stage=RCPT from= to=\"a, reject=550 x\"@b.example text: "
       "451 4.7.1 no"},
      {"6AL04G28001454: Milter: to=<a@b.example>, discard",
       "milter-reject queue=6AL04G28001454 stage=RCPT from= to=a@b.example text: discard"},
      {"6AL04G28001454: Milter: unknown=data, reject=550 5.7.1 Command rejected", "ignored"},
      {"6AL04G28001454: Milter (x) delete: rcpt <a@b.example>, naddrs=1",
       "recipient-removed queue=6AL04G28001454 to=a@b.example"},
      {"6AL04G28001454: Milter (x) add: rcpt: a@b.example", "ignored"},
      {"6AL04G28001454: <a@b.example>... User unknown", "ignored"},
      {"6AL04G28001454: alias <a@b.example> => c@d.example", "ignored"},
      {"6AL04G28001454: SYSERR(root): to=<a@b.example>, delay=00:00:00, pri=1, stat=x", "ignored"},
      {"ruleset=check_rcpt, arg1=<x@y>, relay=h [1.2.3.4], reject=550 5.7.1 no", "ignored"},
      {"NOQUEUE: connect from h [1.2.3.4]", "ignored"},
      {"starting daemon (8.17.1.9): SMTP+queueing@00:10:00", "ignored"},
      // Near misses.
      {"6AL04G28001454: 6AL04G28001457: frobnicated", "not-understood"},
      {"6AL04G28001454: discarded again", "not-understood"},
      {"6AL04G28001454: Milter: to=<a@b.example", "not-understood"},
      {"6AL04G28001457: clone ?, owner=x", "not-understood"},
      {"unquarantine", "not-understood"},
      {"to=<a@b.example>, delay=00:00:01, pri=1, stat=x", "not-understood"},
      {"", "not-understood"},
  };
  check(kCases);
}

TEST_CASE("too many recipients on a line are not understood", "[report][unit]") {
  std::string list = "a";
  for (int i = 1; i < 999; ++i) {
    list += ",a";
  }
  CHECK(read_events(to(list)).size() == 999);
  CHECK(read(to(list + ",a,a")) == "not-understood");
}

TEST_CASE("an unknown program is sendmail if it talks of deliveries as sendmail does",
          "[report][unit]") {
  CHECK(read_events(to("<a@b.example>"), false).size() == 1);
  CHECK(read(to("<a@b.example>"), false).starts_with("delivery queue=6AL04G28001454"));
  CHECK(read("6AL04G28001454: from=<n@s.example>, size=1, class=0, nrcpts=2, msgid=<x>", false) ==
        "active queue=6AL04G28001454 from=n@s.example recipients=2");
  for (const std::string_view foreign :
       {"6AL04G28001454: to=<a@b.example>, status=sent",
        "6AL04G28001454: from=<n@s.example>, to=<x>", "6AL04G28001454: unquarantine",
        "6AL04G28001454: discarded", "AUTH=server", "",
        "6AL04G28001454: 6AL04G28001457: DSN: User unknown"}) {
    INFO(foreign);
    CHECK(read(foreign, false) == "foreign");
  }
}

TEST_CASE("sendmail's names", "[report][unit]") {
  for (const std::string_view name : {"sendmail", "sm-mta", "sm-msp-queue", "sendmail-client"}) {
    CHECK(is_sendmail_program(name));
  }
  for (const std::string_view name :
       {"", "sm", "sendmailx", "mta", "Sendmail", "postfix/sendmail"}) {
    CHECK_FALSE(is_sendmail_program(name));
  }
}

}  // namespace
}  // namespace rampart::report
