// What is known of recipient domains and their providers, for many threads.
//
// Threads: any function from any thread.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rampart/base/mutex.h"
#include "rampart/correlate/domains.h"
#include "rampart/store/records.h"

namespace rampart::ledger {

class Domains {
 public:
  void restore(const store::DomainProviderRecord& record) { learn(record.domain, record.provider); }

  [[nodiscard]] std::string provider_of(const provider::Table& table, const mail::Domain& domain) {
    const base::MutexLock lock(mutex_);
    return known_.provider_of(table, domain);
  }
  [[nodiscard]] std::vector<std::string> domains_of(std::string_view provider) const {
    const base::MutexLock lock(mutex_);
    return known_.domains_of(provider);
  }
  bool learn(const std::string& domain, std::string_view provider) {
    const base::MutexLock lock(mutex_);
    return known_.learn(domain, provider);
  }

 private:
  mutable base::Mutex mutex_;
  correlate::Domains known_ RAMPART_GUARDED_BY(mutex_);
};

}  // namespace rampart::ledger
