// A source file as the checks see it: code, comments and literals told apart.
//
// Pure: plain values.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace rampart::tidy {

/// What stands for each byte of a string or character literal in Source::code.
inline constexpr char kLiteral = '\x01';

struct Source {
  std::string path;      ///< from the top of the repository: "src/mail/reply.cc"
  std::string text;      ///< as it is
  std::string code;      ///< same length; comments blank, contents of literals kLiteral
  std::string comments;  ///< same length; all but the contents of comments blank
};

/// Tells the parts of a C++ source apart: comments, "..." with escapes, '...', R"x(...)x", 1'000.
Source make_source(std::string path, std::string text);

struct Finding {
  std::string path;
  std::size_t line = 0;  ///< from 1; 0: the whole file
  std::string what;
};
using Findings = std::vector<Finding>;

/// "src/mail/reply.cc:12: what"
std::string to_string(const Finding& finding);

std::size_t line_of(std::string_view text, std::size_t offset);
bool is_word(char c) noexcept;

/// "src/mail/reply.cc" and "include/mail/rampart/mail/reply.h" are of room "mail"; "" elsewhere.
std::string_view room_of(std::string_view path);

}  // namespace rampart::tidy
