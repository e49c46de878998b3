#include "rampart/history/replay.h"

#include <algorithm>

#include "rampart/history/unmatched.h"
#include "support/catch.h"

#include "history/lines.h"

namespace rampart::history {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only
using base::Micros;
using base::WallTime;
using rampart::test::kSent;
using rampart::test::kTooFast;
using rampart::test::kUnknownUser;

constexpr WallTime kBegin{std::chrono::sys_days{std::chrono::year{2026} / 11 / 2}};
constexpr std::string_view kStrange =
    "dsn=5.0.0, status=bounced (host mx.google.example[203.0.113.5] said: 599 5.0.0 the moon is "
    "wrong (in reply to end of DATA command))";

/// A log that is written in any order.
class Log {
 public:
  void write(Micros at, const std::string& body) {
    lines_.push_back(base::format_utc(kBegin + at) + " mta1 " + body);
  }
  /// One message, taken up at `at`, whose attempt ends a second later.
  void mail(Micros at, const std::string& id, const std::string& to, std::string_view end) {
    write(at, rampart::test::active(id, "news@sender.example"));
    again(at + 1s, id, to, end);
  }
  void again(Micros at, const std::string& id, const std::string& to, std::string_view end) {
    write(at, rampart::test::Bench::delivery(id, to, "mx.google.example", end));
  }
  /// `count` messages, one each `step`.
  void mails(Micros at, int count, Micros step, std::string_view end = kSent) {
    for (int i = 0; i < count; ++i) {
      const std::string number = std::to_string(next_++);
      mail(at + step * i, "A" + number, "u" + number + "@gmail.example", end);
    }
  }
  /// The log goes on until then, with nothing that matters.
  void end(Micros at) {
    write(at, rampart::test::active("EEEE1", "news@sender.example"));
    write(at + 1s,
          rampart::test::Bench::delivery("EEEE1", "u@other.example", "mx.other.example", kSent));
  }

  [[nodiscard]] std::vector<report::LogLine> read() const {
    std::vector<std::string> lines = lines_;
    std::stable_sort(lines.begin(), lines.end(), [](const std::string& a, const std::string& b) {
      return a.substr(0, 20) < b.substr(0, 20);
    });
    return test::parse(lines);
  }

 private:
  std::vector<std::string> lines_;
  int next_ = 1000;
};

struct Replayed {
  FlowReplay flow;  // the first one, or what was found of gmail
  std::vector<SuppressedAddress> addresses;
  std::uint64_t doubted = 0;
  std::uint64_t passed_over = 0;
};

Replayed replay(const Log& log,
                policy::Options options,
                std::optional<WallTime> since = std::nullopt,
                std::size_t mails_max = Replay::kMailsMax) {
  const auto active = test::active(std::move(options));
  Correlator correlator(active);
  Replay replay(active, since, mails_max);
  for (const report::LogLine& line : log.read()) {
    correlator.add(line, [&](Outcome& outcome) { replay.add(outcome, correlator); });
  }
  replay.finish();
  Replayed replayed;
  for (const Replay::Place& place : replay.flows()) {
    if (correlator.providers().text(place.provider) == "gmail") {
      replayed.flow = place.result;
    }
  }
  replayed.addresses = replay.suppressed().addresses();
  replayed.doubted = replay.suppressed().doubted();
  replayed.passed_over = replay.passed_over();
  return replayed;
}

std::string to_string(const FlowReplay& flow) {
  const auto n = [](std::uint64_t number) {
    return std::to_string(number);
  };
  return n(flow.sent) + " sent, " + n(flow.held) + " held, " + n(flow.waiting) + " waiting, " +
         n(flow.refused) + " refused, " + n(flow.suppressed) + " suppressed; " +
         n(flow.throttled_then) + " then, " + n(flow.throttled_low) + "-" + n(flow.throttled_high) +
         " now";
}

/// Two recipients a day, neither more nor less.
policy::Options two_a_day() {
  policy::Options options = rampart::test::without_probing(rampart::test::strict_options());
  options.default_plan = "tiny";
  options.plans["tiny"].schedule = {2};
  return options;
}

policy::Options with_rule(policy::Rule rule) {
  policy::Options options = two_a_day();
  options.rules.push_back(std::move(rule));
  return options;
}

policy::Rule rule_of(std::optional<policy::Action> over, std::optional<policy::Mode> mode) {
  policy::Rule rule;
  rule.sender = "sender.example";
  rule.over = over;
  rule.mode = mode;
  return rule;
}

// Five messages a minute apart, each throttled once and taken an hour later.
Log storm() {
  Log log;
  log.mails(0s, 5, 1min, kTooFast);
  for (int i = 0; i < 5; ++i) {
    const std::string number = std::to_string(1000 + i);
    log.again(1h + 1min * i, "A" + number, "u" + number + "@gmail.example", kSent);
  }
  log.end(48h);
  return log;
}

TEST_CASE("what would have waited, and for how long", "[history][unit]") {
  Log calm;
  calm.mails(0s, 3, 25h);
  Log spike;
  spike.mails(0s, 4, 10min);
  spike.end(72h);
  Log cut;
  cut.mails(0s, 4, 10min);
  cut.end(3h);
  policy::Rule exempt = rule_of(std::nullopt, std::nullopt);
  exempt.exempt = true;
  struct Case {
    const char* name;
    const Log& log;
    policy::Options options;
    std::string expected;
    Micros wait_least;
    Micros wait_most;
  };
  const std::vector<Case> cases{
      {"calm mail", calm, two_a_day(),
       "3 sent, 0 held, 0 waiting, 0 refused, 0 suppressed; 0 then, 0-0 now", 0s, 0s},
      {"a spike waits for the next day", spike, two_a_day(),
       "4 sent, 2 held, 0 waiting, 0 refused, 0 suppressed; 0 then, 0-0 now", 23h, 25h},
      {"the log ends first", cut, two_a_day(),
       "4 sent, 2 held, 2 waiting, 0 refused, 0 suppressed; 0 then, 0-0 now", 160min, 161min},
      {"an exempt flow", spike, with_rule(exempt),
       "4 sent, 0 held, 0 waiting, 0 refused, 0 suppressed; 0 then, 0-0 now", 0s, 0s},
      {"a rule that observes", spike, with_rule(rule_of({}, policy::Mode::Observe)),
       "4 sent, 0 held, 0 waiting, 0 refused, 0 suppressed; 0 then, 0-0 now", 0s, 0s},
      {"a rule that accepts", spike, with_rule(rule_of(policy::Action::Accept, {})),
       "4 sent, 0 held, 0 waiting, 0 refused, 0 suppressed; 0 then, 0-0 now", 0s, 0s},
      {"a rule that rejects", spike, with_rule(rule_of(policy::Action::Reject, {})),
       "4 sent, 0 held, 0 waiting, 2 refused, 0 suppressed; 0 then, 0-0 now", 0s, 0s},
      {"held by name", spike, with_rule(rule_of(policy::Action::Hold, {})),
       "4 sent, 2 held, 0 waiting, 0 refused, 0 suppressed; 0 then, 0-0 now", 23h, 25h},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    const FlowReplay flow = replay(c.log, c.options).flow;
    CHECK(to_string(flow) == c.expected);
    CHECK(flow.longest_wait >= c.wait_least);
    CHECK(flow.longest_wait <= c.wait_most);
    CHECK(flow.longest_goes_on == (flow.waiting > 0));
  }
}

TEST_CASE("throttles then and now", "[history][unit]") {
  policy::Rule exempt = rule_of(std::nullopt, std::nullopt);
  exempt.exempt = true;
  policy::Options open = rampart::test::strict_options();
  // The first is told the same; it pauses the flow, and the others go when the log has let them in.
  CHECK(to_string(replay(storm(), open).flow) ==
        "5 sent, 4 held, 0 waiting, 0 refused, 0 suppressed; 5 then, 1-1 now");
  // Nothing is different where nothing is held.
  CHECK(to_string(replay(storm(), with_rule(exempt)).flow) ==
        "5 sent, 0 held, 0 waiting, 0 refused, 0 suppressed; 5 then, 5-5 now");
  // A delayed recipient that the log never let in is told so here too: only the upper bound.
  Log refused;
  refused.mails(0s, 2, 10min);
  refused.mails(30min, 1, 1s, kTooFast);
  refused.end(72h);
  CHECK(to_string(replay(refused, two_a_day()).flow) ==
        "3 sent, 1 held, 0 waiting, 0 refused, 0 suppressed; 1 then, 0-1 now");
  // Mail of the same hour was held when the throttle came: the flow was slower than in the log.
  Log slower;
  slower.mails(0s, 1, 1s);
  slower.mail(1min, "BBBB1", "b1@gmail.example", kTooFast);
  slower.mails(2min, 2, 1min);
  slower.again(10min, "BBBB1", "b1@gmail.example", kTooFast);
  slower.end(72h);
  CHECK(to_string(replay(slower, two_a_day()).flow) ==
        "4 sent, 2 held, 0 waiting, 0 refused, 0 suppressed; 2 then, 1-2 now");
}

// As live: two fresh ones in a row are taken for a limit, whatever their code.
TEST_CASE("replies known only by their code pause a flow", "[history][unit]") {
  const std::string not_now =
      "dsn=4.0.0, status=deferred (host mx.google.example[203.0.113.5] said: 451 not now (in reply "
      "to RCPT TO command))";
  Log log;
  log.mails(0s, 4, 1min, not_now);
  log.mails(4min, 16, 1min);
  log.end(48h);
  const FlowReplay flow = replay(log, rampart::test::strict_options()).flow;
  CHECK(flow.sent == 20);
  CHECK(flow.held > 10);
  CHECK(flow.longest_wait > 10min);
}

TEST_CASE("suppressed recipients, and those that take mail later", "[history][unit]") {
  Log log;
  log.mails(0s, 30, 1min);
  log.mail(1h, "BBBB1", "dead@gmail.example", kUnknownUser);
  log.mail(2h, "BBBB2", "dead@gmail.example", kSent);
  log.mail(3h, "BBBB3", "dead@gmail.example", kUnknownUser);
  log.mail(4h, "BBBB4", "Dead@gmail.example", kSent);  // another spelling, another mailbox
  log.end(5h);
  policy::Options options = rampart::test::strict_options();
  options.plans["standard"].unlimited = true;
  Replayed replayed = replay(log, options);
  REQUIRE(replayed.addresses.size() == 1);
  const SuppressedAddress& address = replayed.addresses.front();
  CHECK(address.key == "dead@gmail.example");
  CHECK(address.refused == 2);
  CHECK(address.since == kBegin + 1h + 1s);
  CHECK(address.delivered_at == kBegin + 2h + 1s);
  CHECK(address.queue_id == "BBBB1");
  CHECK(address.reply.find("does not exist") != std::string::npos);
  CHECK(to_string(replayed.flow) ==
        "34 sent, 0 held, 0 waiting, 0 refused, 2 suppressed; 0 then, 0-0 now");

  options.suppression.hard_bounces = 2;
  replayed = replay(log, options);
  CHECK(replayed.addresses.empty());  // delivered between the two
  CHECK(replayed.flow.suppressed == 0);

  options.suppression.hard_bounces = 1;
  options.suppression_mode = policy::Mode::Observe;
  replayed = replay(log, options);
  REQUIRE(replayed.addresses.size() == 1);
  CHECK(replayed.addresses.front().refused == 0);
  CHECK(replayed.addresses.front().delivered_at != WallTime{});
  CHECK(replayed.flow.suppressed == 0);
}

TEST_CASE("a provider's outage suppresses nobody", "[history][unit]") {
  Log log;
  log.mails(0s, 60, 1min);
  log.mails(2h, 60, 1s, kUnknownUser);
  log.end(5h);
  const Replayed replayed = replay(log, rampart::test::strict_options());
  CHECK(replayed.addresses.empty());
  CHECK(replayed.doubted == 60);
}

TEST_CASE("what lies before the time asked for only teaches", "[history][unit]") {
  Log log;
  for (int day = 0; day < 3; ++day) {
    log.mails(24h * day, 48, 30min);
  }
  policy::Options options = rampart::test::without_probing(rampart::test::strict_options());
  options.plans["standard"].start = 5;
  const FlowReplay all = replay(log, options).flow;
  CHECK(all.sent == 144);
  CHECK(all.held > 40);
  const FlowReplay last = replay(log, options, kBegin + 48h).flow;
  CHECK(to_string(last) == "48 sent, 0 held, 0 waiting, 0 refused, 0 suppressed; 0 then, 0-0 now");
}

TEST_CASE("a message for many goes on together where its flow was empty", "[history][unit]") {
  Log log;
  const auto mail = [&](Micros at, const std::string& id) {
    log.write(at, "postfix/qmgr[1]: " + id +
                      ": from=<news@sender.example>, size=400, nrcpt=6 (queue active)");
    for (int i = 0; i < 6; ++i) {
      log.again(at + 1s, id, "u" + std::to_string(i) + "@gmail.example", kSent);
    }
  };
  mail(0s, "AAAA1");
  mail(1h, "AAAA2");
  log.end(24h * 6);
  CHECK(to_string(replay(log, two_a_day()).flow) ==
        "12 sent, 6 held, 0 waiting, 0 refused, 0 suppressed; 0 then, 0-0 now");
}

TEST_CASE("the same log gives the same answers, with bounded memory", "[history][unit]") {
  const Log log = storm();
  const auto once = replay(log, two_a_day());
  const auto twice = replay(log, two_a_day());
  CHECK(to_string(once.flow) == to_string(twice.flow));
  CHECK(once.flow.longest_wait == twice.flow.longest_wait);
  CHECK(once.passed_over == 0);
  const auto small = replay(log, two_a_day(), std::nullopt, 3);
  CHECK(small.passed_over == 2);
  CHECK(small.flow.sent == 3);
  // Places are given back: nothing waits, so three are enough for any number.
  Log calm;
  calm.mails(0s, 200, 30min);
  policy::Options options = rampart::test::strict_options();
  options.plans["standard"].unlimited = true;
  CHECK(replay(calm, options, std::nullopt, 3).passed_over == 0);
}

TEST_CASE("replies that no rule knows are told by kind", "[history][unit]") {
  Log log;
  log.mails(0s, 2, 1s, kSent);
  log.mails(10s, 3, 1s, kStrange);
  const auto active = test::active();
  Correlator correlator(active);
  Unmatched unmatched;
  for (const report::LogLine& line : log.read()) {
    correlator.add(line, [&](Outcome& outcome) { unmatched.add(outcome, correlator); });
  }
  CHECK(unmatched.count() == 3);
  REQUIRE(unmatched.replies().size() == 1);
  CHECK(unmatched.replies().front().count == 3);
  CHECK(unmatched.replies().front().provider == "gmail");
  CHECK(unmatched.replies().front().sample.find("moon") != std::string::npos);
}

}  // namespace
}  // namespace rampart::history
