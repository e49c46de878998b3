#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

#include "rampart/base/mutex.h"
#include "rampart/store/state_store.h"

#include "database.h"
#include "fault.h"
#include "lock_file.h"
#include "open.h"
#include "reader.h"
#include "rules.h"
#include "schema.h"
#include "writer.h"

namespace rampart::store {
namespace sqlite {
namespace {

// A connection with its statements; the statements go first.
template <class Statements>
struct Side {
  explicit Side(Connection c) noexcept : connection(std::move(c)) {}
  base::Result<> prepare() { return statements.prepare(connection); }

  Connection connection;
  Statements statements;
};

// Lock order: none; no function holds two mutexes.
class SqliteStore final : public StateStore {
 public:
  SqliteStore(
      LockFile lock, SqliteHooks hooks, Connection writer, Connection reader, Connection points)
      : hooks_(std::move(hooks)),
        lock_(std::move(lock)),
        write_(std::move(writer)),
        read_(std::move(reader)),
        point_(std::move(points)) {}

  base::Result<> prepare() {
    {
      const base::MutexLock lock(write_mutex_);
      if (auto ok = write_.prepare(); !ok) {
        return ok;
      }
      const auto key = read_hash_key(write_.connection);
      if (!key) {
        return key.error();
      }
      key_ = *key;
    }
    {
      const base::MutexLock lock(read_mutex_);
      if (auto ok = read_.prepare(); !ok) {
        return ok;
      }
    }
    const base::MutexLock lock(point_mutex_);
    return point_.prepare();
  }

  base::Result<> commit(const Batch& batch) override {
    if (batch.operations.empty()) {
      return base::Ok{};
    }
    if (auto valid = check(batch); !valid) {
      return valid;
    }
    const base::MutexLock lock(write_mutex_);
    if (fails(0)) {
      return fault();
    }
    auto transaction = Transaction::begin(write_.connection);
    if (!transaction) {
      return transaction.error();
    }
    std::size_t step = 0;
    for (const Operation& operation : batch.operations) {
      if (fails(++step)) {
        return fault();
      }
      if (auto done = write_.statements.apply(operation); !done) {
        return done;
      }
    }
    if (fails(++step)) {
      return fault();
    }
    return transaction->commit();
  }

  base::Result<Snapshot> load() override {
    const base::MutexLock lock(read_mutex_);
    return read_.statements.load(read_.connection);
  }

  base::HashKey hash_key() const noexcept override { return key_; }

  base::Result<std::vector<suppression::Entry>> find_suppressions(std::string_view key) override {
    const base::MutexLock lock(point_mutex_);
    return point_.statements.find_entries(key);
  }

  base::Result<std::optional<suppression::Evidence>> find_evidence(
      std::string_view key, std::string_view sender) override {
    const base::MutexLock lock(point_mutex_);
    return point_.statements.find_evidence(key, sender);
  }

  base::Result<std::vector<suppression::Change>> history(std::string_view key) override {
    const base::MutexLock lock(point_mutex_);
    return point_.statements.find_changes(key);
  }

  base::Result<std::vector<suppression::Entry>> list_suppressions(
      const SuppressionFilter& filter) override {
    std::vector<suppression::Entry> page;
    Place place{.key = filter.after, .sender = "", .all_senders = true};
    while (!place.finished) {
      const base::MutexLock lock(read_mutex_);
      note_walk();
      if (auto done = read_.statements.walk_entries(place, filter, page); !done) {
        return done.error();
      }
    }
    return page;
  }

  base::Result<> for_each_suppression_key(
      const std::function<void(std::string_view key)>& visit) override {
    Place place;
    std::vector<std::string> keys;
    while (!place.finished) {
      keys.clear();
      {
        const base::MutexLock lock(read_mutex_);
        note_walk();
        if (auto done = read_.statements.walk_keys(place, keys); !done) {
          return done;
        }
      }
      for (const std::string& key : keys) {
        visit(key);
      }
    }
    return base::Ok{};
  }

  base::Result<std::uint64_t> count_suppressions() override {
    const base::MutexLock lock(read_mutex_);
    return read_.statements.count_entries();
  }

  base::Result<std::optional<TokenRecord>> find_token(std::string_view token) override {
    const auto bytes = parse_token(token);
    if (!bytes) {
      return std::optional<TokenRecord>{};
    }
    const base::MutexLock lock(point_mutex_);
    return point_.statements.find_token(*bytes);
  }

  base::Result<std::vector<std::string>> find_events(std::uint32_t id,
                                                     base::WallTime since) override {
    std::vector<FoundEvents> found;
    EventsPlace place{.last = since};
    while (!place.finished) {
      const base::MutexLock lock(read_mutex_);
      note_walk();
      if (auto done = read_.statements.walk_events(place, id, found); !done) {
        return done.error();
      }
    }
    std::sort(found.begin(), found.end(), [](const FoundEvents& a, const FoundEvents& b) {
      return std::tie(a.first, a.id) < std::tie(b.first, b.id);
    });
    std::vector<std::string> data;
    for (FoundEvents& item : found) {
      data.push_back(std::move(item.data));
    }
    return data;
  }

  base::Result<> prune(const Horizons& horizons) override {
    const struct {
      Aged kind;
      base::WallTime before;
    } all[] = {
        {Aged::SeenReports, horizons.seen_reports},
        {Aged::Messages, horizons.history},
        {Aged::Tokens, horizons.tokens},
        {Aged::Events, horizons.events},
        {Aged::Replies, horizons.replies},
    };
    for (const auto& item : all) {
      if (auto done = prune_by_time(item.kind, item.before); !done) {
        return done;
      }
    }
    if (auto done = prune_evidence(horizons.history); !done) {
      return done;
    }
    return prune_changes(horizons.history);
  }

  std::string describe() const override {
    return std::string("sqlite ") + sqlite3_libversion() + ", schema " +
           std::to_string(migrations().size());
  }

 private:
  // Pruning goes in chunks, each a transaction of its own, so that commits wait milliseconds for
  // it.
  base::Result<> prune_by_time(Aged kind, base::WallTime before) {
    for (;;) {
      const base::MutexLock lock(write_mutex_);
      auto transaction = Transaction::begin(write_.connection);
      if (!transaction) {
        return transaction.error();
      }
      const auto removed = write_.statements.prune_chunk(write_.connection, kind, before);
      if (!removed) {
        return removed.error();
      }
      if (auto done = transaction->commit(); !done) {
        return done;
      }
      if (*removed < Writer::kPruneChunk) {
        return base::Ok{};
      }
    }
  }

  base::Result<> prune_evidence(base::WallTime before) {
    Place place;
    std::vector<suppression::Evidence> outdated;
    while (!place.finished) {
      outdated.clear();
      {
        const base::MutexLock lock(read_mutex_);
        note_walk();
        if (auto done = read_.statements.walk_outdated_evidence(place, before, outdated); !done) {
          return done;
        }
      }
      if (auto done = erase_evidence(outdated, before); !done) {
        return done;
      }
    }
    return base::Ok{};
  }

  base::Result<> erase_evidence(const std::vector<suppression::Evidence>& outdated,
                                base::WallTime before) {
    if (outdated.empty()) {
      return base::Ok{};
    }
    const base::MutexLock lock(write_mutex_);
    auto transaction = Transaction::begin(write_.connection);
    if (!transaction) {
      return transaction.error();
    }
    for (const suppression::Evidence& evidence : outdated) {
      if (auto done = write_.statements.prune_evidence(evidence, before); !done) {
        return done;
      }
    }
    return transaction->commit();
  }

  base::Result<> prune_changes(base::WallTime before) {
    std::int64_t after = 0;
    for (;;) {
      std::int64_t last = 0;
      {
        const base::MutexLock lock(read_mutex_);
        const auto end = read_.statements.end_of_changes_chunk(after);
        if (!end) {
          return end.error();
        }
        last = *end;
      }
      {
        const base::MutexLock lock(write_mutex_);
        if (auto done = write_.statements.prune_changes(after, last, before); !done) {
          return done;
        }
      }
      if (last == kNoMoreChanges) {
        return base::Ok{};
      }
      after = last;
    }
  }

  void note_walk() const {
    if (hooks_.in_walk) {
      hooks_.in_walk();
    }
  }
  [[nodiscard]] bool fails(std::size_t step) const { return hooks_.fault && hooks_.fault(step); }
  static base::Error fault() {
    return base::Error{base::Error::Kind::Unavailable, "sqlite: fault injected"};
  }

  const SqliteHooks hooks_;
  const LockFile lock_;
  base::HashKey key_{};
  base::Mutex write_mutex_;
  base::Mutex read_mutex_;
  base::Mutex point_mutex_;
  Side<Writer> write_ RAMPART_GUARDED_BY(write_mutex_);
  Side<Reader> read_ RAMPART_GUARDED_BY(read_mutex_);    // loads and walks
  Side<Reader> point_ RAMPART_GUARDED_BY(point_mutex_);  // looks up one key
};

}  // namespace
}  // namespace sqlite

base::Result<std::unique_ptr<StateStore>> open_sqlite(const std::string& path) {
  return open_sqlite_with(path, SqliteHooks{});
}

base::Result<std::unique_ptr<StateStore>> open_sqlite_with(const std::string& path,
                                                           SqliteHooks hooks) {
  const auto file = sqlite::resolve(path);
  if (!file) {
    return file.error();
  }
  auto lock = sqlite::LockFile::acquire(*file);
  if (!lock) {
    return lock.error();
  }
  if (auto whole = sqlite::inspect(*file, hooks.vfs); !whole) {
    return whole.error();
  }
  auto writer = sqlite::open_for_writing(*file, hooks.vfs);
  if (!writer) {
    return writer.error();
  }
  if (hooks.checkpoint_pages > 0) {
    writer->set_checkpoint_pages(hooks.checkpoint_pages);
  }
  auto reader = sqlite::open_for_reading(*file, hooks.vfs);
  if (!reader) {
    return reader.error();
  }
  auto points = sqlite::open_for_reading(*file, hooks.vfs);
  if (!points) {
    return points.error();
  }
  auto store =
      std::make_unique<sqlite::SqliteStore>(std::move(*lock), std::move(hooks), std::move(*writer),
                                            std::move(*reader), std::move(*points));
  if (auto ready = store->prepare(); !ready) {
    return ready.error();
  }
  return std::unique_ptr<StateStore>{std::move(store)};
}

}  // namespace rampart::store
