#include "rampart/ledger/senders.h"

#include "rampart/telemetry/counter.h"

namespace rampart::ledger {

void Senders::restore(const store::SenderRecord& record) {
  const base::MutexLock lock(mutex_);
  senders_[record.sender] = Live{record.health, record.first_seen, false};
}

void Senders::mark(const std::string& name, Live& live) {
  if (!live.dirty) {
    live.dirty = true;
    dirty_.push_back(name);
  }
}

std::string Senders::enter(std::string_view sender,
                           bool named,
                           std::uint32_t new_per_day,
                           base::WallTime now) {
  std::string name(sender);
  const base::MutexLock lock(mutex_);
  if (senders_.contains(name)) {
    return name;
  }
  if (!named) {
    // A clock set back does not open a new day.
    if (const long long day = base::day_number(now); day > today_) {
      today_ = day;
      new_today_ = 0;
    }
    if (new_today_ >= new_per_day) {
      static telemetry::Counter& shared = telemetry::counter("senders_shared_total");
      shared.add();
      return std::string(kShared);
    }
    ++new_today_;
  }
  Live& live = senders_[name];
  live.first_seen = now;
  mark(name, live);
  return name;
}

ramp::Health Senders::health(const std::string& sender) const {
  const base::MutexLock lock(mutex_);
  const auto found = senders_.find(sender);
  return found == senders_.end() ? ramp::Health{} : found->second.health;
}

void Senders::collect(std::vector<store::Operation>& operations) {
  const base::MutexLock lock(mutex_);
  for (const std::string& name : dirty_) {
    Live& live = senders_[name];
    live.dirty = false;
    operations.emplace_back(store::SenderRecord{name, live.health, live.first_seen});
    writing_.push_back(name);
  }
  dirty_.clear();
}

void Senders::settle(bool stored) {
  const base::MutexLock lock(mutex_);
  if (!stored) {
    for (const std::string& name : writing_) {
      mark(name, senders_[name]);
    }
  }
  writing_.clear();
}

}  // namespace rampart::ledger
