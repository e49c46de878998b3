#include "rampart/ledger/seen.h"

#include <algorithm>
#include <string>

#include "rampart/telemetry/counter.h"

namespace rampart::ledger {

void Seen::restore(const store::SeenReportRecord& record) {
  const base::MutexLock lock(mutex_);
  if (size_ < kIdentitiesMax &&
      days_[base::day_number(record.time)].insert(record.identity).second) {
    ++size_;
  }
}

std::uint64_t Seen::identity(std::string_view what, long long second) const noexcept {
  return base::siphash(key_, std::string(what) + '\n' + std::to_string(second));
}

bool Seen::contains(std::uint64_t identity) const {
  return std::any_of(days_.begin(), days_.end(),
                     [&](const auto& day) { return day.second.contains(identity); });
}

namespace {

long long second_of(base::WallTime time) noexcept {
  return std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
}

}  // namespace

bool Seen::add_report(std::string_view what,
                      base::WallTime time,
                      const std::string& source,
                      const std::vector<std::string>& others,
                      bool may_repeat) {
  const long long at = second_of(time);
  const auto of = [&](const std::string& whose) {
    return whose + '\n' + std::string(what);
  };
  const std::uint64_t own = identity(of(source), at);
  const base::MutexLock lock(mutex_);
  if (may_repeat && contains(own)) {
    return false;
  }
  for (const std::string& other : others) {
    for (long long one = at - 1; one <= at + 1; ++one) {
      if (contains(identity(of(other), one))) {
        return false;
      }
    }
  }
  enter(own, time);
  return true;
}

bool Seen::add(std::string_view what, base::WallTime time, base::Micros kept) {
  const std::uint64_t own = identity(what, second_of(time));
  const base::MutexLock lock(mutex_);
  if (contains(own)) {
    return false;
  }
  // Stored under the time from which kKept leads to its end.
  enter(own, time + kept - kKept);
  return true;
}

void Seen::enter(std::uint64_t identity, base::WallTime time) {
  if (!days_[base::day_number(time)].insert(identity).second) {
    return;
  }
  ++size_;
  pending_.push_back({identity, time});
  if (size_ > kIdentitiesMax && days_.size() > 1) {
    static telemetry::Counter& full = telemetry::counter("seen_reports_full_total");
    full.add();
    size_ -= days_.begin()->second.size();
    days_.erase(days_.begin());
  }
}

void Seen::collect(std::vector<store::Operation>& operations) {
  const base::MutexLock lock(mutex_);
  writing_.insert(writing_.end(), pending_.begin(), pending_.end());
  pending_.clear();
  operations.insert(operations.end(), writing_.begin(), writing_.end());
}

void Seen::settle(bool stored) {
  const base::MutexLock lock(mutex_);
  if (stored) {
    writing_.clear();
  }
}

void Seen::forget_old(base::WallTime now) {
  const base::MutexLock lock(mutex_);
  const long long oldest = base::day_number(now - kKept);
  while (!days_.empty() && days_.begin()->first < oldest) {
    size_ -= days_.begin()->second.size();
    days_.erase(days_.begin());
  }
}

}  // namespace rampart::ledger
