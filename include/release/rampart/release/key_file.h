// The key of the mark on held mail, in a file: 64 hexadecimal digits and a line end, mode 0600.
//
// The service makes it at its first start and reads it later; the root helper reads it, and serves
// the file's owner.
//
// Threads: any function from any thread.
// Errors: a file that is a link, of another user, readable by others or of another size is refused,
// never repaired: who could read it can mark mail of others.

#pragma once

#include <cstdint>
#include <string>

#include "rampart/base/result.h"
#include "rampart/mail/hold_mark.h"

namespace rampart::release {

struct KeyFile {
  mail::HoldKey key;
  std::uint32_t owner = 0;  ///< uid
};

/// @return NotFound if there is no such file; Denied or Corrupt for one that is refused
base::Result<KeyFile> read_hold_key(const std::string& path);

/// Reads the key, which must be of our own user; makes one if there is none. Two that do so at once
/// get the same key. @return an error also if it cannot be made
base::Result<mail::HoldKey> open_hold_key(const std::string& path);

}  // namespace rampart::release
