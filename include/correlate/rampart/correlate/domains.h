// Which provider a recipient domain belongs to, as far as relay hosts have taught it, and the
// registrable domain of every other one.
//
// Threads: not safe. Pure.
// Limits: kCacheMax registrable domains are remembered, and kLearnedMax learned ones.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "rampart/mail/domain.h"
#include "rampart/provider/table.h"

namespace rampart::correlate {

class Domains {
 public:
  static constexpr std::size_t kCacheMax = 50'000;
  static constexpr std::size_t kLearnedMax = 1'000'000;

  /// The provider's name: of the table, else learned, else the registrable domain.
  [[nodiscard]] std::string provider_of(const provider::Table& table, const mail::Domain& domain);

  /// A relay of `provider` took mail for the domain. @return whether that is news
  bool learn(const std::string& domain, std::string_view provider);

  /// The domains of which it is known, by a relay or by their name, that the provider takes their
  /// mail; in order.
  [[nodiscard]] std::vector<std::string> domains_of(std::string_view provider) const;
  [[nodiscard]] const std::unordered_map<std::string, std::string>& learned() const noexcept {
    return learned_;
  }

 private:
  std::unordered_map<std::string, std::string> learned_;
  std::unordered_map<std::string, std::string> registrable_;
};

}  // namespace rampart::correlate
