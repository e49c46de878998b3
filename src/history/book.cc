#include "book.h"

namespace rampart::history {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only

constexpr base::Micros kCheckEvery = 1h;
constexpr base::Micros kDone = 1h;                // after the last report of its last recipient
constexpr base::Micros kQueueLifetime = 5 * 24h;  // Postfix and Sendmail give up then

}  // namespace

Message* Book::enter(std::uint64_t key, base::WallTime now, std::size_t limit) {
  if (messages_.size() >= limit) {
    return find(key);
  }
  const auto [place, is_new] = messages_.try_emplace(key);
  Message& message = place->second;
  if (!is_new) {
    return &message;
  }
  message.serial = next_serial_++;
  message.arrived = now;
  message.entered = now;
  checks_.push_back({now, key, message.serial});
  return &message;
}

void Book::expire(base::WallTime now) {
  while (!checks_.empty() && checks_.front().at + kCheckEvery <= now) {
    const Check check = checks_.front();
    checks_.pop_front();
    const Message* message = find(check.key);
    if (message == nullptr || message->serial != check.serial) {
      continue;
    }
    const bool done = message->recipients.empty() && message->reported != base::WallTime{} &&
                      message->reported + kDone < now;
    if (done || message->entered + kQueueLifetime < now) {
      erase(check.key);
    } else {
      checks_.push_back({now, check.key, check.serial});
    }
  }
}

}  // namespace rampart::history
