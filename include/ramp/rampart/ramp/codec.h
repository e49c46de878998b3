// The stored form of the ramp's records: compact bytes with a version, independent of machine
// order.
//
// Pure: any thread.
// Errors: decode_* return nullopt for damaged or newer bytes and never read beyond them.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "rampart/ramp/flow.h"

namespace rampart::ramp {

std::string encode(const Flow& flow);
std::optional<Flow> decode_flow(std::string_view bytes);

std::string encode(const HostFlow& host);
std::optional<HostFlow> decode_host_flow(std::string_view bytes);

std::string encode(const Health& health);
std::optional<Health> decode_health(std::string_view bytes);

}  // namespace rampart::ramp
