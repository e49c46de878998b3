// Host flows as a whole, for who acts on them.

#include <algorithm>
#include <iterator>

#include "data.h"

namespace rampart::engine {

std::vector<PausedHost> Engine::paused_hosts() const {
  const std::shared_ptr<const Active> policy = data_->active();
  std::vector<PausedHost> paused;
  if (policy->options().mode != Mode::Enforce) {
    return paused;
  }
  const base::WallTime now = data_->clock.wall_now();
  data_->flows.for_each_host([&](const LiveHost& host) {
    if (now < host.state.flow.pause_until) {
      paused.push_back({host.provider, host.state.flow.pause_until, {}});
    }
  });
  std::sort(paused.begin(), paused.end(),
            [](const PausedHost& a, const PausedHost& b) { return a.provider < b.provider; });
  const provider::Table& table = policy->policy().providers;
  for (PausedHost& host : paused) {
    // Where nobody named a group, the provider is a domain.
    const std::vector<std::string> named = table.is_named(host.provider)
                                               ? table.domains_of(host.provider)
                                               : std::vector<std::string>{host.provider};
    const std::vector<std::string> known = data_->domains.domains_of(host.provider);
    std::set_union(named.begin(), named.end(), known.begin(), known.end(),
                   std::back_inserter(host.domains));
  }
  return paused;
}

void Engine::set_warning(std::string_view topic, std::string_view sentence) {
  const base::MutexLock lock(data_->warnings_mutex);
  if (sentence.empty()) {
    if (const auto found = data_->warnings.find(topic); found != data_->warnings.end()) {
      data_->warnings.erase(found);
    }
  } else {
    data_->warnings.insert_or_assign(std::string(topic), std::string(sentence));
  }
}

}  // namespace rampart::engine
