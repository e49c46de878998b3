// The same lines of a log, learned as they come, hours later, one by one, in batches of any size,
// with restarts between them: the same state.

#include <algorithm>
#include <random>

#include "random_history.h"

namespace rampart::test {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): tests only

constexpr std::string_view kListed =
    "dsn=5.7.1, status=bounced (host mx.google.example[203.0.113.5] said: 554 5.7.1 on our block "
    "list (in reply to RCPT TO command))";
constexpr base::Micros kSending = 8h;
constexpr base::Micros kReporting = 20h;

struct Mail {
  base::Micros at{0};  ///< since the beginning
  std::string id;
  std::string sender;
  std::string recipient;
};
struct Told {
  base::Micros at{0};
  std::string body;
};
struct Script {
  std::vector<Mail> mails;
  std::vector<Told> lines;  ///< in order
};

// Mail for some hours, and then what becomes of it, for more hours.
Script make_script(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto pick = [&](std::uint64_t below) {
    return random() % below;
  };
  Script script;
  for (int i = 0; i < 60; ++i) {
    const bool gmail = pick(2) == 0;
    script.mails.push_back(
        {kSending * static_cast<int>(i) / 60, "A" + std::to_string(10'000 + i),
         pick(3) == 0 ? "b.example" : "a.example",
         "u" + std::to_string(i) + (gmail ? "@gmail.example" : "@outlook.example")});
    const Mail& mail = script.mails.back();
    script.lines.push_back({mail.at, active(mail.id, "x@" + mail.sender)});
    base::Micros at = kSending;
    for (bool queued = true; queued;) {
      at += std::chrono::seconds{1 + pick(4 * 3600)};
      const std::uint64_t how = pick(20);
      const std::string_view end = how < 13   ? kSent
                                   : how < 16 ? kTooFast
                                   : how < 18 ? kFull
                                   : how < 19 ? kUnknownUser
                                              : kListed;
      queued = end == kTooFast || end == kFull;
      if (at > kSending + kReporting) {
        break;
      }
      script.lines.push_back(
          {at, Bench::delivery(mail.id, mail.recipient,
                               gmail ? "mx.google.example" : "mx.outlook-mx.example", end)});
      if (!queued) {
        script.lines.push_back({at, "postfix/qmgr[1]: " + mail.id + ": removed"});
      }
    }
  }
  std::stable_sort(script.lines.begin(), script.lines.end(),
                   [](const Told& a, const Told& b) { return a.at < b.at; });
  return script;
}

policy::Options patient_options() {
  policy::Options options = day_of(10'000);
  options.max_lag = 24h * 365;  // lines that come late are no fault here
  return options;
}

// Everything a store keeps of it, in an order of its own.
struct State {
  std::map<ramp::FlowKey, ramp::Flow> flows;
  std::map<std::string, ramp::HostFlow> hosts;
  std::map<std::string, ramp::Health> senders;
  std::map<std::string, store::QueuedRecord> queued;
  std::map<std::string, suppression::Entry> suppressed;
};

class Replayed : public Bench {
 public:
  explicit Replayed(const Script& script) : Bench(patient_options()), script_(script) {
    for (const Mail& mail : script.mails) {
      clock.set_wall(ManualClock::kStart + mail.at);
      see_feed();
      REQUIRE(send("x@" + mail.sender, mail.recipient, mail.id));
    }
    clock.advance(1min);  // leases run out
    see_feed();
    REQUIRE(engine->sync(10s).has_value());
  }

  /// The next `count` lines in one batch, at this time.
  void tell(std::size_t count, base::Micros at) {
    clock.set_wall(ManualClock::kStart + at);
    see_feed();
    report::StampReader stamps({}, clock.wall_now());
    std::vector<report::LogLine> batch;
    for (; count > 0 && next_ < script_.lines.size(); --count, ++next_) {
      const Told& line = script_.lines[next_];
      batch.push_back(report::parse_line(
          base::format_utc(ManualClock::kStart + line.at) + " mta1 " + line.body, stamps));
    }
    store::CursorRecord cursor;
    cursor.source = "log";
    cursor.offset = next_;
    engine->learn(batch, cursor);
  }

  [[nodiscard]] bool done() const { return next_ == script_.lines.size(); }
  [[nodiscard]] base::Micros next_at() const { return script_.lines[next_].at; }
  /// How many of the lines not told yet are written by then.
  [[nodiscard]] std::size_t due(base::Micros at) const {
    return static_cast<std::size_t>(
        std::count_if(script_.lines.begin() + static_cast<std::ptrdiff_t>(next_),
                      script_.lines.end(), [&](const Told& line) { return line.at <= at; }));
  }

  State end(base::Micros at) {
    clock.set_wall(ManualClock::kStart + at);
    see_feed();
    REQUIRE(engine->sync(10s).has_value());
    const auto snapshot = store->load();
    REQUIRE(snapshot.has_value());
    State state;
    for (const auto& one : snapshot->flows) {
      state.flows[one.key] = one.state;
    }
    for (const auto& one : snapshot->host_flows) {
      state.hosts[one.provider] = one.state;
    }
    for (const auto& one : snapshot->senders) {
      state.senders[one.sender] = one.health;
    }
    for (const auto& one : snapshot->queued) {
      state.queued[one.queue_id + ' ' + one.recipient] = one;
    }
    const auto entries = engine->list_suppressions({});
    REQUIRE(entries.has_value());
    for (const suppression::Entry& one : *entries) {
      state.suppressed[one.key + ' ' + one.sender] = one;
    }
    return state;
  }

 private:
  const Script& script_;
  std::size_t next_ = 0;
};

void compare(const State& one, const State& two) {
  REQUIRE_FALSE(one.flows.empty());
  REQUIRE((one.flows == two.flows));
  REQUIRE((one.hosts == two.hosts));
  REQUIRE((one.senders == two.senders));
  REQUIRE((one.queued == two.queued));
  REQUIRE((one.suppressed == two.suppressed));
}

TEST_CASE("when and in which batches lines are learned changes nothing", "[engine][property]") {
  constexpr base::Micros kEnd = kSending + kReporting + 1h;
  for (std::uint64_t seed = 1, most = cases(5); seed <= most; ++seed) {
    CAPTURE(seed);
    const Script script = make_script(seed);
    Replayed in_time(script);
    while (!in_time.done()) {
      in_time.tell(1, std::max(in_time.next_at(), kSending));
    }
    const State state = in_time.end(kEnd);
    Replayed at_once(script);
    at_once.tell(script.lines.size(), kEnd);
    compare(state, at_once.end(kEnd));
    Replayed one_by_one(script);
    while (!one_by_one.done()) {
      one_by_one.tell(1, kEnd);
    }
    compare(state, one_by_one.end(kEnd));
    Replayed now_and_then(script);
    std::mt19937_64 random(seed);
    base::Micros at = kSending;
    while (!now_and_then.done()) {
      at = std::min(kEnd,
                    std::max(at, now_and_then.next_at()) + std::chrono::minutes{random() % 300});
      const std::size_t due = now_and_then.due(at);
      now_and_then.tell(1 + random() % due, at);
      if (random() % 4 == 0) {
        now_and_then.restart();
      }
    }
    compare(state, now_and_then.end(kEnd));
  }
}

}  // namespace
}  // namespace rampart::test
