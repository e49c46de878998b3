// The lock that keeps a second rampart from a database file.
//
// Source: flock(2). SQLite's own locks let several programs write in turn; two daemons that each
// count from their own memory must not.

#pragma once

#include <string>
#include <utility>

#include "rampart/base/descriptor.h"
#include "rampart/base/result.h"

namespace rampart::store::sqlite {

/// Held until destroyed. The file stays: removing it would let two processes lock two files.
class LockFile {
 public:
  /// Locks `path` + ".lock" without waiting, and writes the process's number into it.
  /// @return Unavailable, naming `path`, if the lock is held or cannot be made.
  static base::Result<LockFile> acquire(const std::string& path);

 private:
  explicit LockFile(base::Descriptor fd) noexcept : fd_(std::move(fd)) {}
  base::Descriptor fd_;
};

}  // namespace rampart::store::sqlite
