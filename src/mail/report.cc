#include "rampart/mail/report.h"

#include <array>

namespace rampart::mail {

std::string_view to_string(DeliveryStatus status) noexcept {
  static constexpr std::array<std::string_view, 4> kNames{"sent", "deferred", "bounced", "expired"};
  return kNames[static_cast<std::size_t>(status)];
}

}  // namespace rampart::mail
