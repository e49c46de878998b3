#include "rampart/mail/queue_id.h"

#include <algorithm>

#include "rampart/base/text.h"

namespace rampart::mail {

std::optional<QueueId> parse_queue_id(std::string_view text) {
  constexpr std::size_t kLengthMin = 5;
  constexpr std::size_t kLengthMax = 20;
  if (text.size() < kLengthMin || text.size() > kLengthMax ||
      !std::all_of(text.begin(), text.end(), base::is_alnum)) {
    return std::nullopt;
  }
  // A short Postfix ID is hexadecimal, and one in 50,000 of those has no digit.
  const bool hexadecimal = std::all_of(
      text.begin(), text.end(), [](char c) { return base::is_digit(c) || (c >= 'A' && c <= 'F'); });
  if (!hexadecimal && std::none_of(text.begin(), text.end(), base::is_digit)) {
    return std::nullopt;
  }
  QueueId id;
  id.text_ = text;
  return id;
}

}  // namespace rampart::mail
