// How many notices agree: one recipient's word must not slow a provider for everybody.
//
// Threads: one at a time; the learner asks under the writer's gate.
// Limits: kFlowsMax flows are remembered.

#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rampart/base/time.h"
#include "rampart/ramp/flow.h"

namespace rampart::ledger {

class Witnesses {
 public:
  static constexpr std::size_t kNeeded = 3;
  static constexpr base::Micros kWithin = std::chrono::hours{1};
  static constexpr std::size_t kFlowsMax = 10'000;

  /// Notes what the notice about one message says.
  /// @return true if notices about kNeeded different messages have said so within kWithin
  bool agree(const ramp::FlowKey& flow, std::string_view token, base::WallTime now);

 private:
  using Said = std::pair<base::WallTime, std::string>;
  std::map<ramp::FlowKey, std::vector<Said>> said_;
};

}  // namespace rampart::ledger
