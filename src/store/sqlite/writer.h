// Statements that change the database: one per kind of operation, prepared once.
//
// Threads: the connection's owner's. Every function runs inside the caller's transaction.

#pragma once

#include <cstdint>

#include "rampart/base/result.h"
#include "rampart/store/records.h"

#include "database.h"

namespace rampart::store::sqlite {

/// What prune() removes by nothing but its age.
enum class Aged : std::uint8_t { SeenReports, Messages, Tokens, Events, Replies };

class Writer {
 public:
  base::Result<> prepare(Connection& connection);

  base::Result<> apply(const Operation& operation);

  /// Removes at most `kPruneChunk` records. @return how many were removed
  base::Result<std::int64_t> prune_chunk(Connection& connection, Aged kind, base::WallTime before);
  /// Changes with numbers above `after` up to `last`, of keys without an entry.
  base::Result<> prune_changes(std::int64_t after, std::int64_t last, base::WallTime before);
  /// Removes evidence that is still as given and whose entry expired before `before`.
  base::Result<> prune_evidence(const suppression::Evidence& evidence, base::WallTime before);
  static constexpr std::int64_t kPruneChunk = 2000;

 private:
  struct Visitor;

  Statement flow_, host_flow_, sender_, queued_, message_, held_, cursor_, domain_provider_;
  Statement seen_report_, entry_, evidence_, change_, trim_changes_;
  Statement token_, events_data_, events_, reply_, guard_;
  Statement erase_flow_, erase_queued_, erase_message_, erase_message_queued_, erase_held_;
  Statement erase_entry_, erase_evidence_, erase_reply_, erase_guard_;
  Statement prune_reports_, prune_messages_, prune_tokens_, prune_events_data_, prune_events_;
  Statement prune_replies_, prune_changes_, prune_evidence_;
};

}  // namespace rampart::store::sqlite
