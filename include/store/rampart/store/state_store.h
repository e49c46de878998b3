// StateStore: where rampart's state survives.
//
// Threads: every function from any thread; calls are serialised inside. commit() blocks until the
// batch is durable (SQLite: synchronous=FULL), so it is never called from a milter callback.
// Errors: Unavailable (busy, disk full, closed), Corrupt (damaged file), Unsupported (newer
// schema), InvalidInput (a token that is none). After an error of commit() nothing of the batch is
// stored.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rampart/base/hash.h"
#include "rampart/base/result.h"
#include "rampart/store/records.h"

namespace rampart::store {

/// Everything but suppressions, their history, tokens and events, as of one commit, in any order.
/// Read once at start.
struct Snapshot {
  std::vector<FlowRecord> flows;
  std::vector<HostFlowRecord> host_flows;
  std::vector<SenderRecord> senders;
  std::vector<QueuedRecord> queued;
  std::vector<MessageRecord> messages;
  std::vector<HeldRecord> held;
  std::vector<CursorRecord> cursors;
  std::vector<DomainProviderRecord> domain_providers;
  std::vector<SeenReportRecord> seen_reports;
  std::vector<suppression::Evidence> evidence;
  std::vector<ReplyRecord> replies;
  std::vector<GuardRecord> guards;
};

/// Which entries `list_suppressions` gives.
struct SuppressionFilter {
  std::string contains;  ///< part of the key; "" all
  std::optional<suppression::Reason> reason;
  std::string after;  ///< keys above this one, for paging
  std::size_t limit = 1000;
  std::optional<bool> pending{};  ///< only those that are pending, or only those in force
  std::string pending_at{};       ///< only those pending for this provider or "*"; "" any
};

/// Of each kind, what is older than its time is removed; what has no time given stays.
struct Horizons {
  /// Messages (not their queued recipients); evidence of suppressions that expired by then, unless
  /// it tells of a later day than their end; and history of keys without an entry.
  base::WallTime history{};
  base::WallTime seen_reports{};
  base::WallTime events{};   ///< by EventsRecord::last
  base::WallTime tokens{};   ///< by TokenRecord::time
  base::WallTime replies{};  ///< by ReplyRecord::last
};

class StateStore {
 public:
  virtual ~StateStore() = default;

  [[nodiscard]] virtual base::Result<> commit(const Batch& batch) = 0;
  [[nodiscard]] virtual base::Result<Snapshot> load() = 0;

  /// A random key made when the store was created; stable for its life.
  [[nodiscard]] virtual base::HashKey hash_key() const noexcept = 0;

  /// All entries with this key (one per sender), expired ones included.
  [[nodiscard]] virtual base::Result<std::vector<suppression::Entry>> find_suppressions(
      std::string_view key) = 0;
  [[nodiscard]] virtual base::Result<std::optional<suppression::Evidence>> find_evidence(
      std::string_view key, std::string_view sender) = 0;
  /// By time, newest last; no more than the newest 200 of a key are kept.
  [[nodiscard]] virtual base::Result<std::vector<suppression::Change>> history(
      std::string_view key) = 0;
  /// By key, rising.
  [[nodiscard]] virtual base::Result<std::vector<suppression::Entry>> list_suppressions(
      const SuppressionFilter& filter) = 0;
  /// Calls `visit` once for every entry with its key (once per sender), in any order. The store may
  /// be used meanwhile, also by `visit`; entries added or erased meanwhile may be missed or told.
  [[nodiscard]] virtual base::Result<> for_each_suppression_key(
      const std::function<void(std::string_view key)>& visit) = 0;
  [[nodiscard]] virtual base::Result<std::uint64_t> count_suppressions() = 0;

  /// @param token  from outside: what is no token is not found
  [[nodiscard]] virtual base::Result<std::optional<TokenRecord>> find_token(
      std::string_view token) = 0;
  /// The data of every EventsRecord with `id` whose last event is not older than `since`; by the
  /// time of the first event, then in the order of their commits. Commits go on meanwhile; what
  /// they add or prune may be missed or told.
  [[nodiscard]] virtual base::Result<std::vector<std::string>> find_events(
      std::uint32_t id, base::WallTime since) = 0;

  /// Removes what is older than the horizons. Suppressions themselves and guards stay. Commits wait
  /// milliseconds for it. On failure a part may have been removed.
  [[nodiscard]] virtual base::Result<> prune(const Horizons& horizons) = 0;

  /// "memory", or "sqlite 3.40.1, schema 3".
  [[nodiscard]] virtual std::string describe() const = 0;
};

/// Everything is lost with the process.
std::unique_ptr<StateStore> open_memory();

/// Opens or creates the database file and migrates it forward.
/// @return Corrupt for a damaged file and Unsupported for a newer one, both untouched; Unavailable
///         if the directory is missing or not writable, or another rampart has the file open.
base::Result<std::unique_ptr<StateStore>> open_sqlite(const std::string& path);

}  // namespace rampart::store
