// Loading and showing with the surroundings as arguments, for tests and fuzzing.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rampart/config/config.h"

#include "files.h"

namespace rampart::config {

/// @param name    how findings call the text; "": defaults only
/// @param tables  directory of the shipped tables; "" to find it
Loaded load_text(const std::string& name,
                 std::string_view text,
                 const std::string& tables,
                 const Files& files);

LoadedFile load_file_text(const std::string& name, std::string_view text);

FoundSocket find_socket_text(const std::string& name, std::string_view text);

LoadedProviders load_providers_text(const std::string& name,
                                    std::string_view text,
                                    const std::string& tables,
                                    const Files& files);

std::vector<Setting> show_text(const std::string& name,
                               std::string_view text,
                               const std::string& tables,
                               const Files& files);

}  // namespace rampart::config
