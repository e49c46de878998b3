// ASCII helpers: no locale, bytes above 127 pass through unchanged.
//
// Pure: every function may be called from any thread. Views returned point into the argument.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rampart::base {

constexpr bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}
constexpr bool is_upper(char c) noexcept {
  return c >= 'A' && c <= 'Z';
}
constexpr bool is_lower(char c) noexcept {
  return c >= 'a' && c <= 'z';
}
constexpr bool is_alpha(char c) noexcept {
  return is_upper(c) || is_lower(c);
}
constexpr bool is_alnum(char c) noexcept {
  return is_alpha(c) || is_digit(c);
}
constexpr bool is_blank(char c) noexcept {
  return c == ' ' || c == '\t';
}
constexpr char to_lower(char c) noexcept {
  return is_upper(c) ? static_cast<char>(c + 32) : c;
}

/// Lower-cases A to Z only.
std::string to_lower(std::string_view text);

/// Compares without regard to the case of A to Z.
bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept;

/// True if `text` contains `part`, without regard to the case of A to Z. An empty part is
/// contained.
bool contains_ignoring_case(std::string_view text, std::string_view part) noexcept;

/// Without blanks, CR and LF at both ends. @return a view into `text`.
std::string_view trim(std::string_view text) noexcept;

/// Parts between separators, empty parts included; "" gives one empty part. @return views into
/// `text`.
std::vector<std::string_view> split(std::string_view text, char separator);

/// A whole decimal number without sign. @return nullopt if empty, not all digits, or too large.
std::optional<std::uint64_t> parse_uint(std::string_view text) noexcept;

/// What may be written to a log or a terminal: control bytes, DEL and all non-ASCII bytes become
/// '?', and the text is cut to `bytes_max`, marked with "..." when something was cut off.
std::string printable(std::string_view text, std::size_t bytes_max = 4096);

/// A value as an error message shows it: printable, in double quotes.
std::string in_quotes(std::string_view text, std::size_t bytes_max = 80);

/// The candidate nearest to `word` by edit distance (at most 3 and less than half the word), for
/// "did you mean"; empty if none is near. @return a view into `candidates`.
std::string_view find_nearest(std::string_view word,
                              const std::vector<std::string_view>& candidates);

}  // namespace rampart::base
