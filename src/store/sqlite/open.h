// Opening a database file without harming one that is not ours to write.
//
// Errors: as open_sqlite().

#pragma once

#include <string>

#include "rampart/base/result.h"

#include "database.h"

namespace rampart::store::sqlite {

/// The one name of the file behind `path`, so that two spellings find one lock.
base::Result<std::string> resolve(const std::string& path);

/// Looks whether `path` is missing, empty, or a whole file of a version this program knows, without
/// changing a byte of it. Files up to 32 MiB are checked page by page.
base::Result<> inspect(const std::string& path, const std::string& vfs);

/// Opens the file for commits, creating it if missing, and migrates it forward.
base::Result<Connection> open_for_writing(const std::string& path, const std::string& vfs);

base::Result<Connection> open_for_reading(const std::string& path, const std::string& vfs);

}  // namespace rampart::store::sqlite
