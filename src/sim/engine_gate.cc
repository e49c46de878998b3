// The engine as the control: it is asked at RCPT as the milter asks, and learns from lines as
// Postfix logs them.

#include <algorithm>
#include <atomic>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "rampart/base/time.h"
#include "rampart/engine/engine.h"
#include "rampart/engine/status.h"
#include "rampart/engine/transaction.h"
#include "rampart/mail/address.h"
#include "rampart/report/postfix.h"
#include "rampart/store/state_store.h"

#include "gate.h"
#include "traffic.h"

namespace rampart::sim {
namespace {

constexpr std::string_view kSource = "log";
constexpr std::string_view kClient = "192.0.2.50";

// Time that is told, not measured. Any thread: the engine's writer reads it.
class VirtualClock final : public base::Clock {
 public:
  void set(Millis now) noexcept { micros_ = to_micros(now); }
  [[nodiscard]] base::WallTime wall_now() const noexcept override {
    return base::WallTime{base::Micros{micros_.load()}};
  }
  [[nodiscard]] base::SteadyTime steady_now() const noexcept override {
    return base::SteadyTime{base::Micros{micros_.load()}};
  }
  /// Day 0 is a Monday.
  static long long to_micros(Millis now) noexcept {
    constexpr std::chrono::sys_days kDayZero{std::chrono::year{2026} / 3 / 2};
    return base::WallTime{kDayZero}.time_since_epoch().count() + now * 1000;
  }

 private:
  std::atomic<long long> micros_{0};
};

bool is_read_back(const store::Operation& operation) noexcept {
  return std::holds_alternative<suppression::Entry>(operation) ||
         std::holds_alternative<suppression::Evidence>(operation) ||
         std::holds_alternative<store::EraseSuppression>(operation) ||
         std::holds_alternative<store::EraseEvidence>(operation);
}

// Keeps what the engine reads back while it runs, and forgets the rest: nobody restarts a simulated
// engine.
class LightStore final : public store::StateStore {
 public:
  explicit LightStore(std::unique_ptr<store::StateStore> store) : store_(std::move(store)) {}

  base::Result<> commit(const store::Batch& batch) override {
    store::Batch kept;
    std::copy_if(batch.operations.begin(), batch.operations.end(),
                 std::back_inserter(kept.operations), is_read_back);
    return kept.operations.empty() ? base::Result<>(base::Ok{}) : store_->commit(kept);
  }
  base::Result<store::Snapshot> load() override { return store_->load(); }
  [[nodiscard]] base::HashKey hash_key() const noexcept override { return store_->hash_key(); }
  base::Result<std::vector<suppression::Entry>> find_suppressions(std::string_view key) override {
    return store_->find_suppressions(key);
  }
  base::Result<std::optional<suppression::Evidence>> find_evidence(
      std::string_view key, std::string_view sender) override {
    return store_->find_evidence(key, sender);
  }
  base::Result<std::vector<suppression::Change>> history(std::string_view key) override {
    return store_->history(key);
  }
  base::Result<std::vector<suppression::Entry>> list_suppressions(
      const store::SuppressionFilter& filter) override {
    return store_->list_suppressions(filter);
  }
  base::Result<> for_each_suppression_key(
      const std::function<void(std::string_view key)>& visit) override {
    return store_->for_each_suppression_key(visit);
  }
  base::Result<std::uint64_t> count_suppressions() override { return store_->count_suppressions(); }
  base::Result<std::optional<store::TokenRecord>> find_token(std::string_view token) override {
    return store_->find_token(token);
  }
  base::Result<std::vector<std::string>> find_events(std::uint32_t id,
                                                     base::WallTime since) override {
    return store_->find_events(id, since);
  }
  base::Result<> prune(const store::Horizons& horizons) override { return store_->prune(horizons); }
  [[nodiscard]] std::string describe() const override { return "simulated"; }

 private:
  std::unique_ptr<store::StateStore> store_;
};

policy::Action without_hold(policy::Action action) noexcept {
  return action == policy::Action::Hold || action == policy::Action::Auto ? policy::Action::Defer
                                                                          : action;
}

// Enforcing, without waits for a store, and in front of a queue that takes a "later".
std::shared_ptr<const policy::Policy> adapt(const policy::Policy& given) {
  policy::Policy policy = given;
  policy::Options& options = policy.options;
  options.mode = policy::Mode::Enforce;
  options.suppression_mode = policy::Mode::Enforce;
  options.over = without_hold(options.over);
  options.suppressed = without_hold(options.suppressed);
  for (policy::Rule& rule : options.rules) {
    rule.mode.reset();
    if (rule.over) {
      rule.over = without_hold(*rule.over);
    }
  }
  options.outbound = {};
  options.lease_time = base::Micros{0};
  options.max_lag = std::chrono::hours{1};
  options.has_log_source = true;
  options.smarthost = false;
  options.reads_notices = false;
  options.token = false;
  return std::make_shared<const policy::Policy>(std::move(policy));
}

class RampartGate final : public Gate {
 public:
  RampartGate(const Cast& cast, std::unique_ptr<store::StateStore> store)
      : cast_(cast), store_(std::move(store)) {}

  base::Result<> start(std::shared_ptr<const policy::Policy> policy) {
    auto made = engine::Engine::create(std::move(policy), *store_, clock_);
    if (!made) {
      return made.error();
    }
    engine_ = std::move(*made);
    return base::Ok{};
  }

  Answer ask(const Queued& queued, Millis now) override {
    clock_.set(now);
    learn();
    const Message& message = queued.message;
    engine::Transaction transaction =
        engine_->begin({"app.example", std::string(kClient), "", false},
                       mail::Address{"news", domain_of(cast_.senders[message.sender])});
    const std::string spelling = address_of(message);
    const engine::Verdict verdict =
        engine_->decide(transaction, {*mail::parse_address(spelling), spelling, "smtp"});
    if (verdict.answer != engine::Verdict::Answer::Continue) {
      engine_->abort(transaction);
      return verdict.answer == engine::Verdict::Answer::Defer ? Answer::Later : Answer::Reject;
    }
    const engine::Ending ending =
        engine_->commit(transaction, *mail::parse_queue_id(id_of(queued)));
    return ending.drop.empty() ? Answer::Accept : Answer::Reject;
  }

  void on_active(const Queued& queued, Millis now) override {
    add("postfix/qmgr",
        fmt::format("{}: from=<news@{}>, size=4711, nrcpt=1 (queue active)", id_of(queued),
                    cast_.senders[queued.message.sender]),
        now);
  }

  void on_reply(const Queued& queued, Kind kind, const Words& words, Millis now) override {
    const std::string& relay = cast_.relays[queued.message.provider];
    const char* status = kind == Kind::Accepted ? "sent"
                         : words.text.front() == '4' || words.stage == mail::Stage::Connect
                             ? "deferred"
                             : "bounced";
    add("postfix/smtp",
        fmt::format("{}: to=<{}>, relay={}:25, delay=1.2, delays=0.1/0/0.4/0.7, dsn={}, "
                    "status={} ({})",
                    id_of(queued), address_of(queued.message), relay, dsn_of(words), status,
                    account_of(words, relay)),
        now);
    if (kind == Kind::Accepted || status[0] == 'b') {
      add("postfix/qmgr", id_of(queued) + ": removed", now);
    }
  }

  void on_expired(const Queued& queued, Millis now) override {
    add("postfix/qmgr",
        fmt::format("{}: from=<news@{}>, status=expired, returned to sender", id_of(queued),
                    cast_.senders[queued.message.sender]),
        now);
    add("postfix/qmgr", id_of(queued) + ": removed", now);
  }

  void tick(Millis now) override {
    clock_.set(now);
    learn();
    // The engine's writer runs in real time; what it has stored must not depend on that.
    (void)engine_->sync(std::chrono::seconds{60});
    engine_->set_source_status({std::string(kSource), true, base::Micros{0}, 0, 0, ""});
    engine_->tick();
  }

  std::uint32_t allowance(std::size_t sender, std::size_t provider, Millis now) override {
    clock_.set(now);
    learn();
    const auto flow = engine_->find_flow({sender_name(sender), provider_name(provider)});
    return flow ? flow->summary.allowance.day : 0;
  }

 private:
  static constexpr std::size_t kLinesMax = 1000;

  static mail::Domain domain_of(const std::string& name) {
    return mail::parse_address("x@" + name)->domain;
  }
  // As the policy calls them: "a.example" for mail of "news.a.example".
  [[nodiscard]] std::string sender_name(std::size_t sender) const {
    return engine_->policy()->senders.sender_of({"news", domain_of(cast_.senders[sender])}, "",
                                                kClient);
  }
  [[nodiscard]] std::string provider_name(std::size_t provider) const {
    const mail::Domain domain = domain_of(cast_.domains[provider]);
    const std::string_view named = engine_->policy()->providers.find_by_domain(domain);
    return named.empty() ? provider::registrable_domain(domain) : std::string(named);
  }
  static std::string id_of(const Queued& queued) { return fmt::format("{:010X}", queued.number); }
  [[nodiscard]] std::string address_of(const Message& message) const {
    return fmt::format("u{:x}@{}", message.recipient, cast_.domains[message.provider]);
  }

  void add(std::string_view program, const std::string& text, Millis now) {
    report::LogLine line = report::parse_entry(program, text);
    line.time = base::WallTime{base::Micros{VirtualClock::to_micros(now)}};
    line.host = "mta1";
    line.pid = 1;
    lines_.push_back(std::move(line));
    if (lines_.size() >= kLinesMax) {
      clock_.set(now);
      learn();
    }
  }

  // Before anything is asked, so that it is as if each line had been learned from at once.
  void learn() {
    if (lines_.empty()) {
      return;
    }
    store::CursorRecord cursor;
    cursor.source = kSource;
    cursor.offset = (read_ += lines_.size());
    engine_->learn(lines_, cursor);
    lines_.clear();
  }

  const Cast& cast_;
  VirtualClock clock_;
  std::unique_ptr<store::StateStore> store_;
  std::unique_ptr<engine::Engine> engine_;  // after what it uses
  std::vector<report::LogLine> lines_;
  std::uint64_t read_ = 0;
};

}  // namespace

base::Result<std::unique_ptr<Gate>> make_rampart(const Cast& cast,
                                                 std::shared_ptr<const policy::Policy> policy) {
  auto gate =
      std::make_unique<RampartGate>(cast, std::make_unique<LightStore>(store::open_memory()));
  if (const auto started = gate->start(adapt(*policy)); !started) {
    return started.error();
  }
  return std::unique_ptr<Gate>(std::move(gate));
}

}  // namespace rampart::sim
