// What people ask and order about suppressions.
//
// Threads: plain values.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rampart/base/time.h"
#include "rampart/suppression/entry.h"

namespace rampart::engine {

struct SuppressionRequest {
  std::string key;     ///< as typed
  std::string sender;  ///< "" all
  std::string text;    ///< a person's words or a list's name
  std::optional<base::Micros> lifetime;
  suppression::Reason reason = suppression::Reason::Operator;
};

struct SuppressionAnswer {
  std::string key;
  std::vector<suppression::Entry> entries;  ///< in force for the address or its domain
  std::vector<suppression::Change> history;
};

/// Whose pending suppressions.
struct PendingOrder {
  std::string key;       ///< one address, as typed; or
  std::string provider;  ///< all of a provider ("*": of the whole host); or
  bool all = false;
};

/// What became of a list file.
struct ListChange {
  std::uint64_t added = 0;
  std::uint64_t removed = 0;
  std::uint64_t kept = 0;
  bool refused = false;  ///< it shrank by more than half: the old content stays
};

}  // namespace rampart::engine
