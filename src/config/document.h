// The four kinds of TOML file: rampart.toml, providers.toml, replies.toml, notices.toml.
//
// Errors: everything wrong becomes a finding; what could be read is read.

#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "rampart/reply/rule.h"
#include "rampart/report/phrases.h"

#include "draft.h"
#include "findings.h"

namespace rampart::config {

/// @param file  index of the text in `findings`, for all four
/// @return false if the text is no TOML
bool read_main(
    std::string_view text, std::size_t file, Findings& findings, Draft& draft, Places& places);
std::vector<provider::ProviderSpec> read_providers(std::string_view text,
                                                   std::size_t file,
                                                   Findings& findings);
std::vector<reply::Rule> read_replies(std::string_view text, std::size_t file, Findings& findings);
report::Phrases read_notices(std::string_view text, std::size_t file, Findings& findings);

}  // namespace rampart::config
