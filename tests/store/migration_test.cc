// A file of an earlier schema becomes one of the present one.

#include <string>

#include <sqlite3.h>

#include "rampart/store/state_store.h"
#include "support/catch.h"

#include "faulty_vfs.h"
#include "sample_records.h"

namespace rampart::store {
namespace {

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

constexpr const char* kRows = R"sql(
INSERT INTO meta VALUES('hash_key', x'000102030405060708090a0b0c0d0e0f');
INSERT INTO queued VALUES('', 'Q1', 'u@example.org', 'one.example', 'gmail', 2, 4294967295,
  1795219200000008);
INSERT INTO message VALUES('', 'Q1', 'one.example', 'news@one.example', 1795219200000003, 0);
INSERT INTO held VALUES('H1', 'one.example', '13:a@example.org,', '5:gmail,', 'suppressed',
  1795219200000001);
INSERT INTO held VALUES('H2', 'one.example', '1:a,1:b,', '1:c,1:d,', 'day', 1795219200000002);
INSERT INTO domain_provider VALUES('d.example', 'gmail', 1795219200000001);
INSERT INTO seen_report VALUES(-1, 1795219200000001);
INSERT INTO suppression VALUES('a@example.org', '', 0, '550 5.1.1', 'Q', 'user-unknown',
  1795219200000001, NULL);
INSERT INTO suppression VALUES('a@example.org', 's', 3, '', '', '', 1, 2);
INSERT INTO evidence VALUES('b@example.org', '', 1, '-3,0,20000', '19000,2147483647');
INSERT INTO change VALUES(1, 'a@example.org', 1795219200000001, 4, 'one.example', 4,
  'operator root', 'words');
PRAGMA application_id = 1918987632;
)sql";

void execute(const std::string& path, const std::string& sql) {
  sqlite3* handle = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &handle) == SQLITE_OK);
  char* message = nullptr;
  const int code = sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, &message);
  INFO((message == nullptr ? "" : message));
  CHECK(code == SQLITE_OK);
  sqlite3_free(message);
  REQUIRE(sqlite3_close(handle) == SQLITE_OK);
}

// The same rows in a file of schema 1, as rampart 0.1 wrote it, or 2.
void create(const std::string& path, int version) {
  execute(path, "PRAGMA journal_mode = WAL");
  execute(path, std::string("BEGIN;") + kVersion1 + kRows + (version == 2 ? kVersion2 : "") +
                    "PRAGMA user_version = " + std::to_string(version) + "; COMMIT");
}

HeldRecord old_held(std::string queue_id, std::vector<std::string> recipients) {
  HeldRecord record;
  record.queue_id = std::move(queue_id);
  record.sender = "one.example";
  record.recipients = std::move(recipients);
  return record;
}

suppression::Entry old_entry() {
  suppression::Entry record = entry("a@example.org");
  record.evidence = "550 5.1.1";
  record.queue_id = "Q";
  return record;
}

// Everything of `kRows` is there, and what is new since has its neutral value.
void check_old_rows(StateStore& store) {
  CHECK(store.hash_key() == base::HashKey{0x0706050403020100, 0x0f0e0d0c0b0a0908});
  const auto snapshot = store.load();
  REQUIRE(snapshot);
  CHECK(snapshot->queued == std::vector{queued("", "Q1", "u@example.org")});
  MessageRecord old_message = message("", "Q1", 3);
  old_message.admitted_here = false;
  old_message.source = "";
  CHECK(snapshot->messages == std::vector{old_message});
  HeldRecord for_person = old_held("H1", {"a@example.org"});
  for_person.providers = {"gmail"};
  for_person.reason = "suppressed";
  for_person.held_at = at(1);
  for_person.waits_for = HeldRecord::WaitsFor::Person;
  HeldRecord for_volume = old_held("H2", {"a", "b"});
  for_volume.providers = {"c", "d"};
  for_volume.reason = "day";
  for_volume.held_at = at(2);
  CHECK(snapshot->held == std::vector{for_person, for_volume});
  CHECK(snapshot->domain_providers.size() == 1);
  CHECK(snapshot->seen_reports ==
        std::vector{SeenReportRecord{.identity = 0xFFFFFFFFFFFFFFFF, .time = at(1)}});
  CHECK(snapshot->evidence == std::vector{evidence("b@example.org")});
  CHECK(snapshot->replies.empty());
  CHECK(snapshot->guards.empty());
  const auto found = *store.find_suppressions("a@example.org");
  REQUIRE(found.size() == 2);
  CHECK(found[0] == old_entry());
  CHECK(found[1].pending.empty());
  CHECK(store.list_suppressions({.contains = "", .reason = {}, .after = "", .pending = true})
            ->empty());
  CHECK(*store.history("a@example.org") == std::vector{change("a@example.org", 1, "words")});
  CHECK_FALSE(store.find_token(token(1).token)->has_value());
  CHECK(store.find_events(1, at(0))->empty());
}

TEST_CASE("a file of an earlier schema is migrated with all that is in it", "[store][unit]") {
  const int version = GENERATE(1, 2);
  CAPTURE(version);
  const TempDir dir;
  create(dir.file("state.db"), version);
  {
    const auto store = open_store(Kind::Sqlite, dir);
    CHECK(store->describe() == std::string("sqlite ") + sqlite3_libversion() + ", schema 3");
    check_old_rows(*store);
  }
  {
    const auto store = open_store(Kind::Sqlite, dir);
    check_old_rows(*store);
    suppression::Entry doubted = old_entry();
    doubted.pending = "gmail";
    Batch batch;
    batch.operations = one_of_each(1);
    batch.operations.emplace_back(doubted);
    batch.operations.emplace_back(message("", "Q1", 4));
    REQUIRE(store->commit(batch));
    CHECK(store->find_suppressions("a@example.org")->front() == doubted);
    CHECK(*store->find_token(token(1).token) == token(1));
    CHECK(store->load()->messages.front() == message("", "Q1", 4));
  }
}

TEST_CASE("a migration that cannot be done leaves schema 1", "[store][unit]") {
  const TempDir dir;
  const std::string path = dir.file("state.db");
  create(path, 1);
  execute(path, "CREATE TABLE guard(somebody_elses)");  // the last table of the step
  const auto refused = open_sqlite(path);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == base::Error::Kind::Corrupt);
  CHECK(refused.error().what.find(path) != std::string::npos);
  execute(path, "DROP TABLE guard");
  check_old_rows(*open_store(Kind::Sqlite, dir));
}

TEST_CASE("a migration that a failing disk stops is done at the next start", "[store][contract]") {
  FaultyVfs::install();
  const SqliteHooks hooks{.fault = nullptr, .vfs = FaultyVfs::kName, .checkpoint_pages = 4};
  bool fired = true;
  int failures = 0;
  for (long call = 1; fired; ++call) {
    INFO("call " << call);
    const TempDir dir;
    create(dir.file("state.db"), 1);
    FaultyVfs::arm(call, FaultyVfs::Action::Fail, SQLITE_FULL, true);
    failures += open_sqlite_with(dir.file("state.db"), hooks) ? 0 : 1;
    fired = FaultyVfs::fired();
    FaultyVfs::disarm();
    auto store = open_sqlite_with(dir.file("state.db"), hooks);
    INFO((store ? "" : store.error().what));
    REQUIRE(store);
    check_old_rows(**store);
    REQUIRE(call < 500);
  }
  CHECK(failures > 5);
}

}  // namespace
}  // namespace rampart::store
