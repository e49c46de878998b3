// Statements that read the database, prepared once.
//
// Threads: the connection's owner's. Nothing stays open between calls, so that the write-ahead log
// can be emptied.
// Errors: Corrupt, naming table and key, for a record that cannot be read.

#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rampart/base/result.h"
#include "rampart/store/state_store.h"

#include "database.h"
#include "rules.h"

namespace rampart::store::sqlite {

/// Where a walk over a table with the key (key, sender) stands: behind this record. No key is
/// empty.
struct Place {
  std::string key;
  std::string sender;
  bool all_senders = false;  ///< behind all records with this key
  bool finished = false;
};

/// Where a search of the events stands: behind this record.
struct EventsPlace {
  base::WallTime last{};
  std::int64_t id = 0;  ///< no record has 0
  bool finished = false;
};

struct FoundEvents {
  base::WallTime first{};
  std::int64_t id = 0;
  std::string data;
};

/// Rows that a walk reads before it gives others a turn.
inline constexpr std::int64_t kWalkChunk = 4096;
/// The largest number that a change can have.
inline constexpr std::int64_t kNoMoreChanges = std::numeric_limits<std::int64_t>::max();

/// The same for events: some five milliseconds.
inline constexpr std::int64_t kEventsChunk = 16384;

class Reader {
 public:
  base::Result<> prepare(Connection& connection);

  base::Result<Snapshot> load(Connection& connection);
  base::Result<std::vector<suppression::Entry>> find_entries(std::string_view key);
  base::Result<std::optional<suppression::Evidence>> find_evidence(std::string_view key,
                                                                   std::string_view sender);
  /// Oldest first.
  base::Result<std::vector<suppression::Change>> find_changes(std::string_view key);
  base::Result<std::uint64_t> count_entries();
  base::Result<std::optional<TokenRecord>> find_token(const TokenBytes& token);

  /// Appends to `page` what `filter` wants of the next chunk behind `place`, and moves `place`.
  base::Result<> walk_entries(Place& place,
                              const SuppressionFilter& filter,
                              std::vector<suppression::Entry>& page);
  /// Appends the keys of the next chunk.
  base::Result<> walk_keys(Place& place, std::vector<std::string>& keys);
  /// Appends the evidence of the next chunk that belongs to entries that expired before `before`
  /// and tells of nothing later than their end.
  base::Result<> walk_outdated_evidence(Place& place,
                                        base::WallTime before,
                                        std::vector<suppression::Evidence>& found);
  /// The number of the change that ends the next chunk; kNoMoreChanges for the last chunk.
  base::Result<std::int64_t> end_of_changes_chunk(std::int64_t after);
  /// Appends the records of the next chunk that hold `id`.
  base::Result<> walk_events(EventsPlace& place, std::uint32_t id, std::vector<FoundEvents>& found);

 private:
  base::Result<> load_ramp(Snapshot& snapshot);
  base::Result<> load_queue(Snapshot& snapshot);
  base::Result<> load_sources(Snapshot& snapshot);
  base::Result<> load_replies(Snapshot& snapshot);

  Statement flows_, host_flows_, senders_, queued_, messages_, held_, cursors_, domain_providers_;
  Statement seen_reports_, entries_, evidence_, changes_, count_entries_;
  Statement walk_entries_, walk_pending_, walk_evidence_, changes_chunk_, all_evidence_;
  Statement replies_, guards_, token_, walk_events_, events_data_;
};

}  // namespace rampart::store::sqlite
