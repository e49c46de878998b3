// What the golden samples do not show: shapes of other versions and set-ups, and near misses.

#include "rampart/report/postfix.h"

#include <string>

#include "support/catch.h"

#include "report/golden.h"

namespace rampart::report {
namespace {

constexpr base::WallTime kReference{std::chrono::sys_days{std::chrono::year{2026} / 12 / 1}};

LogLine parse(std::string_view rest) {
  StampReader stamps({}, kReference);
  return parse_line("Nov 21 00:03:39 mta1 " + std::string(rest), stamps);
}

struct Case {
  std::string_view line;      // behind stamp and host
  std::string_view expected;  // as test::describe prints it
};

template <std::size_t N>
void check(const Case (&cases)[N]) {
  for (const Case& c : cases) {
    INFO(c.line);
    CHECK(test::describe(parse(c.line)) == c.expected);
  }
}

// A delivery line of smtp(8) around an outcome.
std::string delivery(std::string_view relay, std::string_view outcome) {
  return "postfix/smtp[9]: 4Xk2Pq1z9Rz: to=<a@b.example>, relay=" + std::string(relay) +
         ", delay=1, delays=0/0/0/1, dsn=4.0.0, status=" + std::string(outcome);
}

const Delivery& get_delivery(const LogLine& line) {
  REQUIRE(std::holds_alternative<Delivery>(line.event));
  return std::get<Delivery>(line.event);
}

TEST_CASE("host, instance, service and process are told apart", "[report][unit]") {
  struct Names {
    std::string_view tag;
    std::string_view instance;
    std::string_view service;
  };
  static const Names kNames[] = {
      {"postfix/smtpd[978]", "postfix", "smtpd"},
      {"postfix/submission/smtpd[978]", "postfix", "smtpd"},
      {"postfix/relay/smtpd[978]", "postfix", "smtpd"},
      {"postfix-out/smtpd[978]", "postfix-out", "smtpd"},
      {"mailout/smtpd[978]", "mailout", "smtpd"},
  };
  for (const Names& c : kNames) {
    INFO(c.tag);
    const LogLine line = parse(std::string(c.tag) + ": 6487AA9A672: client=localhost[127.0.0.1]");
    CHECK(line.instance == c.instance);
    CHECK(line.service == c.service);
    CHECK(line.host == "mta1");
    CHECK(line.pid == 978);
    CHECK(line.queue_id.text() == "6487AA9A672");
    CHECK(base::format_utc(line.time) == "2026-11-21T00:03:39Z");
    CHECK(std::get<Accepted>(line.event).client == "localhost[127.0.0.1]");
  }
}

TEST_CASE("lines of other programs are foreign", "[report][unit]") {
  static const Case kCases[] = {
      {"sm-mta[1644]: 6AL04M0p001641: to=<a@b.example>, stat=Sent", "foreign"},
      {"dovecot: imap-login: Login", "foreign"},
      {"smtp[3]: 6487AA9A672: removed", "foreign"},
      {"cyrus/lmtp[3]: accepted connection", "foreign"},
      {"cyrus/master[3]: ready", "foreign"},
      {"dovecot/imap[3]: x", "foreign"},
      {"/smtp[3]: 6487AA9A672: to=<a@b.example>", "foreign"},
      {"last message repeated 2 times", "foreign"},
      {"postfix/smtp 6487AA9A672: removed", "foreign"},
      {"postfix/smtp[x]: 6487AA9A672: removed", "foreign"},
      {"postfix/smtp[99999999999]: x", "foreign"},
      {"postfix/smtp[1]", "foreign"},
      {"", "foreign"},
      {"kernel: postfix/smtp[1]: 6487AA9A672: to=<a@b.example>, relay=x", "foreign"},
      // No slash, or no service: Postfix, but nothing to us.
      {"postfix[12]: Postfix is using backwards-compatible default settings", "ignored"},
      {"postfix/postfix-script[12]: starting the Postfix mail system", "ignored"},
      {"postfix/master[1]: daemon started -- version 3.7.11", "ignored"},
      {"postfix/smtp[983]: message repeated 2 times: [ 02353A9A9CD: to=<a@b.example>, relay=none]",
       "ignored"},
      {"postfix/unheard-of[12]: x", "not-understood"},
      {"postfix/[12]: x", "ignored"},
  };
  check(kCases);
  StampReader stamps({}, kReference);
  CHECK(test::describe(parse_line("", stamps)) == "foreign");
  CHECK(test::describe(parse_line("no stamp postfix/qmgr[1]: 6487AA9A672: removed", stamps)) ==
        "foreign");
  CHECK(test::describe(parse_line("Nov 21 00:03:39", stamps)) == "foreign");
}

TEST_CASE("line ends are not part of a line", "[report][unit]") {
  for (const std::string_view end : {"", "\n", "\r\n"}) {
    CHECK(test::describe(parse("postfix/qmgr[1]: 4Xk2Pq1z9Rz: removed" + std::string(end))) ==
          "removed queue=4Xk2Pq1z9Rz");
  }
}

TEST_CASE("qmgr tells of activation, expiry and removal", "[report][unit]") {
  static const Case kCases[] = {
      {"postfix/qmgr[1]: 6487AA9A672: from=<n@s.example>, size=395, nrcpt=9 (queue active)",
       "active queue=6487AA9A672 from=n@s.example recipients=9"},
      {"postfix/qmgr[1]: 6487AA9A672: from=<n@s.example>, nrcpt=2 (queue active)",
       "active queue=6487AA9A672 from=n@s.example recipients=2"},
      {"postfix/oqmgr[1]: 6487AA9A672: from=<>, size=1, nrcpt=1 (queue active)",
       "active queue=6487AA9A672 from= recipients=1"},
      {"postfix/qmgr[1]: 6487AA9A672: from=<n@s.example>, status=expired, returned to sender",
       "expired queue=6487AA9A672 from=n@s.example"},
      {"postfix/qmgr[1]: 6487AA9A672: from=<n@s.example>, status=force-expired, returned to sender",
       "expired queue=6487AA9A672 from=n@s.example"},
      {"postfix/qmgr[1]: 6487AA9A672: removed", "removed queue=6487AA9A672"},
      {"postfix/qmgr[1]: 6487AA9A672: skipped, still being delivered", "ignored"},
      // An address that cannot be one is kept whole.
      {"postfix/qmgr[1]: 6487AA9A672: from=<a@b..c>, size=1, nrcpt=1 (queue active)",
       "active queue=6487AA9A672 from=a@b..c recipients=1"},
      // Near misses.
      {"postfix/qmgr[1]: 6487AA9A672: from=<n@s.example>, size=395, nrcpt=9", "not-understood"},
      {"postfix/qmgr[1]: 6487AA9A672: from=<n@s.example>, size=x, nrcpt=9 (queue active)",
       "not-understood"},
      {"postfix/qmgr[1]: 6487AA9A672: from=<n@s.example>, nrcpt=99999999999 (queue active)",
       "not-understood"},
      {"postfix/qmgr[1]: 6487AA9A672: from=<n@s.example, size=1, nrcpt=1 (queue active)",
       "not-understood"},
      {"postfix/qmgr[1]: 6487AA9A672: from=<\"n>, size=1, nrcpt=1 (queue active)",
       "not-understood"},
      {"postfix/qmgr[1]: 6487AA9A672: removed x", "not-understood"},
      {"postfix/qmgr[1]: ALLES: removed x", "not-understood"},
  };
  check(kCases);
}

TEST_CASE("pickup, postsuper, bounce and cleanup", "[report][unit]") {
  static const Case kCases[] = {
      {"postfix/pickup[1]: 95239A9A667: uid=0 from=<root>", "picked queue=95239A9A667"},
      {"postfix/pickup[1]: 95239A9A667: uid=103 from=<> orig_id=934B4A9ABBE",
       "requeued queue=95239A9A667 old=934B4A9ABBE"},
      {"postfix/pickup[1]: 95239A9A667: uid=103 from=<\"a> orig_id=934B4A9ABBE\"@x.example>",
       "picked queue=95239A9A667"},
      {"postfix/pickup[1]: 95239A9A667: uid=103 from=<> orig_id=ALL", "not-understood"},
      {"postfix/pickup[1]: 95239A9A667: uid= from=<>", "not-understood"},
      {"postfix/postsuper[1]: 95239A9A667: removed", "deleted queue=95239A9A667"},
      {"postfix/postsuper[1]: 95239A9A667: placed on hold", "held queue=95239A9A667"},
      {"postfix/postsuper[1]: 95239A9A667: released from hold", "released queue=95239A9A667"},
      {"postfix/postsuper[1]: 95239A9A667: requeued", "ignored"},
      {"postfix/postsuper[1]: Placed on hold: 1 message", "ignored"},
      {"postfix/postsuper[1]: fatal: use of this command is reserved for the superuser", "ignored"},
      {"postfix/postsuper[1]: 95239A9A667: exploded", "not-understood"},
      {"postfix/bounce[1]: D585FA9AA3F: sender delivery status notification: F1120A9AA68",
       "notification queue=D585FA9AA3F kind=status dsn-queue=F1120A9AA68"},
      {"postfix/bounce[1]: D585FA9AA3F: postmaster non-delivery notification: F1120A9AA68",
       "notification queue=D585FA9AA3F kind=failure dsn-queue=F1120A9AA68 to=postmaster"},
      {"postfix/bounce[1]: D585FA9AA3F: sender non-delivery notification: ", "not-understood"},
      {"postfix/bounce[1]: D585FA9AA3F: nobody non-delivery notification: F1120A9AA68",
       "not-understood"},
      {"postfix/cleanup[1]: D585FA9AA3F: message-id=<x>, to=<v@x.example>, status=sent",
       "message-id queue=D585FA9AA3F <x>, to=<v@x.example>, status=sent"},
      {"postfix/cleanup[1]: D585FA9AA3F: message-id=", "message-id queue=D585FA9AA3F "},
      {"postfix/cleanup[1]: D585FA9AA3F: resent-message-id=<x>", "ignored"},
      {"postfix/cleanup[1]: D585FA9AA3F: hold: header Subject: x from local; from=<a@b.example>",
       "held queue=D585FA9AA3F"},
      {"postfix/cleanup[1]: D585FA9AA3F: reject: header Subject: to=<a@b.example>, status=sent",
       "ignored"},
      {"postfix/smtpd[1]: D585FA9AA3F: hold: RCPT from x[192.0.2.1]: <x>: Helo; from=<>",
       "held queue=D585FA9AA3F"},
      {"postfix/smtpd[1]: NOQUEUE: hold: RCPT from x[192.0.2.1]: <x>: Helo; from=<>", "ignored"},
      {"postfix/smtpd[1]: NOQUEUE: client=x[192.0.2.1]", "ignored"},
      {"postfix/smtpd[1]: D585FA9AA3F: client=x[192.0.2.1], sasl_method=PLAIN, sasl_username=j",
       "accepted queue=D585FA9AA3F client=x[192.0.2.1]"},
      {"postfix/smtpd[1]: something new", "not-understood"},
  };
  check(kCases);
}

TEST_CASE("milter lines give stage, text and envelope", "[report][unit]") {
  static const Case kCases[] = {
      // A milter's text may look like the envelope behind it, and so may an address.
      {"postfix/cleanup[1]: D585FA9AA3F: milter-reject: END-OF-MESSAGE from x[192.0.2.1]: 5.7.1 "
       "spam; "
       "from=<a subject>; score 9; from=<a@b.example> to=<c@d.example> proto=ESMTP helo=<h>",
       "milter-reject queue=D585FA9AA3F stage=END-OF-MESSAGE from=a@b.example to=c@d.example text: "
       "5.7.1 spam; from=<a subject>; score 9"},
      {"postfix/smtpd[1]: NOQUEUE: milter-reject: RCPT from x[192.0.2.1]: 451 4.7.1 no; "
       "from=<\"a> to=<b@c.example\"@x.example> to=<c@d.example> proto=ESMTP helo=<h>",
       "milter-reject stage=RCPT from=\"a> to=<b@c.example\"@x.example to=c@d.example text: "
       "451 4.7.1 no"},
      {"postfix/smtpd[1]: NOQUEUE: milter-reject: CONNECT from x[192.0.2.1]: 421 no; proto=SMTP",
       "milter-reject stage=CONNECT from= text: 421 no"},
      {"postfix/smtpd[1]: NOQUEUE: milter-reject: CONNECT from x[192.0.2.1]: 421 no",
       "milter-reject stage=CONNECT from= text: 421 no"},
      {"postfix/cleanup[1]: D585FA9AA3F: milter-reject: ", "not-understood"},
      {"postfix/cleanup[1]: D585FA9AA3F: milter-hold: two words from x: y", "not-understood"},
      {"postfix/cleanup[1]: D585FA9AA3F: milter-header-info: header X: y from z", "ignored"},
  };
  check(kCases);
}

TEST_CASE("deliveries that stay on this host are marked", "[report][unit]") {
  struct Place {
    std::string_view service;
    std::string_view relay;
    std::string_view outcome;
    bool leaves;
    bool attempted;
  };
  static const Place kPlaces[] = {
      {"smtp", "mx.b.example[203.0.113.7]:25", "sent (250 ok)", true, true},
      {"smtp", "mx.b.example[2001:db8::7]:25", "sent (250 ok)", true, true},
      {"smtp", "none", "deferred (connect to mx.b.example[203.0.113.7]:25: timed out)", true, true},
      {"smtp", "127.0.0.1[127.0.0.1]:10024", "sent (250 ok)", false, true},
      {"smtp", "localhost[127.9.9.9]:10024", "sent (250 ok)", false, true},
      {"smtp", "localhost[::1]:10024", "sent (250 ok)", false, true},
      {"smtp", "localhost[::ffff:127.0.0.1]:10024", "sent (250 ok)", false, true},
      {"smtp", "mx.b.example[128.0.0.1]:25", "sent (250 ok)", true, true},
      {"smtp", "none", "deferred (connect to 127.0.0.1[127.0.0.1]:10024: Connection refused)",
       false, true},
      {"lmtp", "b.example[private/dovecot-lmtp]", "sent (250 2.0.0 <a> Saved)", false, true},
      {"virtual", "virtual", "sent (delivered to maildir)", false, true},
      {"pipe", "dovecot", "sent (delivered via dovecot service)", false, true},
      {"local", "local", "bounced (unknown user: \"a\")", false, true},
      {"discard", "none", "sent (b.example)", false, true},
      {"error", "none", "deferred (delivery temporarily suspended: connect to x)", false, false},
      {"retry", "none", "deferred (4.7.1 text)", false, false},
      {"qmgr", "none", "deferred (delivery temporarily suspended: x)", false, false},
      {"smtp", "none", "deferred (delivery temporarily suspended: x)", true, false},
      {"cleanup", "none", "bounced (rampart: suppressed)", false, false},
  };
  for (const Place& c : kPlaces) {
    INFO(c.service << " " << c.relay << " " << c.outcome);
    std::string line = delivery(c.relay, c.outcome);
    line.replace(line.find("smtp"), 4, c.service);
    const LogLine parsed = parse(line);
    CHECK(get_delivery(parsed).leaves_host == c.leaves);
    CHECK(get_delivery(parsed).attempted == c.attempted);
    CHECK(get_delivery(parsed).relay_none == (c.relay == "none"));
  }
}

TEST_CASE("the remote's words are unwrapped", "[report][unit]") {
  struct Words {
    std::string_view outcome;
    std::string_view stage;
    int code;
    std::string_view text;
  };
  static const Words kWords[] = {
      {"deferred (host m[192.0.2.1] said: 450 4.2.1 slow (in reply to RCPT TO command))", "rcpt",
       450, "450 4.2.1 slow"},
      {"deferred (host m[192.0.2.1] said: 450 slow (in reply to RSET command))", "unknown", 450,
       "450 slow"},
      {"deferred (host m[2001:db8::1] said: 450 slow (in reply to EHLO command))", "helo", 450,
       "450 slow"},
      {"deferred (host m[192.0.2.1]:2525 said: 450 slow (in reply to AUTH command))", "helo", 450,
       "450 slow"},
      {"deferred (host m[192.0.2.1] said: 450 slow (in reply to soup))", "unknown", 450,
       "450 slow (in reply to soup)"},
      {"deferred (host m[192.0.2.1] said: 450 (in reply to DATA command) (in reply to MAIL FROM "
       "command))",
       "mail", 450, "450 (in reply to DATA command)"},
      {"deferred (host m[192.0.2.1] said: 450 slow (in reply to RCPT TO comm", "unknown", 450,
       "450 slow (in reply to RCPT TO comm"},
      {"deferred (host m[192.0.2.1] refused to talk to me: 421 busy)", "connect", 421, "421 busy"},
      {"deferred (TLS is required, but host m[192.0.2.1] refused to start TLS: 454 4.7.0 no)",
       "helo", 454, "454 4.7.0 no"},
      {"deferred (SASL authentication failed; server m[192.0.2.1] said: 535 5.7.8 wrong)", "helo",
       535, "535 5.7.8 wrong"},
      {"deferred (lost connection with m[192.0.2.1] while sending message body)", "data", 0,
       "lost connection with m[192.0.2.1] while sending message body"},
      {"deferred (lost connection with m[192.0.2.1] while dancing)", "unknown", 0,
       "lost connection with m[192.0.2.1] while dancing"},
      // Sentences that only resemble those above.
      {"deferred (host m said: 450 slow (in reply to RCPT TO command))", "unknown", 0,
       "host m said: 450 slow (in reply to RCPT TO command)"},
      {"deferred (host m[192.0.2.1] sang: 450 said: 550 x)", "unknown", 0,
       "host m[192.0.2.1] sang: 450 said: 550 x"},
      {"deferred (250 2.0.0 ok)", "unknown", 0, "250 2.0.0 ok"},
      {"deferred ()", "unknown", 0, ""},
      {"sent (250 2.0.0 Ok (in reply to RCPT TO command))", "end-of-data", 250,
       "250 2.0.0 Ok (in reply to RCPT TO command)"},
  };
  for (const Words& c : kWords) {
    INFO(c.outcome);
    const LogLine parsed = parse(delivery("m.example[192.0.2.1]:25", c.outcome));
    const mail::Reply& reply = get_delivery(parsed).reply;
    CHECK(to_string(reply.stage) == c.stage);
    CHECK(reply.code == c.code);
    CHECK(reply.text == c.text);
  }
}

TEST_CASE("a host given up for the next one is heard", "[report][unit]") {
  static const Case kCases[] = {
      {"postfix/smtp[1]: D585FA9AA3F: host m[192.0.2.1] refused to talk to me: 421 4.7.0 slow",
       "refused-to-talk queue=D585FA9AA3F relay=m[192.0.2.1] stage=connect code=421 enhanced=4.7.0 "
       "said: 421 4.7.0 slow"},
      {"postfix/smtp[1]: D585FA9AA3F: host m[192.0.2.1] said: 450 no (in reply to MAIL FROM "
       "command)",
       "refused-to-talk queue=D585FA9AA3F relay=m[192.0.2.1] stage=mail code=450 said: 450 no"},
      {"postfix/smtp[1]: host m[192.0.2.1] refused to talk to me: 421 x", "not-understood"},
      {"postfix/smtp[1]: D585FA9AA3F: host m refused to talk to me: 421 x", "not-understood"},
      {"postfix/smtp[1]: D585FA9AA3F: lost connection with m[192.0.2.1] while sending RCPT TO",
       "ignored"},
      {"postfix/smtp[1]: D585FA9AA3F: connect to m[192.0.2.1]:25: Connection refused", "ignored"},
      {"postfix/smtp[1]: D585FA9AA3F: sings", "not-understood"},
  };
  check(kCases);
}

TEST_CASE("status words of every kind", "[report][unit]") {
  using mail::DeliveryStatus;
  CHECK(get_delivery(parse(delivery("m[192.0.2.1]:25", "SOFTBOUNCE (x)"))).status ==
        DeliveryStatus::Deferred);
  CHECK(get_delivery(parse(delivery("m[192.0.2.1]:25", "expired (x)"))).status ==
        DeliveryStatus::Expired);
  CHECK(test::describe(parse(delivery("m[192.0.2.1]:25", "undeliverable (x)"))) == "ignored");
  CHECK(test::describe(parse(delivery("m[192.0.2.1]:25", "deliverable (x)"))) == "ignored");
  for (const std::string_view outcome : {"sunk (x)", "sent", "sent(x)", "", " (x)", "Sent (x)"}) {
    INFO(outcome);
    CHECK(test::describe(parse(delivery("m[192.0.2.1]:25", outcome))) == "not-understood");
  }
}

TEST_CASE("fixed fields are taken in their order and nowhere else", "[report][unit]") {
  static const Case kCases[] = {
      // Fields that this or that version adds or lacks.
      {"postfix/smtp[1]: 4Xk2Pq1z9Rz: to=<a@b.example>, relay=none, delay=1, status=deferred (x)",
       "delivery queue=4Xk2Pq1z9Rz to=a@b.example relay=none status=deferred dsn= leaves=yes "
       "stage=unknown code=0 said: x"},
      {"postfix/smtp[1]: 4Xk2Pq1z9Rz: to=<a@b.example>, relay=none, tls=verified, delay=1, "
       "dsn=4.4.1, "
       "status=deferred (x)",
       "delivery queue=4Xk2Pq1z9Rz to=a@b.example relay=none status=deferred dsn=4.4.1 leaves=yes "
       "stage=unknown code=0 said: x"},
      {"postfix/smtp[1]: 4Xk2Pq1z9Rz: to=<a@b.example>, delay=1, status=deferred (x)",
       "not-understood"},
      {"postfix/smtp[1]: 4Xk2Pq1z9Rz: to=<a@b.example>, relay=none, delay=1 (x), status=sent (y)",
       "not-understood"},
      {"postfix/smtp[1]: 4Xk2Pq1z9Rz: to=<a@b.example> relay=none, status=sent (y)",
       "not-understood"},
      {"postfix/smtp[1]: 4Xk2Pq1z9Rz: to=a@b.example, relay=none, status=sent (y)",
       "not-understood"},
      {"postfix/smtp[1]: 4Xk2Pq1z9Rz: to=<a@b.example>, orig_to=<c, relay=none, status=sent (y)",
       "not-understood"},
      {"postfix/smtp[1]: to=<a@b.example>, relay=none, status=sent (y)", "not-understood"},
      {"postfix/smtp[1]: NOQUEUE: to=<a@b.example>, relay=none, status=sent (y)", "not-understood"},
      // Quoted strings hide what looks like fields; a backslash hides a quote.
      {"postfix/smtp[1]: 4Xk2Pq1z9Rz: to=<\"a\\\">, relay=e, status=sent (x)\"@b.example>, "
       "relay=none, "
       "dsn=4.4.1, status=deferred (x)",
       "delivery queue=4Xk2Pq1z9Rz to=\"a\\\">, relay=e, status=sent (x)\"@b.example relay=none "
       "status=deferred dsn=4.4.1 leaves=yes stage=unknown code=0 said: x"},
      {"postfix/smtp[1]: 4Xk2Pq1z9Rz: to=<a@b.example>, orig_to=<\"x>, relay=e\"@c.example>, "
       "relay=none, dsn=4.4.1, status=deferred (x)",
       "delivery queue=4Xk2Pq1z9Rz to=a@b.example orig=\"x>, relay=e\"@c.example relay=none "
       "status=deferred dsn=4.4.1 leaves=yes stage=unknown code=0 said: x"},
  };
  check(kCases);
}

TEST_CASE("relays are taken apart", "[report][unit]") {
  struct Place {
    std::string_view text;
    mail::Relay relay;
  };
  static const Place kPlaces[] = {
      {"MX1.Example[203.0.113.7]:25", {"mx1.example", "203.0.113.7", 25}},
      {"mx1.example.[203.0.113.7]:587", {"mx1.example", "203.0.113.7", 587}},
      {"m[2001:db8::1]:25", {"m", "2001:db8::1", 25}},
      {"m[2001:db8::1]", {"m", "2001:db8::1", 0}},
      {"m[203.0.113.7]:65536", {"m", "203.0.113.7", 0}},
      {"m[203.0.113.7", {"m", "203.0.113.7", 0}},
      {"local", {"local", "", 0}},
      {"none", {"", "", 0}},
  };
  for (const Place& c : kPlaces) {
    INFO(c.text);
    CHECK(get_delivery(parse(delivery(c.text, "deferred (x)"))).relay == c.relay);
  }
}

TEST_CASE("chains of queue IDs are followed on this host only", "[report][unit]") {
  struct Chain {
    std::string_view service;
    std::string_view relay;
    std::string_view outcome;
    std::string_view next;
  };
  static const Chain kChains[] = {
      {"smtp", "127.0.0.1[127.0.0.1]:10024", "sent (250 2.0.0 Ok: queued as 42992AB268D)",
       "42992AB268D"},
      {"smtp", "127.0.0.1[127.0.0.1]:10024",
       "sent (250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 4Xk2Pq1z9Rz)",
       "4Xk2Pq1z9Rz"},
      {"local", "local", "sent (forwarded as 2AAA8AB26B7)", "2AAA8AB26B7"},
      {"smtp", "mx.b.example[203.0.113.7]:25", "sent (250 2.0.0 Ok: queued as 42992AB268D)", ""},
      {"smtp", "127.0.0.1[127.0.0.1]:10024", "deferred (250 2.0.0 Ok: queued as 42992AB268D)", ""},
      {"smtp", "127.0.0.1[127.0.0.1]:10024", "sent (250 2.0.0 Ok: queued as 42992AB268D x)", ""},
      {"smtp", "127.0.0.1[127.0.0.1]:10024", "sent (forwarded as 2AAA8AB26B7)", ""},
      {"local", "local", "sent (delivered to command: echo forwarded as 2AAA8AB26B7)", ""},
      {"pipe", "filter", "sent (forwarded as 2AAA8AB26B7)", ""},
  };
  for (const Chain& c : kChains) {
    INFO(c.service << " " << c.outcome);
    std::string line = delivery(c.relay, c.outcome);
    line.replace(line.find("smtp"), 4, c.service);
    const LogLine parsed = parse(line);
    const auto& next = get_delivery(parsed).forwarded_as;
    CHECK((next ? next->text() : "") == c.next);
  }
}

TEST_CASE("our own refusals are recognised when they come back", "[report][unit]") {
  CHECK(get_delivery(parse(delivery("m[192.0.2.1]:25",
                                    "deferred (host m[192.0.2.1] said: 451 4.7.1 rampart: later "
                                    "(in reply to RCPT TO command))")))
            .own);
  CHECK_FALSE(
      get_delivery(parse(delivery("m[192.0.2.1]:25", "deferred (host rampart refused)"))).own);
}

TEST_CASE("texts and lines are bounded", "[report][unit]") {
  const std::string big(100'000, 'x');
  const LogLine delivered = parse(delivery("m[192.0.2.1]:25", "deferred (" + big + ")"));
  CHECK(get_delivery(delivered).text.size() == 4096);
  CHECK(get_delivery(delivered).reply.text.size() == 4096);
  // The end that would tell the stage lies behind the cut.
  const LogLine said =
      parse(delivery("m[192.0.2.1]:25", "deferred (host m[192.0.2.1] said: 450 " + big +
                                            " (in reply to RCPT TO command))"));
  CHECK(get_delivery(said).reply.code == 450);
  CHECK(get_delivery(said).reply.stage == mail::Stage::Unknown);
  const LogLine id = parse("postfix/cleanup[1]: 4Xk2Pq1z9Rz: message-id=" + big);
  CHECK(std::get<MessageId>(id.event).text.size() == 4096);
  const LogLine sender = parse("postfix/qmgr[1]: 4Xk2Pq1z9Rz: from=<" + big.substr(0, 9000) +
                               ">, nrcpt=1 (queue active)");
  CHECK(std::get<QueueActive>(sender.event).sender.local_part.size() == 4096);
}

TEST_CASE("control bytes do not get into addresses", "[report][unit]") {
  const LogLine line =
      parse("postfix/qmgr[1]: 4Xk2Pq1z9Rz: from=<a\x01\x7f@b>, nrcpt=1 (queue active)");
  CHECK(std::get<QueueActive>(line.event).sender.local_part == "a??@b");
}

TEST_CASE("entries of the journal come without stamp and host", "[report][unit]") {
  const LogLine line = parse_entry("postfix/qmgr", "6487AA9A672: removed\n");
  CHECK(test::describe(line) == "removed queue=6487AA9A672");
  CHECK(line.instance == "postfix");
  CHECK(line.service == "qmgr");
  CHECK(line.host.empty());
  CHECK(test::describe(parse_entry("sshd", "6487AA9A672: removed")) == "foreign");
}

}  // namespace
}  // namespace rampart::report
