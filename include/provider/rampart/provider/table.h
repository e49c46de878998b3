// Which provider a recipient domain or a relay host belongs to.
//
// A provider is a group of recipient domains behind one mail operator ("gmail"), or the registrable
// domain of the recipient domain where nobody named a group.
//
// Source: Public Suffix List (publicsuffix.org) through libpsl for registrable domains.
// Threads: immutable once built; const use from any thread.
// Limits: patterns are anchored at labels: "google.com" and "*.google.com" both mean google.com and
// all names below it, never evilgoogle.com.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rampart/base/result.h"
#include "rampart/mail/domain.h"

namespace rampart::provider {

/// One `[[provider]]` of the shipped table or `[provider.NAME]` of the operator's file.
struct ProviderSpec {
  std::string name;                  ///< [a-z0-9_-]{1,40}
  std::vector<std::string> domains;  ///< recipient domains, exact
  std::vector<std::string> mx;  ///< suffixes of MX and relay host names; none that a registry sells
  std::string url;              ///< postmaster page, http or https; a later one replaces it
  std::string where;            ///< "providers.toml:12:1", for messages
};

/// The registrable domain ("example.co.uk" of "a.b.example.co.uk"); the domain itself where there
/// is none (a public suffix, an address, one label). Private suffixes count: "a.github.io" is one.
std::string registrable_domain(const mail::Domain& domain);

class Table {
 public:
  /// Later specs of the same name add to earlier ones.
  /// @return an error naming every domain or suffix that two providers claim, and every bad name,
  ///         one "where: error: what" a line.
  static base::Result<Table> build(const std::vector<ProviderSpec>& specs);

  /// Copies share what was built.
  Table(const Table&) noexcept;
  Table& operator=(const Table&) noexcept;
  Table(Table&&) noexcept;
  Table& operator=(Table&&) noexcept;
  ~Table();

  /// The named provider of a recipient domain. @return "" if no table entry names it.
  [[nodiscard]] std::string_view find_by_domain(const mail::Domain& domain) const noexcept;
  /// The named provider that owns a relay or MX host: longest anchored suffix. @return "" if none.
  /// @param host  any case, with or without trailing dot
  [[nodiscard]] std::string_view find_by_host(std::string_view host) const noexcept;
  /// The postmaster page of a named provider, or "".
  [[nodiscard]] std::string_view url(std::string_view name) const noexcept;
  /// The recipient domains that the table gives a named provider, in order.
  [[nodiscard]] std::vector<std::string> domains_of(std::string_view name) const;

  /// Names in order, for listing.
  [[nodiscard]] std::vector<std::string_view> names() const;
  /// True if some entry of the table has this name.
  [[nodiscard]] bool is_named(std::string_view name) const noexcept;

 private:
  struct Data;
  explicit Table(std::unique_ptr<Data> data);
  std::shared_ptr<const Data> data_;
};

}  // namespace rampart::provider
