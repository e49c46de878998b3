#include "rampart/mail/queue_id.h"

#include <algorithm>

#include "rampart/base/text.h"

namespace rampart::mail {

std::optional<QueueId> parse_queue_id(std::string_view text) {
  constexpr std::size_t kLengthMin = 5;
  constexpr std::size_t kLengthMax = 20;
  if (text.size() < kLengthMin || text.size() > kLengthMax ||
      !std::all_of(text.begin(), text.end(), base::is_alnum) ||
      std::none_of(text.begin(), text.end(), base::is_digit)) {
    return std::nullopt;
  }
  QueueId id;
  id.text_ = text;
  return id;
}

}  // namespace rampart::mail
