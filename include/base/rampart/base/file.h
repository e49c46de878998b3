// Whole files: read with a bound, and never an exception or an empty text in place of an error.
//
//   read_file("/etc/rampart/list.txt", 1 << 20) -> the text, or "/etc/rampart/list.txt: Permission
//   denied"
//
// Source: open(2), read(2).
// Threads: any function from any thread; reads wait for the disk.
// Errors: name the file and give the system's words; NotFound, Denied, Unavailable (a failing
// disk, no regular file), InvalidInput (longer than the bound).

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "rampart/base/descriptor.h"
#include "rampart/base/result.h"

namespace rampart::base {

/// Opens a regular file for reading; a pipe or device at the path never blocks.
/// @return invalid, with errno telling why (EINVAL: a directory, pipe or device)
Descriptor open_regular(const std::string& path) noexcept;
/// That errno in words.
std::string open_error_text(int error);

/// Reads a regular file.
Result<std::string> read_file(const std::string& path, std::size_t bytes_max);

/// Reads an open file, pipe or device to its end, which may come late.
/// @param name  for errors; "": the system's words stand alone
Result<std::string> read_all(int fd, std::string_view name, std::size_t bytes_max);

/// As read_all(), but what comes after `bytes_max` is left unread.
Result<std::string> read_at_most(int fd, std::string_view name, std::size_t bytes_max);

/// Writes all of it; waits for a pipe that is full.
Result<> write_all(int fd, std::string_view name, std::string_view bytes);

}  // namespace rampart::base
