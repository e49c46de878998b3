// Live suppressions: the index of hashes in memory, the records in the store, and between them what
// has changed and is not stored yet.
//
// Threads: any function from any thread. The store is asked only for keys that the index knows.
// Lock order: writers_, then mutex_. writers_ is held across calls to the store, mutex_ never:
// nobody who looks up waits for who changes.
// Errors: what cannot be read is an error, never "none". The functions for learning have none: what
// the store does not answer for waits in memory, in its order, until retry(). A record that is
// damaged for good ends the lesson about it: it is counted, logged and left as it is.

#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "rampart/base/mutex.h"
#include "rampart/base/result.h"
#include "rampart/ledger/lookups.h"
#include "rampart/mail/address.h"
#include "rampart/store/records.h"
#include "rampart/suppression/entry.h"
#include "rampart/suppression/index.h"

namespace rampart::store {
class StateStore;
}  // namespace rampart::store

namespace rampart::ledger {

/// The log's words for suppressions among the operations.
void log_suppressions(const mail::Address& recipient,
                      const std::vector<store::Operation>& operations);

class Suppressor {
 public:
  using Operations = std::vector<store::Operation>;

  explicit Suppressor(store::StateStore& store);

  /// Reads every key of the store, which entries are pending, and of which keys there is evidence.
  /// Call before any other function.
  base::Result<> load(const std::vector<suppression::Evidence>& evidence);

  /// The entry in force for a key and a sender, preferring those that are not pending, then those
  /// for all senders. Expired entries do not count.
  base::Result<std::optional<suppression::Entry>> find(std::string_view key,
                                                       std::string_view sender,
                                                       base::WallTime now) const;
  /// The same for a milter's thread. @param deadline  zero: a store that never makes wait
  /// @return Timeout: it is known to memory that there are entries, but not which
  base::Result<std::optional<suppression::Entry>> find_within(base::Micros deadline,
                                                              std::string_view key,
                                                              std::string_view sender,
                                                              base::WallTime now);
  /// All entries of a key, expired ones included.
  base::Result<std::vector<suppression::Entry>> entries(std::string_view key) const;

  // --- orders ---
  // The caller queues the returned operations. None: nothing was to be changed.

  /// Adds or replaces. None if an entry that lasts as long is there already, or one set by a person
  /// or list would be replaced by a weaker one.
  base::Result<Operations> add(const suppression::Entry& entry,
                               std::string_view origin,
                               base::WallTime now);
  /// Removes the entry of this key and sender, and its evidence. None if there is none.
  base::Result<Operations> remove(std::string_view key,
                                  std::string_view sender,
                                  suppression::Change::Kind kind,
                                  std::string_view origin,
                                  base::WallTime now);
  /// The pending entry of a key is in force from now on. None if there is none.
  base::Result<Operations> confirm(std::string_view key,
                                   std::string_view origin,
                                   base::WallTime now);
  /// The pending entry of a key goes, and its evidence. None if there is none.
  base::Result<Operations> clear(std::string_view key, std::string_view origin, base::WallTime now);

  // --- learning ---
  // Under the writer's gate. None also if the store does not answer: it is done later.

  /// Weighs one judgement. @return the operations of an entry that results included
  Operations learn(suppression::Judgement judgement,
                   suppression::Entry entry,
                   const suppression::Options& options,
                   base::WallTime now);
  /// A delivery to this key: forgets evidence and clears a pending entry; notes a contradiction if
  /// it is suppressed for hard bounces, and lifts the entry if the options say so.
  Operations delivered(std::string_view key,
                       const std::string& sender,
                       const suppression::Options& options,
                       base::WallTime now);
  /// Somebody said that the mail is not wanted.
  Operations complain(const suppression::Entry& entry, base::WallTime now);
  /// Makes the hard entry of a key pending for `provider`. None if there is none in force.
  Operations make_pending(std::string_view key, std::string_view provider, base::WallTime now);
  /// The share fell: the pending entry of a key goes, as its answers were not its own fault.
  Operations absolve(std::string_view key, base::WallTime now);

  /// Something that was learned waits for the store.
  [[nodiscard]] bool is_behind() const;
  /// Tries again what waits. Under the writer's gate; the caller queues the operations.
  Operations retry();

  /// Keys of the entries that are pending for a provider ("*": for the whole host; "": all).
  [[nodiscard]] std::vector<std::string> pending_keys(std::string_view provider) const;
  /// Whose failures made this key's entry pending; "" if it is not pending.
  [[nodiscard]] std::string pending_for(std::string_view key) const;

  /// Brackets of a round of writing: what was queued before begin_round() is in the store after
  /// end_round(true).
  void begin_round();
  void end_round(bool stored);

  [[nodiscard]] std::uint64_t size() const;
  [[nodiscard]] std::uint64_t pending() const;
  [[nodiscard]] std::uint64_t added() const;  ///< by this process

 private:
  using Entries = std::vector<suppression::Entry>;
  using Lesson = std::function<base::Result<Operations>()>;
  struct Changed {
    Entries entries;  ///< of this key, as they will be stored
    std::uint64_t round = 0;
  };
  struct ChangedEvidence {
    suppression::Evidence evidence;
    std::uint64_t round = 0;
  };
  static std::string evidence_key(std::string_view key, std::string_view sender);
  /// What memory knows without the store: all entries of the key, or that it is to be asked.
  std::optional<Entries> find_in_memory(std::string_view key) const;
  base::Result<> load_pending();

  // With writers_ held: changes are made one after another, so that reading the store and changing
  // the overlay agree.
  void put(const std::string& key, Entries entries, std::size_t before) RAMPART_REQUIRES(writers_);
  void put(const suppression::Evidence& evidence) RAMPART_REQUIRES(writers_);
  base::Result<suppression::Evidence> find_evidence(std::string_view key,
                                                    std::string_view sender) const
      RAMPART_REQUIRES(writers_);
  base::Result<Operations> add_entry(const suppression::Entry& entry,
                                     std::string_view origin,
                                     base::WallTime now) RAMPART_REQUIRES(writers_);
  base::Result<Operations> remove_entry(std::string_view key,
                                        std::string_view sender,
                                        suppression::Change::Kind kind,
                                        std::string_view origin,
                                        base::WallTime now) RAMPART_REQUIRES(writers_);
  base::Result<Operations> clear_entry(std::string_view key,
                                       std::string_view origin,
                                       base::WallTime now) RAMPART_REQUIRES(writers_);
  base::Result<Operations> weigh(suppression::Judgement judgement,
                                 const suppression::Entry& entry,
                                 const suppression::Options& options,
                                 base::WallTime now) RAMPART_REQUIRES(writers_);
  base::Result<Operations> note_delivery(const std::string& key,
                                         const std::string& sender,
                                         const suppression::Options& options,
                                         base::WallTime now) RAMPART_REQUIRES(writers_);
  /// Changes the entry for all senders, if `change(Entry&)` says so. @return the entry as it is now
  template <class Change>
  base::Result<std::optional<suppression::Entry>> change(std::string_view key, Change&& change)
      RAMPART_REQUIRES(writers_);
  /// Does it now, or behind what waits.
  template <class Now>
  Operations attempt(Now&& lesson) RAMPART_EXCLUDES(writers_);

  store::StateStore& store_;
  mutable base::Mutex mutex_;
  suppression::Index index_ RAMPART_GUARDED_BY(mutex_);
  suppression::Index evidence_index_ RAMPART_GUARDED_BY(mutex_);
  std::unordered_map<std::string, Changed> changed_ RAMPART_GUARDED_BY(mutex_);
  std::unordered_map<std::string, ChangedEvidence> evidence_ RAMPART_GUARDED_BY(mutex_);
  std::map<std::string, std::string> pending_ RAMPART_GUARDED_BY(mutex_);  // key -> provider
  std::deque<Lesson> waiting_ RAMPART_GUARDED_BY(mutex_);
  std::uint64_t round_ RAMPART_GUARDED_BY(mutex_) = 0;
  std::uint64_t entries_ RAMPART_GUARDED_BY(mutex_) = 0;
  std::uint64_t added_ RAMPART_GUARDED_BY(mutex_) = 0;
  base::Mutex writers_;
  Lookups lookups_;
};

}  // namespace rampart::ledger
