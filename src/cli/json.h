// JSON as this room reads and writes it: keys in order, bytes that are no UTF-8 replaced.

#pragma once

#include <cstdint>
#include <string>

#include <nlohmann/json.hpp>

#include "json_fwd.h"

namespace rampart::cli {

inline std::string dump(const Json& json, int indent = -1) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

/// The text of a key, or "" if it is missing or no text.
inline std::string text_of(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// The whole number of a key, or 0.
inline std::uint64_t number_of(const Json& json, const char* key) {
  const auto found = json.find(key);
  const bool whole = found != json.end() && found->is_number_integer() && *found >= 0;
  return whole ? found->get<std::uint64_t>() : 0;
}

inline bool flag_of(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_boolean() && found->get<bool>();
}

}  // namespace rampart::cli
