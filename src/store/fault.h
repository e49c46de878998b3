// For tests: stores whose commit can be made to fail at any step.

#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "rampart/base/result.h"
#include "rampart/store/state_store.h"

namespace rampart::store {

/// Asked before each step of a commit: 0 is the beginning, then one per operation, then the end.
/// True makes that step fail as a full disk would.
using FaultPoint = std::function<bool(std::size_t step)>;

std::unique_ptr<StateStore> open_memory_with(FaultPoint fault);

struct SqliteHooks {
  FaultPoint fault;
  std::string vfs;  ///< name of a registered SQLite VFS; "" the default
  int checkpoint_pages =
      0;  ///< length of the log at which a commit empties it; 0: SQLite's default
  /// Called by a walk while it holds its connection.
  std::function<void()> in_walk{};
};
base::Result<std::unique_ptr<StateStore>> open_sqlite_with(const std::string& path,
                                                           SqliteHooks hooks);

}  // namespace rampart::store
