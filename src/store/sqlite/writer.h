// Statements that change the database: one per kind of operation, prepared once.
//
// Threads: the connection's owner's. Every function runs inside the caller's transaction.

#pragma once

#include "rampart/base/result.h"
#include "rampart/store/records.h"

#include "database.h"

namespace rampart::store::sqlite {

class Writer {
 public:
  base::Result<> prepare(Connection& connection);

  base::Result<> apply(const Operation& operation);

  // What prune() removes, at most `kPruneChunk` records a call. @return how many were removed
  base::Result<std::int64_t> prune_reports(Connection& connection, base::WallTime before);
  base::Result<std::int64_t> prune_messages(Connection& connection, base::WallTime before);
  /// Changes with numbers above `after` up to `last`, of keys without an entry.
  base::Result<> prune_changes(std::int64_t after, std::int64_t last, base::WallTime before);
  /// Removes evidence that is still as given and whose entry expired before `before`.
  base::Result<> prune_evidence(const suppression::Evidence& evidence, base::WallTime before);
  static constexpr std::int64_t kPruneChunk = 5000;

 private:
  struct Visitor;

  Statement flow_, host_flow_, sender_, queued_, message_, held_, cursor_, domain_provider_;
  Statement seen_report_, entry_, evidence_, change_, trim_changes_;
  Statement erase_flow_, erase_queued_, erase_message_, erase_message_queued_, erase_held_;
  Statement erase_entry_, erase_evidence_;
  Statement prune_reports_, prune_messages_, prune_changes_, prune_evidence_;
};

}  // namespace rampart::store::sqlite
