#include "rampart/ledger/domains.h"

#include <algorithm>
#include <utility>

namespace rampart::ledger {

void Domains::restore(store::DomainProviderRecord record) {
  const base::MutexLock lock(mutex_);
  learned_[record.domain] = std::move(record.provider);
}

std::string Domains::provider_of(const provider::Table& table, const mail::Domain& domain) {
  const std::string_view named = table.find_by_domain(domain);
  if (!named.empty()) {
    return std::string(named);
  }
  {
    const base::MutexLock lock(mutex_);
    const auto learned = learned_.find(domain.text());
    if (learned != learned_.end()) {
      return learned->second;
    }
    const auto cached = registrable_.find(domain.text());
    if (cached != registrable_.end()) {
      return cached->second;
    }
  }
  std::string name = provider::registrable_domain(domain);
  const base::MutexLock lock(mutex_);
  if (registrable_.size() >= kCacheMax) {
    registrable_.clear();
  }
  registrable_.emplace(domain.text(), name);
  return name;
}

std::vector<std::string> Domains::domains_of(const std::string& provider) const {
  std::vector<std::string> found;
  {
    const base::MutexLock lock(mutex_);
    for (const auto& [domain, owner] : learned_) {
      if (owner == provider) {
        found.push_back(domain);
      }
    }
    for (const auto& [domain, owner] : registrable_) {
      if (owner == provider && !learned_.contains(domain)) {
        found.push_back(domain);
      }
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

bool Domains::learn(const mail::Domain& domain, const std::string& provider) {
  const base::MutexLock lock(mutex_);
  std::string& known = learned_[domain.text()];
  if (known == provider) {
    return false;
  }
  known = provider;
  return true;
}

}  // namespace rampart::ledger
