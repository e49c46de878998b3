// The names of months as logs and mails write them: "Nov".
//
// Source: RFC 5322 section 3.3; RFC 3164 section 4.1.2.
// Pure: every function may be called from any thread.

#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "rampart/base/text.h"

namespace rampart::base {

/// @param name  three letters, in any case
inline std::optional<std::chrono::month> parse_month(std::string_view name) noexcept {
  constexpr std::string_view kNames = "janfebmaraprmayjunjulaugsepoctnovdec";
  for (std::size_t i = 0; name.size() == 3 && i < kNames.size(); i += 3) {
    if (to_lower(name[0]) == kNames[i] && to_lower(name[1]) == kNames[i + 1] &&
        to_lower(name[2]) == kNames[i + 2]) {
      return std::chrono::month{static_cast<unsigned>(i / 3 + 1)};
    }
  }
  return std::nullopt;
}

}  // namespace rampart::base
