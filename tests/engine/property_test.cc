// Random histories of several flows through the engine: late and missing reports, what two sources
// tell twice, restarts, kills with leases out, reloads. What must hold after every step.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <random>

#include "faulty_store.h"
#include "fixture.h"

namespace rampart::test {
namespace {

using ramp::Standing;
using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): tests only

// More with the environment variable RAMPART_PROPERTY_CASES.
std::uint64_t cases(std::uint64_t usual) {
  const char* more = std::getenv("RAMPART_PROPERTY_CASES");  // NOLINT(concurrency-mt-unsafe)
  const std::uint64_t count = more == nullptr ? usual : std::max(1ULL, std::stoull(more));
  if (more != nullptr) {
    std::printf("%llu random histories\n", static_cast<unsigned long long>(count));
  }
  return count;
}

struct Queued {
  std::string id;
  std::string recipient;
  ramp::FlowKey flow;
  Standing standing = Standing::InFlight;
  base::WallTime since{};
};

class History {
 public:
  explicit History(std::uint64_t seed)
      : random_(seed), inner_(store::open_memory()), options_(strict_options()) {
    static constexpr std::uint32_t kStarts[] = {3, 20, 200};
    options_.plans["standard"].start = kStarts[pick(3)];
    options_.plans["standard"].growth = pick(2) == 0 ? 1.4 : 2.0;
    start();
  }
  ~History() { store_->dead = true; }
  History(const History&) = delete;
  History& operator=(const History&) = delete;

  void step() {
    clock_.advance(pick(20) == 0 ? base::Micros{std::chrono::minutes{pick(300)}}
                                 : base::Micros{std::chrono::seconds{pick(400)}});
    see_feed();
    const std::uint64_t what = pick(100);
    if (what < 55) {
      send();
    } else if (what < 95) {
      report(pick(8));
    } else if (what < 97) {
      restart(false);
    } else if (what < 99) {
      restart(true);
    } else {
      options_.constants.hourly_share = pick(2) == 0 ? 0.12 : 0.3;
      options_.constants.pause = std::chrono::minutes{5 + pick(20)};
      engine_->reload(build_policy(options_));
    }
    check();
  }

  // All that is left in the queue is delivered, before the five days of a queue are over.
  void finish() {
    clock_.advance(1s);
    see_feed();
    while (!queue_.empty()) {
      report(0);
    }
    check();
  }

  [[nodiscard]] std::vector<std::string> states() const {
    std::vector<std::string> all;
    for (const engine::FlowStatus& flow : engine_->status().flows) {
      const ramp::Allowance& a = flow.summary.allowance;
      all.push_back(flow.key.sender + ' ' + flow.key.provider + ' ' + std::to_string(a.used_day) +
                    ' ' + std::to_string(a.day) + ' ' + std::to_string(a.got_day) + ' ' +
                    std::to_string(a.level) + ' ' + std::to_string(flow.deferrals) + ' ' +
                    base::format_utc(flow.summary.until));
    }
    return all;
  }

 private:
  std::uint64_t pick(std::uint64_t below) { return random_() % below; }

  void start() {
    store_ = std::make_unique<FaultyStore>(inner_);
    auto made = engine::Engine::create(build_policy(options_), *store_, clock_);
    REQUIRE(made.has_value());
    engine_ = std::move(*made);
    see_feed();
  }

  void restart(bool killed) {
    REQUIRE(engine_->sync(10s).has_value());
    store_->dead = killed;  // a clean stop gives leases back, a kill leaves them counted
    engine_.reset();
    start();
  }

  void see_feed() {
    for (const char* source : {"log", "journal"}) {
      engine_->set_source_status({source, true, base::Micros{0}, 0, 0, ""});
    }
    engine_->tick();
  }

  void send() {
    static const char* const kSenders[] = {"a.example", "b.example"};
    static const char* const kProviders[] = {"gmail", "outlook"};
    const ramp::FlowKey flow{kSenders[pick(2)], kProviders[pick(2)]};
    const std::string id = "A" + std::to_string(100000 + ++sent_);
    const std::string recipient = "u" + std::to_string(sent_) + '@' + flow.provider + ".example";
    const auto before = engine_->find_flow(flow);
    auto transaction = engine_->begin({"localhost", "192.0.2.9", "", false},
                                      *mail::parse_address("x@" + flow.sender));
    const auto verdict =
        engine_->decide(transaction, {*mail::parse_address(recipient), recipient, "smtp"});
    const bool taken = verdict.answer == engine::Verdict::Answer::Continue;
    if (!taken || pick(10) == 0) {
      engine_->abort(transaction);
      return;
    }
    if (before) {
      REQUIRE(before->summary.status != ramp::FlowStatus::Paused);
    }
    engine_->commit(transaction, *mail::parse_queue_id(id));
    const ramp::Allowance after = engine_->find_flow(flow)->summary.allowance;
    REQUIRE(after.used_day <= after.day);
    queue_.push_back({id, recipient, flow, Standing::InFlight, clock_.wall_now()});
  }

  void tell(const std::string& body, base::WallTime at, const char* source) {
    report::StampReader stamps({}, clock_.wall_now());
    const report::LogLine line = report::parse_line(base::format_utc(at) + " mta1 " + body, stamps);
    store::CursorRecord cursor;
    cursor.source = source;
    cursor.offset = ++offset_;
    engine_->learn(std::span(&line, 1), cursor);
  }

  // 0 to 4: delivered; 5: too fast; 6: a full mailbox; 7: never heard of again.
  void report(std::uint64_t how) {
    if (queue_.empty()) {
      return;
    }
    const std::size_t which = pick(queue_.size());
    Queued& one = queue_[which];
    const std::string_view end = how <= 4 ? kSent : how == 5 ? kTooFast : kFull;
    const std::string relay =
        one.flow.provider == "gmail" ? "mx.google.example" : "mx.outlook-mx.example";
    if (one.since > clock_.wall_now()) {
      clock_.advance(2s);  // a queue asks again later, not within the same second
    }
    // Up to four minutes late, whole seconds as a log has them.
    const base::WallTime now =
        std::chrono::floor<std::chrono::seconds>(clock_.wall_now() - 1s * pick(240));
    const base::WallTime at =
        std::max<base::WallTime>(now, std::chrono::floor<std::chrono::seconds>(one.since));
    if (how < 7) {
      const std::string body = Bench::delivery(one.id, one.recipient, relay, end);
      tell(body, at, "log");
      if (pick(4) == 0) {
        tell(body, at, "journal");  // the same event again
      }
    }
    one.since = at + 2s;  // outcomes of one recipient are told in order
    if (how <= 4) {
      delivered_.emplace_back(one.flow, at);
    }
    one.standing = how == 5 ? Standing::Deferred : how == 6 ? Standing::Neither : one.standing;
    if (how <= 4 || how == 7) {
      tell("postfix/qmgr[1]: " + one.id + ": removed", clock_.wall_now(), "log");
      queue_.erase(queue_.begin() + static_cast<std::ptrdiff_t>(which));
    }
  }

  void check() const {
    const std::int64_t hour = clock_.wall_now().time_since_epoch() / 1h;
    for (const engine::FlowStatus& flow : engine_->status().flows) {
      CAPTURE(flow.key.sender, flow.key.provider);
      const ramp::Allowance& a = flow.summary.allowance;
      const ramp::Plan& plan = options_.plans.at("standard");
      const std::uint32_t bound = std::max(2 * a.level, 4 * plan.start);
      REQUIRE(a.day <= bound);
      const auto in = [&](Standing standing) {
        return std::count_if(queue_.begin(), queue_.end(), [&](const Queued& one) {
          return one.flow == flow.key && one.standing == standing;
        });
      };
      REQUIRE(flow.in_flight == in(Standing::InFlight));
      REQUIRE(flow.deferred_waiting == in(Standing::Deferred));
      const auto got = std::count_if(delivered_.begin(), delivered_.end(), [&](const auto& one) {
        return one.first == flow.key && one.second.time_since_epoch() / 1h > hour - 24;
      });
      REQUIRE(a.got_day == got);
    }
  }

  std::mt19937_64 random_;
  std::shared_ptr<store::StateStore> inner_;
  policy::Options options_;
  ManualClock clock_;
  std::unique_ptr<FaultyStore> store_;
  std::unique_ptr<engine::Engine> engine_;
  std::vector<Queued> queue_;
  std::vector<std::pair<ramp::FlowKey, base::WallTime>> delivered_;
  std::uint64_t sent_ = 0;
  std::uint64_t offset_ = 0;
};

TEST_CASE("no history admits too much, forgets a delivery or miscounts the queue",
          "[engine][property]") {
  const std::uint64_t most = cases(10);
  for (std::uint64_t seed = 1; seed <= most; ++seed) {
    CAPTURE(seed);
    History history(seed);
    for (int i = 0; i < 200; ++i) {
      CAPTURE(i);
      history.step();
    }
    history.finish();
  }
}

TEST_CASE("the same history gives the same state", "[engine][property]") {
  const std::uint64_t most = cases(2);
  for (std::uint64_t seed = 1; seed <= most; ++seed) {
    CAPTURE(seed);
    History one(seed);
    History two(seed);
    for (int i = 0; i < 100; ++i) {
      one.step();
      two.step();
    }
    REQUIRE(one.states() == two.states());
  }
}

}  // namespace
}  // namespace rampart::test
