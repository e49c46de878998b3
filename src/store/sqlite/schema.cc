#include "schema.h"

#include <array>
#include <string>

#include "rules.h"

namespace rampart::store::sqlite {
namespace {

// Times are microseconds since 1970. Records of many fields that only the ramp understands are
// blobs. Tables with long rows keep SQLite's row numbers; short rows live in their key (WITHOUT
// ROWID).
constexpr const char* kVersion1 = R"sql(
CREATE TABLE meta(
  name TEXT NOT NULL PRIMARY KEY,
  value BLOB NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE flow(
  sender TEXT NOT NULL,
  provider TEXT NOT NULL,
  state BLOB NOT NULL,
  leased INTEGER NOT NULL,
  leased_at INTEGER NOT NULL,
  PRIMARY KEY(sender, provider)) STRICT;

CREATE TABLE host_flow(
  provider TEXT NOT NULL PRIMARY KEY,
  state BLOB NOT NULL,
  leased INTEGER NOT NULL,
  leased_at INTEGER NOT NULL) STRICT;

CREATE TABLE sender(
  sender TEXT NOT NULL PRIMARY KEY,
  health BLOB NOT NULL,
  first_seen INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE queued(
  instance TEXT NOT NULL,
  queue_id TEXT NOT NULL,
  recipient TEXT NOT NULL,
  sender TEXT NOT NULL,
  provider TEXT NOT NULL,
  standing INTEGER NOT NULL,
  transaction_recipients INTEGER NOT NULL,
  admitted_at INTEGER NOT NULL,
  PRIMARY KEY(instance, queue_id, recipient)) STRICT, WITHOUT ROWID;

CREATE TABLE message(
  instance TEXT NOT NULL,
  queue_id TEXT NOT NULL,
  sender TEXT NOT NULL,
  envelope_sender TEXT NOT NULL,
  seen_at INTEGER NOT NULL,
  admitted_here INTEGER NOT NULL,
  PRIMARY KEY(instance, queue_id)) STRICT, WITHOUT ROWID;
CREATE INDEX message_seen_at ON message(seen_at);

CREATE TABLE held(
  queue_id TEXT NOT NULL PRIMARY KEY,
  sender TEXT NOT NULL,
  recipients TEXT NOT NULL,
  providers TEXT NOT NULL,
  reason TEXT NOT NULL,
  held_at INTEGER NOT NULL) STRICT;

CREATE TABLE cursor(
  source TEXT NOT NULL PRIMARY KEY,
  device INTEGER NOT NULL,
  inode INTEGER NOT NULL,
  offset INTEGER NOT NULL,
  fingerprint INTEGER NOT NULL,
  fingerprint_size INTEGER NOT NULL,
  reader_state BLOB NOT NULL) STRICT;

CREATE TABLE domain_provider(
  domain TEXT NOT NULL PRIMARY KEY,
  provider TEXT NOT NULL,
  seen_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE seen_report(
  identity INTEGER NOT NULL PRIMARY KEY,
  time INTEGER NOT NULL) STRICT;
CREATE INDEX seen_report_time ON seen_report(time);

CREATE TABLE suppression(
  key TEXT NOT NULL,
  sender TEXT NOT NULL,
  reason INTEGER NOT NULL,
  evidence TEXT NOT NULL,
  queue_id TEXT NOT NULL,
  rule TEXT NOT NULL,
  since INTEGER NOT NULL,
  until INTEGER,
  PRIMARY KEY(key, sender)) STRICT, WITHOUT ROWID;

CREATE TABLE evidence(
  key TEXT NOT NULL,
  sender TEXT NOT NULL,
  hard_bounces INTEGER NOT NULL,
  unknown_domain_days TEXT NOT NULL,
  soft_days TEXT NOT NULL,
  PRIMARY KEY(key, sender)) STRICT, WITHOUT ROWID;

CREATE TABLE change(
  id INTEGER NOT NULL PRIMARY KEY,
  key TEXT NOT NULL,
  time INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  sender TEXT NOT NULL,
  reason INTEGER NOT NULL,
  origin TEXT NOT NULL,
  text TEXT NOT NULL) STRICT;
CREATE INDEX change_key ON change(key, time);
)sql";

// The IDs of events are apart from their data, so that a search for one passes over few pages; they
// lie by time, so that it starts where it must and pruning takes them from the front.
constexpr const char* kVersion2 = R"sql(
ALTER TABLE message ADD COLUMN source TEXT NOT NULL DEFAULT '';

ALTER TABLE suppression ADD COLUMN pending TEXT NOT NULL DEFAULT '';
CREATE INDEX suppression_pending ON suppression(key, sender) WHERE pending <> '';

CREATE TABLE token(
  token BLOB NOT NULL PRIMARY KEY,
  instance TEXT NOT NULL,
  queue_id TEXT NOT NULL,
  sender TEXT NOT NULL,
  recipients TEXT NOT NULL,
  time INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX token_time ON token(time);

CREATE TABLE events_data(
  id INTEGER NOT NULL PRIMARY KEY,
  data BLOB NOT NULL) STRICT;

CREATE TABLE events(
  last INTEGER NOT NULL,
  id INTEGER NOT NULL,
  first INTEGER NOT NULL,
  ids BLOB NOT NULL,
  PRIMARY KEY(last, id)) STRICT, WITHOUT ROWID;

CREATE TABLE reply(
  provider TEXT NOT NULL,
  text TEXT NOT NULL,
  class TEXT NOT NULL,
  rule TEXT NOT NULL,
  suppress INTEGER NOT NULL,
  count INTEGER NOT NULL,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  sample TEXT NOT NULL,
  stage TEXT NOT NULL,
  PRIMARY KEY(provider, text)) STRICT;

CREATE TABLE guard(
  provider TEXT NOT NULL PRIMARY KEY,
  state TEXT NOT NULL,
  time INTEGER NOT NULL) STRICT;
)sql";

// Held mail is released by itself. Before, only a person released it.
constexpr const char* kVersion3 = R"sql(
ALTER TABLE held ADD COLUMN transactional INTEGER NOT NULL DEFAULT 0;
ALTER TABLE held ADD COLUMN waits_for INTEGER NOT NULL DEFAULT 0;
ALTER TABLE held ADD COLUMN state INTEGER NOT NULL DEFAULT 0;
ALTER TABLE held ADD COLUMN charged_at TEXT NOT NULL DEFAULT '';
UPDATE held SET waits_for = 1 WHERE reason IN ('suppressed', 'pending');
)sql";

constexpr std::array<const char*, 3> kMigrations = {kVersion1, kVersion2, kVersion3};

constexpr std::size_t kKeyBytes = 16;

// Little-endian, so that a file may move to another machine.
std::string to_bytes(const base::HashKey& key) {
  std::string bytes;
  for (const std::uint64_t word : key) {
    for (unsigned shift = 0; shift < 64; shift += 8) {
      bytes += static_cast<char>(static_cast<unsigned char>(word >> shift));
    }
  }
  return bytes;
}

base::Result<> create_hash_key(Connection& connection) {
  Statement insert;
  if (auto ok = connection.prepare(insert, "meta", 1, "INSERT INTO meta VALUES('hash_key', ?)");
      !ok) {
    return ok;
  }
  const std::string bytes = to_bytes(random_key());
  return insert.bind(Blob{bytes}).run();
}

base::Error version_error(const std::string& file, std::int64_t version, std::int64_t known) {
  return base::Error{base::Error::Kind::Unsupported,
                     file + ": written by a newer rampart (schema " + std::to_string(version) +
                         ", this one knows up to " + std::to_string(known) + ")"};
}

// @return true once the file has the last version.
base::Result<bool> migrate_once(Connection& connection, std::span<const char* const> steps) {
  auto transaction = Transaction::begin(connection);
  if (!transaction) {
    return transaction.error();
  }
  // Read inside the transaction: another process may have been faster.
  const auto version = connection.query_integer("PRAGMA user_version");
  if (!version) {
    return version.error();
  }
  const auto known = static_cast<std::int64_t>(steps.size());
  if (*version < 0 || *version > known) {
    return version_error(connection.file(), *version, known);
  }
  if (*version == known) {
    return true;
  }
  const auto from = static_cast<std::size_t>(*version);
  const std::string stamp = "PRAGMA application_id = " + std::to_string(kApplicationId) +
                            "; PRAGMA user_version = " + std::to_string(from + 1);
  for (const char* sql : {steps[from], stamp.c_str()}) {
    if (auto done = connection.execute(sql); !done) {
      return done.error();
    }
  }
  if (from == 0) {
    if (auto made = create_hash_key(connection); !made) {
      return made.error();
    }
  }
  if (auto done = transaction->commit(); !done) {
    return done.error();
  }
  return false;
}

}  // namespace

std::span<const char* const> migrations() noexcept {
  return kMigrations;
}

base::Result<> migrate(Connection& connection, std::span<const char* const> steps) {
  for (;;) {
    const auto done = migrate_once(connection, steps);
    if (!done) {
      return done.error();
    }
    if (*done) {
      return base::Ok{};
    }
  }
}

base::Result<base::HashKey> read_hash_key(Connection& connection) {
  const auto bytes = connection.query_text("SELECT value FROM meta WHERE name = 'hash_key'");
  if (!bytes) {
    return bytes.error();
  }
  if (bytes->size() != kKeyBytes) {
    return base::Error{
        base::Error::Kind::Corrupt,
        connection.file() + ": table meta: the record with key \"hash_key\" is damaged"};
  }
  base::HashKey key{};
  for (std::size_t i = 0; i < kKeyBytes; ++i) {
    key[i / 8] |= std::uint64_t{static_cast<unsigned char>((*bytes)[i])} << (8 * (i % 8));
  }
  return key;
}

base::Result<> check_identity(Connection& connection, std::int64_t known) {
  const auto application = connection.query_integer("PRAGMA application_id");
  if (!application) {
    return application.error();
  }
  const auto version = connection.query_integer("PRAGMA user_version");
  if (!version) {
    return version.error();
  }
  const auto objects = connection.query_integer("SELECT count(*) FROM sqlite_schema");
  if (!objects) {
    return objects.error();
  }
  if (*application != kApplicationId) {
    if (*objects == 0 && *application == 0 && *version == 0) {
      return base::Ok{};  // empty: ours to fill
    }
    return base::Error{base::Error::Kind::Unsupported,
                       connection.file() + ": the database of another program (application_id " +
                           std::to_string(*application) + ")"};
  }
  if (*version > known) {
    return version_error(connection.file(), *version, known);
  }
  if (*version < 1) {
    return base::Error{base::Error::Kind::Corrupt,
                       connection.file() + ": damaged: schema version " + std::to_string(*version)};
  }
  return base::Ok{};
}

}  // namespace rampart::store::sqlite
