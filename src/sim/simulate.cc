#include "rampart/sim/simulate.h"

#include <algorithm>
#include <atomic>
#include <limits>
#include <thread>

#include "world.h"

namespace rampart::sim {
namespace {

constexpr std::array<std::string_view, kControls> kNames{"rampart",  "none",    "cap",
                                                         "schedule", "halving", "oracle"};

double per_1000(std::uint64_t count, std::uint64_t delivered) noexcept {
  return 1000.0 * static_cast<double>(count) /
         static_cast<double>(std::max<std::uint64_t>(1, delivered));
}

constexpr double kNeverHours = std::numeric_limits<double>::infinity();

std::optional<double> ever(double hours) {
  return hours == kNeverHours ? std::nullopt : std::optional(hours);
}

}  // namespace

std::string_view to_string(Control control) noexcept {
  return kNames[static_cast<std::size_t>(control)];
}

std::optional<Control> parse_control(std::string_view text) noexcept {
  const auto* found = std::find(kNames.begin(), kNames.end(), text);
  if (found == kNames.end()) {
    return std::nullopt;
  }
  return static_cast<Control>(found - kNames.begin());
}

double Outcome::share() const noexcept {
  return deliverable == 0
             ? 1
             : static_cast<double>(delivered_in_time) / static_cast<double>(deliverable);
}

double Outcome::throttled_per_1000() const noexcept {
  return per_1000(throttled, delivered);
}

double Outcome::refused_per_1000() const noexcept {
  return per_1000(refused, delivered);
}

Summary summarize(const std::vector<Outcome>& outcomes) {
  std::vector<double> values(outcomes.size());
  const auto median = [&](auto of) {
    std::transform(outcomes.begin(), outcomes.end(), values.begin(),
                   [&](const Outcome& outcome) { return static_cast<double>(of(outcome)); });
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return values.empty() ? 0 : *middle;
  };
  Summary all;
  all.share = median([](const Outcome& o) { return o.share(); });
  all.hours_to_half =
      ever(median([](const Outcome& o) { return o.hours_to_half.value_or(kNeverHours); }));
  all.hours_to_most =
      ever(median([](const Outcome& o) { return o.hours_to_most.value_or(kNeverHours); }));
  all.throttled_per_1000 = median([](const Outcome& o) { return o.throttled_per_1000(); });
  all.refused_per_1000 = median([](const Outcome& o) { return o.refused_per_1000(); });
  all.hours_blocked = median([](const Outcome& o) { return o.hours_blocked; });
  all.dead = median([](const Outcome& o) { return o.dead; });
  all.lost = median([](const Outcome& o) { return o.lost; });
  all.returned = median([](const Outcome& o) { return o.returned; });
  all.rejected_alive = median([](const Outcome& o) { return o.rejected_alive; });
  return all;
}

base::Result<Outcome> simulate(const Setup& setup, const Run& run) {
  World world(setup.scenario, run.seed);
  return world.run(run.control, setup.policy);
}

base::Result<std::vector<Outcome>> simulate_all(const Setup& setup,
                                                const std::vector<Run>& runs,
                                                unsigned threads) {
  std::vector<base::Result<Outcome>> results(runs.size(), Outcome{});
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i = next++; i < runs.size(); i = next++) {
      results[i] = simulate(setup, runs[i]);
    }
  };
  {
    std::vector<std::jthread> workers;
    for (unsigned i = 1; i < std::max(1U, threads) && i < runs.size(); ++i) {
      workers.emplace_back(work);
    }
    work();
  }
  std::vector<Outcome> outcomes;
  for (base::Result<Outcome>& result : results) {
    if (!result) {
      return result.error();
    }
    outcomes.push_back(std::move(*result));
  }
  return outcomes;
}

}  // namespace rampart::sim
