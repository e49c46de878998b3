#include "rampart/correlate/domains.h"

#include <algorithm>

namespace rampart::correlate {

std::string Domains::provider_of(const provider::Table& table, const mail::Domain& domain) {
  const std::string_view named = table.find_by_domain(domain);
  if (!named.empty()) {
    return std::string(named);
  }
  if (const auto taught = learned_.find(domain.text()); taught != learned_.end()) {
    return taught->second;
  }
  if (const auto cached = registrable_.find(domain.text()); cached != registrable_.end()) {
    return cached->second;
  }
  if (registrable_.size() >= kCacheMax) {
    registrable_.clear();
  }
  return registrable_.emplace(domain.text(), provider::registrable_domain(domain)).first->second;
}

bool Domains::learn(const std::string& domain, std::string_view provider) {
  const auto known = learned_.find(domain);
  if (known != learned_.end()) {
    if (known->second == provider) {
      return false;
    }
    known->second = provider;
    return true;
  }
  return learned_.size() < kLearnedMax && learned_.emplace(domain, provider).second;
}

std::vector<std::string> Domains::domains_of(std::string_view provider) const {
  std::vector<std::string> found;
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
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace rampart::correlate
