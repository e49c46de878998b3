// Bytes inside JSON, whose texts are Unicode: base64.
//
// Source: RFC 4648 section 4, with padding.
// Pure: every function may be called from any thread.

#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rampart::control {

std::string encode_base64(std::string_view bytes);
/// @return nullopt for anything but what encode_base64() writes
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace rampart::control
