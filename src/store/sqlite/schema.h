// The tables, and the way from each version of them to the next.
//
// Threads: the connection's owner's.
// Limits: forward only; a step that has been released is never edited again.

#pragma once

#include <cstdint>
#include <span>

#include "rampart/base/hash.h"
#include "rampart/base/result.h"

#include "database.h"

namespace rampart::store::sqlite {

/// Tells our files from other programs': "ramp" in ASCII (PRAGMA application_id).
inline constexpr std::int64_t kApplicationId = 0x72616d70;

/// Step i leads from version i to version i + 1 (PRAGMA user_version).
std::span<const char* const> migrations() noexcept;

/// Brings the file to version `steps.size()`, each step in a transaction of its own.
/// @return Unsupported if the file is newer already; a failed step changes nothing.
base::Result<> migrate(Connection& connection, std::span<const char* const> steps);

/// @return Corrupt if there is no whole key.
base::Result<base::HashKey> read_hash_key(Connection& connection);

/// @return Unsupported for a version above `known` and for other programs' tables, Corrupt for a
///         version below zero.
base::Result<> check_identity(Connection& connection, std::int64_t known);

}  // namespace rampart::store::sqlite
