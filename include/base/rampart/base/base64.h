// Bytes as base64: in JSON, whose texts are Unicode, and in mail.
//
// Source: RFC 4648 section 4, with padding; RFC 2045 section 6.8 for mail.
// Pure: every function may be called from any thread.

#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rampart::base {

std::string encode_base64(std::string_view bytes);

/// @return nullopt for anything but what encode_base64() writes
std::optional<std::string> decode_base64(std::string_view text);

/// As mail needs it: what is no digit (line ends, damage) is passed over, '=' ends a piece after
/// which another may follow, and padding may be missing.
std::string decode_base64_of_mail(std::string_view text);

}  // namespace rampart::base
