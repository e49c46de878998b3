// What the windows of a flow must hold, kept as lists.

#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <vector>

#include "support/manual_clock.h"

namespace rampart::test {

class WindowsModel {
 public:
  static constexpr std::int64_t kDay = 24;  ///< buckets of an hour, the one going on included

  /// The machine's time when mail asks or somebody looks.
  void see(base::WallTime now) {
    bring_back(now);
    advance(now);
  }

  /// The machine's time at any other moment: a clock set back by a day or more brings along what
  /// lies ahead.
  void bring_back(base::WallTime now) {
    const std::int64_t back = newest_ - hour_of(now);
    if (back >= kDay) {
      for (std::int64_t& hour : used_) {
        hour -= back;
      }
      for (std::int64_t& hour : got_) {
        --ever_[hour];
        hour -= back;
        ++ever_[hour];
      }
      newest_ -= back;
    }
  }

  /// The time of an event, which moves nothing back.
  void advance(base::WallTime event) {
    newest_ = std::max(newest_, hour_of(event));
    const auto is_over = [&](std::int64_t hour) {
      return hour <= newest_ - kDay;
    };
    std::erase_if(used_, is_over);
    std::erase_if(got_, is_over);
  }

  void use(base::WallTime at) { enter(used_, at); }

  void deliver(base::WallTime at) {
    enter(got_, at);
    const std::int64_t hour = hour_of(at);
    ++ever_[hour];
    for (std::int64_t last = hour; last < hour + kDay; ++last) {
      std::int64_t sum = 0;
      for (auto it = ever_.upper_bound(last - kDay); it != ever_.upper_bound(last); ++it) {
        sum += it->second;
      }
      most_got_ = std::max(most_got_, sum);
    }
  }

  [[nodiscard]] std::size_t used_day() const { return used_.size(); }
  [[nodiscard]] std::size_t got_day() const { return got_.size(); }
  /// In any 24 hours.
  [[nodiscard]] std::int64_t most_got() const { return most_got_; }

 private:
  static std::int64_t hour_of(base::WallTime at) {
    return at.time_since_epoch() / std::chrono::hours{1};
  }
  void enter(std::vector<std::int64_t>& hours, base::WallTime at) {
    if (hour_of(at) > newest_ - kDay) {
      hours.push_back(hour_of(at));
    }
  }

  std::int64_t newest_ = 0;
  std::vector<std::int64_t> used_;
  std::vector<std::int64_t> got_;
  std::map<std::int64_t, std::int64_t> ever_;  ///< deliveries by hour, the old ones too
  std::int64_t most_got_ = 0;
};

}  // namespace rampart::test
