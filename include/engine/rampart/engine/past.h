// What old logs showed, as it is handed to the engine.
//
// Pure: plain values.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rampart/base/result.h"
#include "rampart/ramp/flow.h"

namespace rampart::engine {

/// A flow as if rampart had watched all along. With sender "" the host flow of the provider.
struct PastFlow {
  ramp::FlowKey key;
  ramp::Flow state;
};

struct Past {
  std::vector<PastFlow> flows;
  /// Recipient domain and the named provider whose relays took its mail.
  std::vector<std::pair<std::string, std::string>> domains;
};

/// A flow of the past in its stored form. @return InvalidInput for names or bytes that are none
base::Result<PastFlow> decode_past(const ramp::FlowKey& key, std::string_view bytes);

/// What became of a flow of the past.
struct MergedFlow {
  ramp::FlowKey key;
  std::uint32_t level_before = 0;
  std::uint32_t level = 0;
  bool changed = false;
};

}  // namespace rampart::engine
