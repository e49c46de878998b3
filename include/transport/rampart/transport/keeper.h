// The keeper of the transport table: while a provider's host flow is paused, the table makes mail
// for its domains wait in Postfix's queue; when the pause is over, it goes.
//
// A second process, the guard, empties the table when this one ends in whatever way, and removes
// what is over when this one hangs.
//
// Threads: make and destroy it from one thread; one thread of its own.
// Errors: a table that cannot be written is logged once, shown in the status, and tried again.

#pragma once

#include <memory>

#include "rampart/base/result.h"
#include "rampart/engine/engine.h"
#include "rampart/transport/options.h"

namespace rampart::transport {

class Keeper {
 public:
  /// Starts with an empty table.
  /// @param program  path of the rampart program, whose "transport guard" is the guard
  static base::Result<std::unique_ptr<Keeper>> start(const Options& options,
                                                     engine::Engine& engine,
                                                     const std::string& program);
  /// Empties the table.
  ~Keeper();
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;

 private:
  struct Data;
  explicit Keeper(std::unique_ptr<Data> data);
  std::unique_ptr<Data> data_;
};

/// The guard's whole life: until its standard input ends, which it does with the process that
/// started it. Ignores SIGTERM, SIGINT and SIGHUP: they are for that process.
/// @return  the exit code: 0 if the table is empty at the end
int run_guard(const Options& options, const base::Clock& clock);

}  // namespace rampart::transport
