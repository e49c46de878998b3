// The shipped tables and the operator's own rules, found, read and compiled.

#pragma once

#include <optional>
#include <string>

#include "rampart/provider/table.h"
#include "rampart/reply/table.h"
#include "rampart/report/phrases.h"

#include "draft.h"
#include "files.h"
#include "findings.h"

namespace rampart::config {

struct Tables {
  std::string directory;
  Place place;                               ///< of what named the directory
  std::optional<provider::Table> providers;  ///< empty only if there are errors
  std::optional<reply::Table> replies;       ///< likewise
  report::Phrases phrases;
};

/// @param directory  of the shipped tables; "" to take the file's `tables`, or look for them
/// @return without the rules for replies
Tables load_provider_table(const Draft& draft,
                           const std::string& directory,
                           const Places& places,
                           const Files& files,
                           Findings& findings);
/// Both tables.
Tables load_tables(const Draft& draft,
                   const std::string& directory,
                   const Places& places,
                   const Files& files,
                   Findings& findings);

}  // namespace rampart::config
