// What the commands for held mail share.

#pragma once

#include <string>
#include <vector>

#include "json.h"

namespace rampart::cli {

/// The texts of a list; other elements are passed over.
std::vector<std::string> texts_of(const Json& json, const char* key);

}  // namespace rampart::cli
