#include "rampart/ledger/guards.h"

#include <utility>

#include "rampart/telemetry/counter.h"

namespace rampart::ledger {

void Guards::set_options(const suppression::GuardOptions& options) {
  const base::MutexLock lock(mutex_);
  guards_.set_options(options);
}

void Guards::restore(const store::GuardRecord& record) {
  const base::MutexLock lock(mutex_);
  if (!guards_.restore(record.provider, record.state)) {
    telemetry::counter("guards_not_restored_total").add();
  }
}

std::vector<Guards::Turned> Guards::observe(const std::string& provider,
                                            const std::string& sender,
                                            const suppression::FailureGuard::Outcome& outcome) {
  const base::MutexLock lock(mutex_);
  if (!guards_.watches(provider)) {
    static telemetry::Counter& full = telemetry::counter("guards_full_total");
    full.add();
  }
  return guards_.observe(provider, sender, outcome);
}

std::vector<Guards::Turned> Guards::tick(base::WallTime now) {
  const base::MutexLock lock(mutex_);
  return guards_.tick(now);
}

void Guards::accept(const std::string& provider, base::WallTime now) {
  const base::MutexLock lock(mutex_);
  guards_.accept(provider, now);
}

std::string Guards::pending_for(const std::string& provider, base::WallTime now) const {
  const base::MutexLock lock(mutex_);
  return std::string(guards_.pending_for(provider, now));
}

bool Guards::doubts(const std::string& provider, base::WallTime now) const {
  const base::MutexLock lock(mutex_);
  return guards_.doubts(provider, now);
}

bool Guards::leaping(const std::string& provider, base::WallTime now) const {
  const base::MutexLock lock(mutex_);
  return guards_.leaping(provider, now);
}

std::vector<Guards::Leapt> Guards::leapt(base::WallTime now) const {
  const base::MutexLock lock(mutex_);
  return guards_.leapt(now);
}

// What an earlier round could not store is collected again.
void Guards::collect(base::WallTime now, std::vector<store::Operation>& operations) {
  const base::MutexLock lock(mutex_);
  auto changed = guards_.take_changed(writing_);
  writing_.clear();
  for (auto& [provider, state] : changed) {
    writing_.push_back(provider);
    operations.emplace_back(store::GuardRecord{std::move(provider), std::move(state), now});
  }
}

void Guards::settle(bool stored) {
  const base::MutexLock lock(mutex_);
  if (stored) {
    writing_.clear();
  }
}

}  // namespace rampart::ledger
