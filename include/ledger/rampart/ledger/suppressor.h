// Live suppressions: the index of hashes in memory, the records in the store, and between them what
// has changed and is not stored yet.
//
// Threads: any function from any thread. find() asks the store only for addresses that the index
// knows. Lock order: takes its own lock only, never across a call to the store.

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "rampart/base/mutex.h"
#include "rampart/base/result.h"
#include "rampart/store/state_store.h"
#include "rampart/suppression/entry.h"
#include "rampart/suppression/index.h"

namespace rampart::ledger {

class Suppressor {
 public:
  explicit Suppressor(store::StateStore& store);

  /// Reads every key of the store, which entries are pending, and of which keys there is evidence.
  /// Call before any other function.
  base::Result<> load(const std::vector<suppression::Evidence>& evidence);

  /// The entry in force for a key and a sender, preferring those that are not pending, then those
  /// for all senders. Expired entries do not count. A store that does not answer is counted and
  /// taken for "not suppressed": mail goes on.
  std::optional<suppression::Entry> find(std::string_view key,
                                         std::string_view sender,
                                         base::WallTime now) const;
  /// All entries of a key, expired ones included.
  base::Result<std::vector<suppression::Entry>> entries(std::string_view key) const;

  /// Adds or replaces; the caller queues the returned operations. Nothing if an entry that lasts as
  /// long is there already, or one set by a person or list would be replaced by a weaker one.
  std::vector<store::Operation> add(const suppression::Entry& entry,
                                    std::string_view origin,
                                    base::WallTime now);
  /// Removes the entry of this key and sender. @return nothing if there is none
  std::vector<store::Operation> remove(std::string_view key,
                                       std::string_view sender,
                                       suppression::Change::Kind kind,
                                       std::string_view origin,
                                       base::WallTime now);

  /// Weighs one judgement. @return operations to queue, those of an entry that results included
  std::vector<store::Operation> learn(suppression::Judgement judgement,
                                      suppression::Entry entry,
                                      const suppression::Options& options,
                                      base::WallTime now);
  /// A delivery to this key: forgets evidence and clears a pending entry; notes a contradiction if
  /// it is suppressed for hard bounces, and lifts the entry if the options say so.
  std::vector<store::Operation> delivered(std::string_view key,
                                          const std::string& sender,
                                          const suppression::Options& options,
                                          base::WallTime now);

  /// Drops the evidence of a key; the caller queues the operation.
  void forget_evidence(std::string_view key, std::string_view sender);

  /// Makes the hard entry of a key pending for `provider`. @return nothing if there is none in
  /// force
  std::vector<store::Operation> make_pending(std::string_view key,
                                             std::string_view provider,
                                             base::WallTime now);
  /// Keys of the entries that are pending for a provider ("*": for the whole host; "": all).
  [[nodiscard]] std::vector<std::string> pending_keys(std::string_view provider) const;
  /// Whose failures made this key's entry pending; "" if it is not pending.
  [[nodiscard]] std::string pending_for(std::string_view key) const;
  /// The pending entry of a key is in force from now on. @return nothing if there is none
  std::vector<store::Operation> confirm(std::string_view key,
                                        std::string_view origin,
                                        base::WallTime now);
  /// The pending entry of a key goes. @return nothing if there is none
  std::vector<store::Operation> clear(std::string_view key,
                                      std::string_view origin,
                                      base::WallTime now);

  /// Brackets of a round of writing: what was queued before begin_round() is in the store after
  /// end_round(true).
  void begin_round();
  void end_round(bool stored);

  [[nodiscard]] std::uint64_t size() const;
  [[nodiscard]] std::uint64_t pending() const;
  [[nodiscard]] std::uint64_t added() const;  ///< by this process

 private:
  using Entries = std::vector<suppression::Entry>;
  struct Changed {
    Entries entries;  ///< of this key, as they will be stored
    std::uint64_t round = 0;
  };
  struct ChangedEvidence {
    suppression::Evidence evidence;
    std::uint64_t round = 0;
  };
  static std::string evidence_key(std::string_view key, std::string_view sender);
  base::Result<Entries> current(std::string_view key) const;
  void put(const std::string& key, Entries entries, std::size_t before);
  base::Result<> load_pending();
  /// Changes the entry for all senders, if `change(Entry&)` says so. @return the entry as it is now
  template <class Change>
  std::optional<suppression::Entry> change(std::string_view key, Change&& change);
  suppression::Evidence find_evidence(std::string_view key, std::string_view sender) const;
  void put(const suppression::Evidence& evidence);

  store::StateStore& store_;
  mutable base::Mutex mutex_;
  suppression::Index index_ RAMPART_GUARDED_BY(mutex_);
  suppression::Index evidence_index_ RAMPART_GUARDED_BY(mutex_);
  std::unordered_map<std::string, Changed> changed_ RAMPART_GUARDED_BY(mutex_);
  std::unordered_map<std::string, ChangedEvidence> evidence_ RAMPART_GUARDED_BY(mutex_);
  std::map<std::string, std::string> pending_ RAMPART_GUARDED_BY(mutex_);  // key -> provider
  std::uint64_t round_ RAMPART_GUARDED_BY(mutex_) = 0;
  std::uint64_t entries_ RAMPART_GUARDED_BY(mutex_) = 0;
  std::uint64_t added_ RAMPART_GUARDED_BY(mutex_) = 0;
  // Changes are made one after another, so that reading the store and changing the overlay agree.
  base::Mutex writers_;
};

}  // namespace rampart::ledger
