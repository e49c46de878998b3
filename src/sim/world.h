// One simulated host: the application's queue, the control, the MTA's queue, the providers.

#pragma once

#include <array>
#include <deque>
#include <memory>
#include <vector>

#include "gate.h"

namespace rampart::sim {

class World {
 public:
  World(const Scenario& scenario, std::uint64_t seed);

  [[nodiscard]] const Cast& cast() const noexcept { return cast_; }
  /// All mail, then the outcome.
  base::Result<Outcome> run(Control control, std::shared_ptr<const policy::Policy> policy);

 private:
  enum class Place : std::uint8_t { None, Application, Queue, Done };
  struct State {
    Place place = Place::None;
    std::uint8_t tries = 0;
    Millis accepted = 0;  ///< by the MTA
  };
  /// Messages that wait for a scan of a queue.
  class Deferred {
   public:
    void add(std::uint32_t number, Millis due);
    std::vector<std::uint32_t> take(Millis now);

   private:
    std::vector<std::vector<std::uint32_t>> scans_;
    std::size_t next_ = 0;
  };
  struct Destination {
    std::deque<std::uint32_t> active;
    Millis next = -1000 * kDayMillis;  ///< when the next attempt ends
  };

  [[nodiscard]] Queued queued(std::uint32_t number) const { return {messages_[number], number}; }
  [[nodiscard]] FlowDay* day_of(const Message& message, Millis now);
  [[nodiscard]] bool is_judged(const Message& message) const;
  void submit(std::uint32_t number, Millis now);
  void activate(std::uint32_t number, Millis now);
  void attempt(Destination& destination, Millis now);
  void settle(std::uint32_t number, Kind kind, const Words& words, Millis now);
  void retry(std::uint32_t number, Millis now);
  void scan(Millis now);
  void end_day(Millis day);
  void loop();
  void finish();

  const Scenario& scenario_;
  Millis horizon_;
  std::vector<Provider> providers_;
  std::vector<Message> messages_;
  std::vector<State> states_;
  Cast cast_;
  std::vector<std::vector<double>> usual_;
  std::vector<std::unique_ptr<Receiver>> receivers_;
  std::unique_ptr<Gate> gate_;
  Deferred at_application_;
  Deferred in_queue_;
  std::deque<std::uint32_t> again_;  ///< what the application submits again
  Millis again_at_ = 0;
  std::vector<Destination> destinations_;
  std::vector<Millis> deliveries_;  ///< of deliverable mail
  std::vector<std::uint32_t> waiting_;
  Outcome outcome_;
};

}  // namespace rampart::sim
