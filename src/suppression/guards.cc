#include "rampart/suppression/guards.h"

#include <algorithm>
#include <array>

namespace rampart::suppression {
namespace {

const std::string kHostName{Guards::kHost};

}  // namespace

bool Guards::restore(const std::string& provider, std::string_view state) {
  auto guard = FailureGuard::decode(state, options_);
  if (guard) {
    guards_.insert_or_assign(provider, Live{std::move(*guard)});
  }
  return guard.has_value();
}

void Guards::set_options(const GuardOptions& options) {
  options_ = options;
  for (auto& [name, live] : guards_) {
    if (auto same = FailureGuard::decode(live.guard.encode(), options)) {
      live.guard = std::move(*same);
    }
  }
}

bool Guards::watches(const std::string& provider) const {
  return guards_.size() < kProvidersMax || provider == kHost || guards_.contains(provider);
}

const FailureGuard* Guards::find(const std::string& provider) const {
  const auto found = guards_.find(provider);
  return found == guards_.end() ? nullptr : &found->second.guard;
}

std::vector<Guards::Turned> Guards::observe(const std::string& provider,
                                            const std::string& sender,
                                            const FailureGuard::Outcome& outcome) {
  if (outcome.dead) {
    if (blamed_.size() >= kBlamedMax) {
      blamed_.clear();
    }
    blamed_[outcome.key] = sender;
  }
  std::vector<Turned> turned;
  for (const std::string* name : {&provider, &kHostName}) {
    const auto known = guards_.find(*name);
    if (known != guards_.end()) {
      observe(*name, known->second, outcome, turned);
    } else if (watches(*name)) {
      observe(*name, guards_.emplace(*name, Live{FailureGuard(options_)}).first->second, outcome,
              turned);
    }
  }
  return turned;
}

void Guards::observe(const std::string& name,
                     Live& live,
                     const FailureGuard::Outcome& outcome,
                     std::vector<Turned>& turned) {
  live.changed = true;
  const FailureGuard::Turn turn = live.guard.observe(outcome);
  if (turn == FailureGuard::Turn::None) {
    return;
  }
  Turned one{name, turn == FailureGuard::Turn::Leapt, {}, {}, {}};
  if (one.leapt) {
    one.dead = live.guard.recent_dead();
    one.blamed = take_blamed(one.dead);
  }
  one.text = live.guard.describe(outcome.time);
  turned.push_back(std::move(one));
}

std::map<std::string, std::uint32_t> Guards::take_blamed(const std::vector<std::string>& dead) {
  std::map<std::string, std::uint32_t> senders;
  for (const std::string& key : dead) {
    if (const auto blamed = blamed_.extract(key)) {
      ++senders[blamed.mapped()];
    }
  }
  return senders;
}

std::vector<Guards::Turned> Guards::tick(base::WallTime now) {
  std::vector<Turned> turned;
  for (auto& [name, live] : guards_) {
    if (live.guard.tick(now) == FailureGuard::Turn::Fell) {
      live.changed = true;
      turned.push_back({name, false, {}, {}, live.guard.describe(now)});
    }
  }
  return turned;
}

void Guards::accept(const std::string& provider, base::WallTime now) {
  const auto found = guards_.find(provider);
  if (found != guards_.end()) {
    found->second.guard.accept(now);
    found->second.changed = true;
  }
}

std::string_view Guards::pending_for(const std::string& provider, base::WallTime now) const {
  return leaping(provider, now) ? provider : leaping(kHostName, now) ? kHost : std::string_view{};
}

bool Guards::doubts(const std::string& provider, base::WallTime now) const {
  if (!pending_for(provider, now).empty()) {
    return true;
  }
  const FailureGuard* const guard = find(provider);
  return guard != nullptr && guard->suspicious(now);
}

bool Guards::leaping(const std::string& provider, base::WallTime now) const {
  const FailureGuard* const guard = find(provider);
  return guard != nullptr && guard->leaping(now);
}

std::vector<Guards::Leapt> Guards::leapt(base::WallTime now) const {
  std::vector<Leapt> all;
  for (const auto& [name, live] : guards_) {
    if (live.guard.leaping(now)) {
      all.push_back({name, live.guard.describe(now)});
    }
  }
  std::sort(all.begin(), all.end(),
            [](const Leapt& a, const Leapt& b) { return a.provider < b.provider; });
  return all;
}

std::vector<std::pair<std::string, std::string>> Guards::take_changed(
    const std::vector<std::string>& again) {
  for (const std::string& name : again) {
    if (const auto found = guards_.find(name); found != guards_.end()) {
      found->second.changed = true;
    }
  }
  std::vector<std::pair<std::string, std::string>> states;
  for (auto& [name, live] : guards_) {
    if (std::exchange(live.changed, false)) {
      states.emplace_back(name, live.guard.encode());
    }
  }
  return states;
}

}  // namespace rampart::suppression
