#include "rampart/policy/options.h"

#include <array>

namespace rampart::policy {
namespace {

constexpr std::array<std::string_view, 7> kActions{"accept", "defer", "reject", "hold",
                                                   "tag",    "drop",  "auto"};

}  // namespace

std::string_view to_string(Action action) noexcept {
  return kActions[static_cast<std::size_t>(action)];
}

}  // namespace rampart::policy
