// Mails as header fields and parts.
//
// Source: RFC 5322 2.2, RFC 2045 to 2047, as mailers really write them: boundaries that are never
// closed, parts without a header, transfer encodings that hide a part.
// Pure. Linear time: nesting is bounded, and each level is scanned once.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rampart/base/time.h"

namespace rampart::report {

struct HeaderField {
  std::string_view name;  ///< into the text it was taken from
  std::string value;      ///< unfolded, trimmed, cut at kFieldBytesMax; encoded-words left in
};
using Header = std::vector<HeaderField>;

/// A copy with "\n" as the only line end, however it was written: CR LF, LF, CR.
std::string with_line_feeds(std::string_view bytes);

/// Takes a line without its end off the front.
std::string_view take_line(std::string_view& text) noexcept;

/// True for "Name: ..." (letters, digits, '-', '_').
bool is_field_line(std::string_view line) noexcept;

/// Takes a header off the front, and the empty line that ends it. A line that cannot be part of a
/// header ends it too.
Header take_header(std::string_view& text);

/// The first field of that name in any case; "" if there is none. A view into `header`.
std::string_view field(const Header& header, std::string_view name) noexcept;

/// "boundary" of `multipart/mixed; boundary="..."`; "" if there is none.
std::string parameter(std::string_view value, std::string_view name);

/// "multipart/mixed" of a Content-Type field, lower case, without comments.
std::string media_type(std::string_view value);

/// Encoded-words of RFC 2047 as bytes of whatever charset they name; other text is left as it is.
std::string decode_words(std::string_view value);

/// "Sat, 21 Nov 2026 00:04:19 -0500 (EST)"; zero if it is nothing like it.
base::WallTime parse_mail_date(std::string_view value);

/// A part that is not a multipart itself. message/rfc822 is not looked into.
struct Part {
  std::string type;  ///< "text/plain"
  std::string name;  ///< file name or Content-Description
  std::string body;  ///< transfer encoding undone
};

struct Parts {
  std::vector<Part> leaves;  ///< in order
  bool truncated = false;    ///< too many or too deep
};

/// @param header  Of the whole mail.
Parts split_parts(const Header& header, std::string_view body);

/// What a reader sees of HTML, roughly.
std::string html_to_text(std::string_view html);

/// Without the two-byte characters of ISO-2022-JP, whose bytes look like ASCII.
std::string without_jis(std::string_view text);

}  // namespace rampart::report
