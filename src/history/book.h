// Book: the messages of the MTA's queue as an old log tells of them.
//
// Pure: time is an argument.
// Limits: Correlator::kMessagesMax messages, see enter().

#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "rampart/base/time.h"
#include "rampart/ramp/flow.h"

namespace rampart::history {

struct Recipient {
  std::uint64_t key = 0;
  std::uint32_t sender = 0;  ///< the one who was named at its first attempt
  std::uint32_t provider = 0;
  std::uint32_t attempts = 0;
  ramp::Standing standing = ramp::Standing::Unadmitted;
  base::WallTime first_attempt{};
};

struct Message {
  static constexpr std::uint32_t kUnnamed = ~std::uint32_t{0};

  std::uint64_t serial = 0;
  std::uint64_t parent = 0;  ///< key of the message that this one was split off; 0: none
  std::uint32_t sender = kUnnamed;
  std::uint32_t transaction_recipients = 0;
  bool activated = false;
  base::WallTime arrived{};
  base::WallTime entered{};     ///< under this queue ID
  base::WallTime reported{};    ///< zero: not yet
  std::string envelope_sender;  ///< until the sender is named
  std::vector<Recipient> recipients;
};

class Book {
 public:
  /// Two queue IDs share a key once in 2^64.
  static std::uint64_t key(std::string_view instance, std::string_view queue_id) {
    const std::size_t hash = std::hash<std::string_view>{}(queue_id);
    return instance.empty() ? hash : hash * 31 + std::hash<std::string_view>{}(instance);
  }

  /// nullptr if unknown. Valid until the next change, as all pointers and references here.
  Message* find(std::uint64_t key) {
    const auto found = messages_.find(key);
    return found == messages_.end() ? nullptr : &found->second;
  }
  /// The message, made if need be. @return nullptr beyond `limit` messages
  Message* enter(std::uint64_t key, base::WallTime now, std::size_t limit);
  void erase(std::uint64_t key) { messages_.erase(key); }
  /// Forgets what is done with and what is too old.
  void expire(base::WallTime now);
  [[nodiscard]] std::size_t size() const noexcept { return messages_.size(); }

 private:
  struct Check {
    base::WallTime at{};
    std::uint64_t key = 0;
    std::uint64_t serial = 0;
  };
  std::unordered_map<std::uint64_t, Message> messages_;
  std::deque<Check> checks_;  // by time
  std::uint64_t next_serial_ = 1;
};

}  // namespace rampart::history
