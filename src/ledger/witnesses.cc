#include "rampart/ledger/witnesses.h"

#include <algorithm>

namespace rampart::ledger {

bool Witnesses::agree(const ramp::FlowKey& flow, std::string_view token, base::WallTime now) {
  const auto is_old = [&](const Said& said) {
    return said.first + kWithin < now;
  };
  if (said_.size() >= kFlowsMax && !said_.contains(flow)) {
    std::erase_if(said_, [&](const auto& item) {
      return std::all_of(item.second.begin(), item.second.end(), is_old);
    });
    if (said_.size() >= kFlowsMax) {
      return false;
    }
  }
  std::vector<Said>& all = said_[flow];
  std::erase_if(all, is_old);
  const bool known =
      std::any_of(all.begin(), all.end(), [&](const Said& said) { return said.second == token; });
  if (!known && all.size() < kNeeded) {
    all.emplace_back(now, token);
  }
  return all.size() >= kNeeded;
}

}  // namespace rampart::ledger
