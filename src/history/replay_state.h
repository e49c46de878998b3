// What a replay knows of its mails and flows, and what it still has to do with them.
//
// Pure: plain values.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <tuple>

#include "rampart/base/time.h"
#include "rampart/history/correlator.h"
#include "rampart/history/replay.h"
#include "rampart/policy/active.h"
#include "rampart/ramp/flow.h"

namespace rampart::history {

// How many recipients within the last hour, in twelfths of it. Time rises.
class LastHour {
 public:
  void add(base::WallTime time) {
    advance(time);
    ++counts_[static_cast<std::size_t>(newest_) % counts_.size()];
  }
  std::uint64_t sum(base::WallTime time) {
    advance(time);
    std::uint64_t sum = 0;
    for (const std::uint32_t count : counts_) {
      sum += count;
    }
    return sum;
  }

 private:
  static constexpr base::Micros kTwelfth = std::chrono::minutes{5};

  void advance(base::WallTime time) {
    const auto bucket = static_cast<std::int64_t>(time.time_since_epoch() / kTwelfth);
    if (bucket - newest_ >= static_cast<std::int64_t>(counts_.size())) {
      counts_.fill(0);
      newest_ = bucket;
    }
    while (newest_ < bucket) {
      ++newest_;
      counts_[static_cast<std::size_t>(newest_) % counts_.size()] = 0;
    }
  }
  std::array<std::uint32_t, 12> counts_{};
  std::int64_t newest_ = 0;
};

// What a provider said, as the ramp learns it.
struct Answer {
  ramp::Reported reported;
  bool doubted = false;  ///< that it blames the address

  [[nodiscard]] bool throttles() const noexcept {
    return reply::slows_flow(reported.reply_class, reported.scope);
  }
};

// One recipient of one message, until its last answer.
struct Mail {
  enum class State : std::uint8_t {
    Due,      ///< has not asked yet
    Waiting,  ///< in its flow's line
    Gone,     ///< refused by us
    Out,      ///< handed to the MTA
  };
  base::WallTime asked{};
  base::Micros takes{0};     ///< from handing it to the MTA to its answer
  base::WallTime told_at{};  ///< its first answer, once out
  std::uint64_t message = 0;
  std::uint32_t flow = 0;
  std::uint32_t events = 0;    ///< that still refer to it
  Answer answer;               ///< the first, and while it waits the latest
  base::WallTime answer_at{};  ///< in the log
  Answer next;                 ///< the first of the attempts that are known already
  base::WallTime next_at{};    ///< in the log; zero: none
  base::WallTime told_next{};  ///< it was told before its time; zero: it was not
  State state = State::Due;
  ramp::Standing standing = ramp::Standing::Unadmitted;
  bool suppressed = false;
  bool alone = true;  ///< the only recipient of its message
  bool told = false;
  bool forgotten = false;  ///< it left the queue without another answer
  bool done = false;       ///< its last answer has come
};

struct FlowState {
  std::uint32_t sender = 0;
  std::uint32_t provider = 0;
  const policy::FlowRule* rule = nullptr;
  bool provider_named = false;
  bool null_sender = false;
  ramp::Flow flow;
  FlowReplay result;
  LastHour asked;  ///< in the log
  LastHour went;   ///< here
  std::deque<std::uint32_t> line;
  base::WallTime wake_at{};  ///< zero: no Wake is under way
  // The message that found the flow empty goes on together, however many recipients it has.
  std::uint64_t debt = 0;
  bool debt_day_empty = false;
};

struct Event {
  enum class Kind : std::uint8_t {
    Ask,     ///< a mail asks for admission
    Tell,    ///< its first answer
    Later,   ///< another attempt by the log, or its end without one
    Aside,   ///< an answer to none of the mails known
    Wake,    ///< the flow's line asks again
    Pardon,  ///< a guard leapt: senders are not to blame for some of the dead
  };
  base::WallTime at{};
  std::uint64_t number = 0;
  Kind kind = Kind::Ask;
  std::uint32_t index = 0;  ///< of the mail, the flow, or the pardon
  bool charges = false;     ///< Aside: it left without having asked
  bool forgotten = false;   ///< Later: no attempt
  Answer answer{};
};
struct After {
  bool operator()(const Event& a, const Event& b) const noexcept {
    return std::tie(a.at, a.number) > std::tie(b.at, b.number);
  }
};

}  // namespace rampart::history
