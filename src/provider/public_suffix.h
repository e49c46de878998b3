// The Public Suffix List: what of a domain name a registry gives out, and what its holder chose.
//
// Source: publicsuffix.org through libpsl.
// Threads: any function from any thread; the list is loaded once, at the first use.

#pragma once

#include <string>

namespace rampart::provider {

/// True if a registry gives out names below `domain` ("com", "co.uk"); not for private suffixes
/// ("github.io") nor for names that the list does not know ("test").
/// @param domain  lower case
bool is_registry_suffix(const std::string& domain) noexcept;

}  // namespace rampart::provider
