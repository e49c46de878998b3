// Levels: what each flow, host flow and sender would remember had rampart watched all along.
//
// The outcomes of old logs are charged and reported to scratch flows with the ramp's own functions,
// each at its own time, so that there is one truth: levels, best hours, days with a block that do
// not count, and limits come out as they would have live.
//
// Pure: time comes from the outcomes; distinct objects may be used from distinct threads.
// Limits: kFlowsMax flows of about 1.5 KB; when they are reached, those of fewer than kFewUnits
// recipients that have been silent for three days are dropped, and what finds no room is counted.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "rampart/base/time.h"
#include "rampart/history/correlator.h"
#include "rampart/policy/active.h"
#include "rampart/ramp/flow.h"

namespace rampart::history {

struct FlowHistory {
  ramp::Flow state;
  std::uint64_t delivered = 0;
  std::uint64_t deferrals = 0;  ///< rate limits and blocks
  std::uint64_t refused = 0;    ///< permanently, for other reasons
  std::uint32_t days = 0;       ///< UTC days with a delivery
  base::WallTime first{};       ///< outcome
  base::WallTime last{};
};

struct SenderHistory {
  std::uint64_t delivered = 0;
  std::uint32_t days = 0;  ///< UTC days with a delivery, at any provider
  base::WallTime last{};   ///< delivery

  /// Mail on two days, or not just a handful: who is new today in a live log is lumped with others,
  /// and such a sender is not new.
  [[nodiscard]] bool established() const noexcept { return days >= 2 || delivered >= 20; }
};

class Levels {
 public:
  static constexpr std::size_t kFlowsMax = 100'000;
  static constexpr std::uint32_t kFewUnits = 10;

  /// @param flows_max  for tests
  explicit Levels(std::shared_ptr<const policy::Active> active, std::size_t flows_max = kFlowsMax);
  ~Levels();
  Levels(Levels&&) noexcept;
  Levels& operator=(Levels&&) noexcept;

  /// Takes an outcome, in the order of the log, and sets Outcome::standing.
  /// @param correlator  that brings it: knows the names
  void add(Outcome& outcome, const Correlator& correlator);

  /// One sender x one provider, by their numbers in the correlator.
  struct Place {
    std::uint32_t sender = 0;
    std::uint32_t provider = 0;
    const FlowHistory* history = nullptr;
  };
  /// All flows, most deliveries first.
  [[nodiscard]] std::vector<Place> flows() const;
  /// By provider number; nullptr if nothing was sent there.
  [[nodiscard]] const ramp::Flow* host(std::uint32_t provider) const;
  /// By sender number.
  [[nodiscard]] SenderHistory sender(std::uint32_t number) const;
  [[nodiscard]] std::uint64_t passed_over() const noexcept;  ///< outcomes that found no room

 private:
  struct Data;
  std::unique_ptr<Data> data_;
};

/// What is worth remembering of the past, in the form in which it goes to the live state.
struct Seed {
  ramp::FlowKey key;  ///< sender "": the host flow of the provider
  ramp::Flow state;
};

/// Flows of established senders that delivered something, those with most deliveries first, and the
/// host flows of their providers. Of other senders a live log will tell soon enough.
std::vector<Seed> seeds_of(const Levels& levels, const Correlator& correlator);

}  // namespace rampart::history
