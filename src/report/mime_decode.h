// Transfer encodings of MIME.
//
// Source: RFC 2045 6.7, 6.8. Pure, total: what is not of the encoding is left as it is or left out.

#pragma once

#include <string>
#include <string_view>

namespace rampart::report {

/// Line ends become "\n".
std::string decode_base64(std::string_view text);

/// @param word  True for the Q encoding of RFC 2047, where '_' is a blank.
std::string decode_quoted_printable(std::string_view text, bool word);

/// @param encoding  Content-Transfer-Encoding; anything but the two leaves the body as it is.
std::string decode_transfer(std::string_view encoding, std::string_view body);

}  // namespace rampart::report
