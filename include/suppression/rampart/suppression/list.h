// Plain lists of addresses and domains: one a line, "#" comments.
//
//     # asked us by telephone
//     user@example.org      # "#" after a blank: a comment
//     @example.net
//
// Pure: bytes in, entries and errors out.
// Limits: lines up to 4 KiB; any number of lines, the first kListErrorsMax errors of them kept.
// Comments may hold any bytes, entries must be UTF-8.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "rampart/suppression/entry.h"

namespace rampart::suppression {

inline constexpr std::size_t kListErrorsMax = 1000;
inline constexpr std::size_t kListBytesMax = std::size_t{1} << 30;  ///< for who reads a list file

struct ListError {
  std::size_t line = 0;    ///< from 1
  std::size_t column = 0;  ///< of the byte where it is seen, from 1
  std::string text;        ///< "no @ in \"bob.example.com\""
};

struct List {
  std::vector<std::string> keys;  ///< canonical, in order, without repeats
  std::size_t lines = 0;          ///< read, comments and blank lines included
  std::size_t repeats = 0;
  std::size_t bad_lines = 0;      ///< with an error, whether it was kept or not
  std::vector<ListError> errors;  ///< in order, one a line, at most kListErrorsMax
};

/// Reads a plain list (LF or CRLF, UTF-8 BOM skipped). Lines with an error give no key.
List parse_list(std::string_view bytes, const Options& options);

}  // namespace rampart::suppression
