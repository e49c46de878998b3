// What can only be judged when several keys are known.

#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "rampart/provider/table.h"

#include "draft.h"
#include "files.h"
#include "findings.h"

namespace rampart::config {

/// Brings names into the spelling in which they are compared later: domains in IDNA ASCII lower
/// case.
void normalise(Draft& draft);

/// Values against each other. Pure.
void check_values(const Draft& draft, const Places& places, Findings& findings);
/// Providers that rules name against the table. Pure.
void check_providers(const Draft& draft,
                     const provider::Table& providers,
                     const Places& places,
                     Findings& findings);
/// Lists that the configuration names.
void check_files(const Draft& draft, const Places& places, const Files& files, Findings& findings);

/// The place of the first path that is in the file; else the file as a whole.
Place place_of(const Places& places, std::initializer_list<std::string_view> paths);
/// "rule[3]": path of an element. @param index  from 0
std::string element(std::string_view group, std::size_t index);

}  // namespace rampart::config
