// Plain lists of addresses and domains: one a line, "#" comments.
//
// Pure: bytes in, entries and errors out.
// Limits: lines up to 4 KiB; any number of lines.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "rampart/suppression/entry.h"

namespace rampart::suppression {

struct ListError {
  std::size_t line = 0;    ///< from 1
  std::size_t column = 0;  ///< from 1
  std::string text;        ///< "no @ in \"bob.example.com\""
};

struct List {
  std::vector<std::string> keys;  ///< canonical, in order, without repeats
  std::size_t lines = 0;          ///< read, comments and blank lines included
  std::size_t repeats = 0;
  std::vector<ListError> errors;
};

/// Reads a plain list (LF or CRLF, UTF-8 BOM skipped).
List parse_list(std::string_view bytes, const Options& options);

}  // namespace rampart::suppression
