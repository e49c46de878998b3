// Values spelled as TOML, exactly: what is rendered reads back as the same value.
//
// Pure: every function may be called from any thread.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "rampart/base/time.h"

namespace rampart::config {

std::string render(bool value);
std::string render(std::uint32_t value);
std::string render(std::size_t value);
std::string render(double value);        ///< with a point: "2.0"
std::string render(base::Micros value);  ///< in quotes: "1h30m"; below a millisecond is dropped
std::string render(const std::string& value);
std::string render(const std::vector<std::string>& values);
std::string render(const std::vector<std::uint32_t>& values);

}  // namespace rampart::config
