// Which provider a recipient domain belongs to, as far as relay hosts have taught it, and the
// registrable domain of every other one.
//
// Threads: any function from any thread.
// Limits: kCacheMax registrable domains are remembered; learned ones without a bound, as they are
// stored.

#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "rampart/base/mutex.h"
#include "rampart/base/time.h"
#include "rampart/mail/domain.h"
#include "rampart/provider/table.h"
#include "rampart/store/records.h"

namespace rampart::ledger {

class Domains {
 public:
  static constexpr std::size_t kCacheMax = 50'000;

  void restore(store::DomainProviderRecord record);

  /// The provider's name: of the table, else learned, else the registrable domain.
  [[nodiscard]] std::string provider_of(const provider::Table& table, const mail::Domain& domain);

  /// The domains of which it is known, by a relay or by their name, that the provider takes their
  /// mail; in order.
  [[nodiscard]] std::vector<std::string> domains_of(const std::string& provider) const;

  /// A relay of `provider` took mail for the domain. @return whether that is news
  bool learn(const mail::Domain& domain, const std::string& provider);

 private:
  mutable base::Mutex mutex_;
  std::unordered_map<std::string, std::string> learned_ RAMPART_GUARDED_BY(mutex_);
  std::unordered_map<std::string, std::string> registrable_ RAMPART_GUARDED_BY(mutex_);
};

}  // namespace rampart::ledger
