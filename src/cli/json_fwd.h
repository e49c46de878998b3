// The name of JSON, for headers: the library itself is in json.h, which few files need.

#pragma once

#include <nlohmann/json_fwd.hpp>

namespace rampart::cli {

using Json = nlohmann::ordered_json;

}  // namespace rampart::cli
