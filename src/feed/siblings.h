// The rotated files beside a log: "mail.log.1", "mail.log-20261121", and which of them is the one
// that was being read.
//
// Source: logrotate(8): numbered names (higher is older), dateext (later is newer), copytruncate.
// Threads: none of its own. Reads directories and the first 1 KiB of candidates; keeps nothing
// open.
// Limits: compressed files are not read; at most 4,096 names of a directory are looked at.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rampart::feed {

/// Where reading goes on, and what the file looked like. Equal to the stored cursor without its
/// source.
struct Position {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t offset = 0;            ///< of the first byte not yet delivered
  std::uint64_t fingerprint = 0;       ///< of the file's first `fingerprint_size` bytes
  std::uint32_t fingerprint_size = 0;  ///< at most 1 KiB

  friend bool operator==(const Position&, const Position&) = default;
};

/// The first bytes of an open file, at most 1 KiB. @return nullopt if it cannot be read, with errno
std::optional<std::string> read_head(int descriptor);

/// True if a file that begins with `head` begins like the file of `position`.
bool has_fingerprint(std::string_view head, const Position& position);

/// Notes what the file looks like: all of `head`.
void set_fingerprint(std::string_view head, Position& position);

struct Sibling {
  std::string path;
  std::string suffix;  ///< "1", "20261121", "old"
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
};

/// Regular, uncompressed files named `path` + "." or "-" + suffix. If `path` is a symbolic link,
/// also all files in the directory of its target, with an empty suffix.
std::vector<Sibling> list_siblings(const std::string& path);

/// The sibling that is the file of `position`, moved (same inode) or copied (same first bytes), and
/// that still has the byte before `position.offset`.
/// @param except_inode  not this one: the file at the path itself
std::optional<Sibling> find_rotated(const std::vector<Sibling>& siblings,
                                    const Position& position,
                                    std::uint64_t except_inode);

/// Siblings rotated away after `rotated`, oldest first: between mail.log.3 and mail.log these are
/// mail.log.2 and mail.log.1.
std::vector<Sibling> newer_than(const std::vector<Sibling>& siblings, const Sibling& rotated);

}  // namespace rampart::feed
