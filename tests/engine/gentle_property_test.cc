// Weeks of mail that grows gently, without a bad reply; every night a restart and a clock that is
// set: nothing is ever deferred.

#include "random_history.h"

namespace rampart::test {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): tests only

constexpr int kDays = 32;
constexpr double kMostGrowth =
    1.25;  // a day; the plan's is 1.4, and a clock set back makes a day 25 hours
constexpr std::uint32_t kManyMails = 120;

class Weeks {
 public:
  explicit Weeks(std::uint64_t seed) : random_(seed), inner_(store::open_memory()) {
    number_ = 15 + static_cast<std::uint32_t>(random_() % 30);
    options_ = strict_options();
    options_.plans["standard"].start = number_ + number_ / 2;
    options_.on_loss = policy::OnLoss::Share;
    start();
  }
  ~Weeks() { store_->dead = true; }
  Weeks(const Weeks&) = delete;
  Weeks& operator=(const Weeks&) = delete;

  // So many mails evenly over 24 hours; each is delivered before the next.
  void day() {
    const base::WallTime begins = clock_.wall_now();
    const base::Micros every = base::Micros{24h} / number_;
    const std::uint32_t fails_at = random_() % 2 == 0 ? number_ * 3 / 4 : number_;
    for (std::uint32_t i = 0; i < number_; ++i) {
      if (i == fails_at) {
        fail();
      }
      const base::WallTime due = begins + every * static_cast<int>(i) + part(every / 5);
      clock_.advance(std::max(due - clock_.wall_now(), base::Micros{0}));
      see_feed();
      mail(every);
    }
    clock_.advance(std::max(begins + 24h - clock_.wall_now(), base::Micros{0}));
    most_ = std::max(most_, number_);
    restart();
    clock_.set_wall(clock_.wall_now() + part(2h) - 1h);
  }

  void grow() {
    const double by =
        number_ < kManyMails ? 0.95 + (kMostGrowth - 0.95) * share() : 0.8 + 0.2 * share();
    number_ = std::max(10U, static_cast<std::uint32_t>(number_ * by));
  }

  [[nodiscard]] std::uint32_t number() const { return number_; }
  [[nodiscard]] std::uint32_t most() const { return most_; }
  [[nodiscard]] engine::FlowStatus flow() const { return *engine_->find_flow(kFlow); }

 private:
  inline static const ramp::FlowKey kFlow{"a.example", "gmail"};

  double share() { return static_cast<double>(random_() % 1000) / 1000; }
  base::Micros part(base::Micros of) {
    return base::Micros{
        static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(of.count()))};
  }

  void start() {
    store_ = std::make_unique<FaultyStore>(inner_);
    auto made = engine::Engine::create(build_policy(options_), *store_, clock_);
    REQUIRE(made.has_value());
    engine_ = std::move(*made);
    see_feed();
    const auto cursor = engine_->cursor("log");
    read_ = cursor ? cursor->offset : 0;
    read();
  }

  // The disk is full until the night.
  void fail() {
    REQUIRE(engine_->sync(10s).has_value());
    options_.store_deadline = 1ms;
    engine_->reload(build_policy(options_));
    store_->fails = true;
  }

  // A clean stop, or a kill, after which the log is read again from the last commit on.
  void restart() {
    const bool killed = store_->fails || random_() % 2 == 0;
    options_.store_deadline = strict_options().store_deadline;
    store_->dead = killed;
    store_->fails = false;
    engine_.reset();
    start();
  }

  void see_feed() {
    engine_->set_source_status({"log", true, base::Micros{0}, 0, 0, ""});
    engine_->tick();
  }

  void mail(base::Micros every) {
    const std::string id = "A" + std::to_string(100000 + ++sent_);
    const std::string recipient = "u" + std::to_string(sent_) + "@gmail.example";
    auto transaction =
        engine_->begin({"localhost", "192.0.2.9", "", false}, *mail::parse_address("x@a.example"));
    const auto verdict =
        engine_->decide(transaction, {*mail::parse_address(recipient), recipient, "smtp"});
    CAPTURE(sent_, verdict.text);
    REQUIRE(verdict.answer == engine::Verdict::Answer::Continue);
    engine_->commit(transaction, *mail::parse_queue_id(id));
    write(active(id, "x@a.example"));
    clock_.advance(part(every / 2));
    write(Bench::delivery(id, recipient, "mx.google.example", kSent));
    write("postfix/qmgr[1]: " + id + ": removed");
    read();
  }

  void write(const std::string& body) {
    lines_.push_back(base::format_utc(clock_.wall_now()) + " mta1 " + body);
  }

  void read() {
    report::StampReader stamps({}, clock_.wall_now());
    std::vector<report::LogLine> batch;
    for (; read_ < lines_.size(); ++read_) {
      batch.push_back(report::parse_line(lines_[read_], stamps));
    }
    store::CursorRecord cursor;
    cursor.source = "log";
    cursor.offset = read_;
    engine_->learn(batch, cursor);
  }

  std::mt19937_64 random_;
  std::shared_ptr<store::StateStore> inner_;
  policy::Options options_;
  ManualClock clock_;
  std::unique_ptr<FaultyStore> store_;
  std::unique_ptr<engine::Engine> engine_;
  std::vector<std::string> lines_;
  std::size_t read_ = 0;
  std::uint64_t sent_ = 0;
  std::uint32_t number_ = 0;
  std::uint32_t most_ = 0;
};

TEST_CASE("gentle growth is never limited, whatever happens at night", "[engine][property]") {
  for (std::uint64_t seed = 1, most = cases(2); seed <= most; ++seed) {
    CAPTURE(seed);
    Weeks weeks(seed);
    for (int day = 0; day < kDays; ++day) {
      CAPTURE(day, weeks.number());
      weeks.day();
      weeks.grow();
    }
    REQUIRE(weeks.flow().deferrals == 0);
    REQUIRE(weeks.flow().in_flight == 0);
    // What was delivered is the level, but for the last days.
    REQUIRE(weeks.flow().summary.allowance.level * 10 >= weeks.most() * 7);
  }
}

}  // namespace
}  // namespace rampart::test
