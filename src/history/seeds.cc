#include "rampart/history/seeds.h"

#include <set>

namespace rampart::history {

std::vector<Seed> seeds_of(const Levels& levels, const Correlator& correlator) {
  std::vector<Seed> seeds;
  std::set<std::uint32_t> providers;
  for (const Levels::Place& place : levels.flows()) {
    if (place.history->delivered == 0 || !levels.sender(place.sender).established()) {
      continue;
    }
    seeds.push_back(
        {{correlator.senders().text(place.sender), correlator.providers().text(place.provider)},
         place.history->state});
    providers.insert(place.provider);
  }
  for (const std::uint32_t provider : providers) {
    if (const ramp::Flow* host = levels.host(provider)) {
      seeds.push_back({{"", correlator.providers().text(provider)}, *host});
    }
  }
  return seeds;
}

}  // namespace rampart::history
