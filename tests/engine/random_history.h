// A random history of several flows through an engine, and a model beside it: an MTA with its queue
// and its logs, which no restart changes, and what the engine must have learned from them by now.

#pragma once

#include <array>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <random>
#include <set>

#include "faulty_store.h"
#include "fixture.h"
#include "windows_model.h"

namespace rampart::test {

/// How many random histories; more with the environment variable RAMPART_PROPERTY_CASES.
inline std::uint64_t cases(std::uint64_t usual) {
  const char* more = std::getenv("RAMPART_PROPERTY_CASES");  // NOLINT(concurrency-mt-unsafe)
  const std::uint64_t count = more == nullptr ? usual : std::max(1ULL, std::stoull(more));
  if (more != nullptr) {
    std::printf("%llu random histories\n", static_cast<unsigned long long>(count));
  }
  return count;
}

/// What may happen besides mail, reports, restarts, kills and reloads.
struct Faults {
  bool clock_steps = false;  ///< of the wall clock, minutes to more than a day, both ways
  bool stalls = false;       ///< a source is read hours late; with two, each at its own pace
  bool outages = false;      ///< the store fails for a while, and mostly ends with a kill
};

class RandomHistory {
 public:
  RandomHistory(std::uint64_t seed, Faults faults);
  ~RandomHistory() { store_->dead = true; }
  RandomHistory(const RandomHistory&) = delete;
  RandomHistory& operator=(const RandomHistory&) = delete;

  /// Something happens; what must always hold is required.
  void step();
  /// All that is left in the queue is delivered and told: nothing stays in flight, and every flow
  /// takes mail again.
  void finish();
  /// What people are shown, one line each flow.
  [[nodiscard]] std::vector<std::string> states() const;

 private:
  using Standing = ramp::Standing;

  /// Of one recipient, who is the only one of the message.
  struct Message {
    std::string id;
    std::string recipient;
    ramp::FlowKey flow;
    base::WallTime event{};            ///< the last one
    std::vector<std::size_t> told_by;  ///< numbers of sources
  };
  enum class Kind { Active, Delivered, TooFast, Full, Dead, Blocked, Removed };
  struct Line {
    Kind kind = Kind::Active;
    std::uint64_t event = 0;
    std::string text;
    std::string id;
    ramp::FlowKey flow;
  };
  struct Source {
    std::string name;
    std::vector<Line> lines;
    base::SteadyTime stalled_until{};
  };
  /// A message as the engine must know it.
  struct Known {
    Standing standing = Standing::Unadmitted;
    bool admitted = false;
    bool told = false;       ///< a source said that it is being delivered
    std::size_t source = 0;  ///< that source
    ramp::FlowKey flow;
  };
  /// What a kill sets back to the last commit.
  struct View {
    std::map<std::string, Known> messages;
    std::set<std::uint64_t> events;
    std::array<std::size_t, 2> read{};
    std::map<ramp::FlowKey, WindowsModel> windows;
  };

  std::uint64_t pick(std::uint64_t below) { return random_() % below; }
  [[nodiscard]] const ramp::Plan& plan() const { return options_.plans.at("standard"); }

  void start();
  void restart(bool killed);
  void begin_outage();
  void end_outage();
  void reload();
  void see_feed();
  void step_clock();
  void send();
  void check_admission(const engine::FlowStatus& before, std::size_t used) const;
  void attempt();
  void write(const Message& message, Kind kind, bool everywhere);
  void read(std::size_t source);
  void read_all();
  void learn(std::size_t source, const Line& line, base::WallTime at);
  void empty_queue();
  void check() const;
  void check_flow(const engine::FlowStatus& flow) const;
  void check_takes_mail(const ramp::FlowKey& flow);

  std::mt19937_64 random_;
  Faults faults_;
  std::shared_ptr<store::StateStore> inner_;
  policy::Options options_;
  ManualClock clock_;
  std::unique_ptr<FaultyStore> store_;
  std::unique_ptr<engine::Engine> engine_;
  std::vector<Message> queue_;
  std::vector<Source> sources_;
  View view_;
  View stored_;  ///< during an outage: as of the last commit
  std::vector<ramp::FlowKey> admitted_since_;
  base::WallTime outage_at_{};
  std::uint64_t outage_steps_ = 0;  ///< left of an outage
  base::Micros leapt_{0};           ///< ahead, since the queue was empty
  std::uint64_t sent_ = 0;
  std::uint64_t events_ = 0;
};

}  // namespace rampart::test
