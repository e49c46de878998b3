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

std::optional<Action> parse_action(std::string_view text) noexcept {
  for (std::size_t i = 0; i < kActions.size(); ++i) {
    if (kActions[i] == text) {
      return static_cast<Action>(i);
    }
  }
  return std::nullopt;
}

}  // namespace rampart::policy
