// Stored ramp records: any bytes are refused or read, and what is read is written back the same.

#include <cstdint>
#include <string_view>

#include "rampart/base/assert.h"
#include "rampart/ramp/codec.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto flow = rampart::ramp::decode_flow(bytes)) {
    RAMPART_ASSERT(rampart::ramp::decode_flow(rampart::ramp::encode(*flow)) == flow);
  }
  if (const auto host = rampart::ramp::decode_host_flow(bytes)) {
    RAMPART_ASSERT(rampart::ramp::decode_host_flow(rampart::ramp::encode(*host)) == host);
  }
  if (const auto health = rampart::ramp::decode_health(bytes)) {
    RAMPART_ASSERT(rampart::ramp::decode_health(rampart::ramp::encode(*health)) == health);
  }
  return 0;
}
