#include "rampart/ledger/guards.h"

#include <utility>

#include "rampart/telemetry/counter.h"

namespace rampart::ledger {

using suppression::FailureGuard;

void Guards::restore(const store::GuardRecord& record, const suppression::GuardOptions& options) {
  auto guard = FailureGuard::decode(record.state, options);
  if (!guard) {
    telemetry::counter("guards_not_restored_total").add();
    return;
  }
  const base::MutexLock lock(mutex_);
  guards_.insert_or_assign(record.provider, Live{std::move(*guard)});
}

Guards::Live* Guards::find_or_make(const std::string& provider,
                                   const suppression::GuardOptions& options) {
  const auto found = guards_.find(provider);
  if (found != guards_.end()) {
    return &found->second;
  }
  if (guards_.size() >= kProvidersMax && provider != kHost) {
    static telemetry::Counter& full = telemetry::counter("guards_full_total");
    full.add();
    return nullptr;
  }
  return &guards_.emplace(provider, Live{FailureGuard(options)}).first->second;
}

std::vector<Guards::Turned> Guards::observe(const std::string& provider,
                                            const FailureGuard::Outcome& outcome,
                                            const suppression::GuardOptions& options) {
  std::vector<Turned> turned;
  const base::MutexLock lock(mutex_);
  for (const std::string& name : {provider, std::string(kHost)}) {
    Live* live = find_or_make(name, options);
    if (live == nullptr) {
      continue;
    }
    live->dirty = true;
    const FailureGuard::Turn turn = live->guard.observe(outcome);
    if (turn == FailureGuard::Turn::None) {
      continue;
    }
    const bool leapt = turn == FailureGuard::Turn::Leapt;
    turned.push_back({name, leapt, leapt ? live->guard.recent_dead() : std::vector<std::string>{},
                      live->guard.describe(outcome.time)});
  }
  return turned;
}

std::vector<Guards::Turned> Guards::tick(base::WallTime now) {
  std::vector<Turned> turned;
  const base::MutexLock lock(mutex_);
  for (auto& [name, live] : guards_) {
    if (live.guard.tick(now) == FailureGuard::Turn::Fell) {
      live.dirty = true;
      turned.push_back({name, false, {}, live.guard.describe(now)});
    }
  }
  return turned;
}

std::string Guards::pending_for(const std::string& provider, base::WallTime now) const {
  const base::MutexLock lock(mutex_);
  for (const std::string& name : {provider, std::string(kHost)}) {
    const auto found = guards_.find(name);
    if (found != guards_.end() && found->second.guard.leaping(now)) {
      return name;
    }
  }
  return {};
}

bool Guards::doubts(const std::string& provider, base::WallTime now) const {
  if (!pending_for(provider, now).empty()) {
    return true;
  }
  const base::MutexLock lock(mutex_);
  const auto found = guards_.find(provider);
  return found != guards_.end() && found->second.guard.suspicious(now);
}

bool Guards::leaping(const std::string& provider, base::WallTime now) const {
  const base::MutexLock lock(mutex_);
  const auto found = guards_.find(provider);
  return found != guards_.end() && found->second.guard.leaping(now);
}

void Guards::set_options(const suppression::GuardOptions& options) {
  const base::MutexLock lock(mutex_);
  for (auto& [name, live] : guards_) {
    if (auto same = FailureGuard::decode(live.guard.encode(), options)) {
      live.guard = std::move(*same);
    }
  }
}

void Guards::accept(const std::string& provider, base::WallTime now) {
  const base::MutexLock lock(mutex_);
  const auto found = guards_.find(provider);
  if (found != guards_.end()) {
    found->second.guard.accept(now);
    found->second.dirty = true;
  }
}

std::vector<Guards::Leapt> Guards::leapt(base::WallTime now) const {
  std::vector<Leapt> all;
  const base::MutexLock lock(mutex_);
  for (const auto& [name, live] : guards_) {
    if (live.guard.leaping(now)) {
      all.push_back({name, live.guard.describe(now)});
    }
  }
  return all;
}

void Guards::collect(base::WallTime now, std::vector<store::Operation>& operations) {
  const base::MutexLock lock(mutex_);
  for (auto& [name, live] : guards_) {
    if (std::exchange(live.dirty, false)) {
      live.writing = true;
      operations.emplace_back(store::GuardRecord{name, live.guard.encode(), now});
    }
  }
}

void Guards::settle(bool stored) {
  const base::MutexLock lock(mutex_);
  for (auto& [name, live] : guards_) {
    if (std::exchange(live.writing, false) && !stored) {
      live.dirty = true;
    }
  }
}

}  // namespace rampart::ledger
