// The database file: what is opened, what is refused, and what stays untouched.

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rampart/store/state_store.h"
#include "support/catch.h"

#include "sample_records.h"
#include "store/sqlite/schema.h"

namespace rampart::store {
namespace {

namespace fs = std::filesystem;
using ErrorKind = base::Error::Kind;

constexpr std::size_t kPage = 4096;

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

// Runs SQL as another program would. With `crash` it ends without emptying the write-ahead log.
void run_sql(const std::string& path, const char* sql, bool crash = false) {
  sqlite3* handle = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &handle) == SQLITE_OK);
  if (crash) {
    sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  }
  char* message = nullptr;
  const int code = sqlite3_exec(handle, sql, nullptr, nullptr, &message);
  INFO((message == nullptr ? "" : message));
  REQUIRE(code == SQLITE_OK);
  sqlite3_close(handle);
}

void create_filled(const std::string& path) {
  auto store = open_sqlite(path);
  REQUIRE(store);
  Batch batch;
  for (std::uint32_t n = 0; n < 40; ++n) {
    for (Operation& operation : one_of_each(n)) {
      batch.operations.push_back(std::move(operation));
    }
  }
  REQUIRE((*store)->commit(batch));
}

// Opening fails with `kind` and a text that names the file, and changes nothing.
std::string refused(const std::string& path, ErrorKind kind) {
  const std::string before = read_file(path);
  const std::string log_before = read_file(path + "-wal");
  const auto store = open_sqlite(path);
  REQUIRE_FALSE(store);
  INFO(store.error().what);
  CHECK(store.error().kind == kind);
  CHECK(store.error().what.find(path) != std::string::npos);
  CHECK((read_file(path) == before));
  CHECK((read_file(path + "-wal") == log_before));
  return store.error().what;
}

TEST_CASE("what was committed is there when the file is opened again", "[store][unit]") {
  const TempDir dir;
  Contents before;
  base::HashKey key{};
  {
    const auto store = open_store(Kind::Sqlite, dir);
    Batch batch;
    batch.operations = one_of_each(1);
    REQUIRE(store->commit(batch));
    before = contents(*store);
    key = store->hash_key();
    CHECK(store->describe() == std::string("sqlite ") + sqlite3_libversion() + ", schema 3");
  }
  CHECK_FALSE(fs::exists(dir.file("state.db-wal")));  // an orderly end empties the log
  const auto store = open_store(Kind::Sqlite, dir);
  CHECK(contents(*store) == before);
  CHECK(store->hash_key() == key);
}

TEST_CASE("an empty file is filled, and others cannot read it", "[store][unit]") {
  const TempDir dir;
  write_file(dir.file("empty.db"), "");
  CHECK(open_sqlite(dir.file("empty.db")));
  CHECK(open_sqlite(dir.file("new ?%#.db")));
  create_filled(dir.file("new ?%#.db"));
  CHECK(open_sqlite(dir.file("new ?%#.db")));
  struct stat status {};
  REQUIRE(stat(dir.file("new ?%#.db").c_str(), &status) == 0);
  CHECK((status.st_mode & 07U) == 0);
}

TEST_CASE("a path that cannot be a database is unavailable", "[store][unit]") {
  const TempDir dir;
  fs::create_directory(dir.file("directory"));
  for (const std::string& path : {dir.file("directory"), dir.file("missing/state.db"),
                                  std::string("/proc/state.db"), std::string()}) {
    INFO(path);
    const auto store = open_sqlite(path);
    REQUIRE_FALSE(store);
    INFO(store.error().what);
    CHECK(store.error().kind == ErrorKind::Unavailable);
    CHECK(store.error().what.find(path) != std::string::npos);
  }
  CHECK_FALSE(fs::exists(dir.file("directory.lock")));
  CHECK_FALSE(fs::exists(dir.file("missing")));
}

TEST_CASE("a directory that cannot be written to is unavailable", "[store][unit]") {
  if (geteuid() == 0) {
    return;  // root may write anywhere
  }
  const TempDir dir;
  fs::create_directory(dir.file("closed"));
  fs::permissions(dir.file("closed"), fs::perms::owner_read | fs::perms::owner_exec);
  const auto store = open_sqlite(dir.file("closed/state.db"));
  REQUIRE_FALSE(store);
  CHECK(store.error().kind == ErrorKind::Unavailable);
}

TEST_CASE("a file is open in one store at a time", "[store][unit]") {
  const TempDir dir;
  const std::string path = dir.file("state.db");
  auto store = open_sqlite(path);
  REQUIRE(store);
  fs::create_symlink(path, dir.file("link.db"));
  for (const std::string& name : {path, dir.file("link.db"), dir.file("./state.db")}) {
    const auto second = open_sqlite(name);
    REQUIRE_FALSE(second);
    CHECK(second.error().kind == ErrorKind::Unavailable);
    CHECK(second.error().what ==
          path + ": another rampart (process " + std::to_string(getpid()) + ") has this file open");
  }
  Batch batch;
  batch.operations = one_of_each(1);
  CHECK((*store)->commit(batch));
  store->reset();
  CHECK(open_sqlite(path));
}

TEST_CASE("a newer file is refused and stays as it is", "[store][unit]") {
  const bool crash = GENERATE(false, true);  // the version may stand in the log only
  const TempDir dir;
  const std::string path = dir.file("state.db");
  create_filled(path);
  run_sql(path, "CREATE TABLE news(x); PRAGMA user_version = 4", crash);
  CHECK(fs::exists(path + "-wal") == crash);
  CHECK(refused(path, ErrorKind::Unsupported) ==
        path + ": written by a newer rampart (schema 4, this one knows up to 3)");
  CHECK(fs::exists(path + "-wal") == crash);
}

TEST_CASE("another program's database is refused and stays as it is", "[store][unit]") {
  const TempDir dir;
  run_sql(dir.file("a.db"), "CREATE TABLE bookmarks(x); INSERT INTO bookmarks VALUES(1)");
  refused(dir.file("a.db"), ErrorKind::Unsupported);
  run_sql(dir.file("b.db"), "PRAGMA application_id = 77");
  refused(dir.file("b.db"), ErrorKind::Unsupported);
  create_filled(dir.file("c.db"));
  run_sql(dir.file("c.db"), "PRAGMA application_id = 77");
  refused(dir.file("c.db"), ErrorKind::Unsupported);
}

TEST_CASE("a file that is no database is refused and stays as it is", "[store][unit]") {
  const TempDir dir;
  const std::string path = dir.file("state.db");
  for (const std::string& bytes :
       {std::string("x"), std::string("[store]\npath = \"state.db\"\n"), std::string(8192, '\0'),
        std::string("SQLite format 2\0", 16) + std::string(8192, 'x'),
        std::string("SQLite format 3\0", 16), std::string("SQLite format 3\0", 16) + "xyz",
        std::string("SQLite format 3\0", 16) + std::string(8192, 'x')}) {
    write_file(path, bytes);
    INFO(bytes.size());
    refused(path, ErrorKind::Corrupt);
  }
}

TEST_CASE("a damaged file is refused and stays as it is", "[store][unit]") {
  const TempDir dir;
  create_filled(dir.file("whole.db"));
  const std::string whole = read_file(dir.file("whole.db"));
  REQUIRE(whole.size() > 20 * kPage);
  const std::string path = dir.file("state.db");
  // The magic bytes, the page size, the first table's root, and the head of every page.
  std::vector<std::size_t> offsets = {0, 15, 16, 100, 104};
  for (std::size_t page = kPage; page < whole.size(); page += kPage) {
    offsets.push_back(page);
  }
  for (const std::size_t offset : offsets) {
    INFO("offset " << offset);
    std::string bytes = whole;
    bytes.replace(offset, 8, 8, '\xee');
    write_file(path, bytes);
    refused(path, ErrorKind::Corrupt);
  }
  for (const std::size_t size :
       {std::size_t{60}, std::size_t{1000}, kPage, whole.size() / 2, whole.size() - kPage}) {
    INFO("cut to " << size);
    write_file(path, whole.substr(0, size));
    refused(path, ErrorKind::Corrupt);
  }
  write_file(path, whole);
  CHECK(open_sqlite(path));
}

TEST_CASE("a file without its tables or key is refused", "[store][unit]") {
  const TempDir dir;
  int number = 0;
  for (const char* sql :
       {"DROP TABLE flow", "DROP TABLE change", "ALTER TABLE held RENAME COLUMN reason TO why",
        "DROP INDEX suppression_pending", "DELETE FROM meta", "UPDATE meta SET value = x'00'",
        "PRAGMA user_version = 0", "PRAGMA user_version = -1"}) {
    INFO(sql);
    const std::string path = dir.file(std::to_string(++number) + ".db");
    create_filled(path);
    run_sql(path, sql);
    refused(path, ErrorKind::Corrupt);
  }
}

TEST_CASE("a damaged record is told with its table and key", "[store][unit]") {
  struct Case {
    const char* sql;
    const char* told;
  };
  const Case load_cases[] = {
      {"UPDATE flow SET state = x'0102' WHERE sender = 's7'",
       "table flow: the record with key \"s7\" \"gmail\""},
      {"UPDATE flow SET leased = -1 WHERE sender = 's7'",
       "table flow: the record with key \"s7\" \"gmail\""},
      {"UPDATE host_flow SET state = x'' WHERE provider = 'p7'",
       "table host_flow: the record with key \"p7\""},
      {"UPDATE sender SET health = x'ff' WHERE sender = 's7'",
       "table sender: the record with key \"s7\""},
      {"UPDATE queued SET standing = 4 WHERE queue_id = 'Q7'",
       "table queued: the record with key \"\" \"Q7\" \"u@example.org\""},
      {"UPDATE message SET admitted_here = 2 WHERE queue_id = 'Q7'",
       "table message: the record with key \"\" \"Q7\""},
      {"UPDATE held SET recipients = '3:a,' WHERE queue_id = 'H7'",
       "table held: the record with key \"H7\""},
      {"UPDATE held SET state = 2 WHERE queue_id = 'H7'", "table held: the record with key \"H7\""},
      {"UPDATE held SET charged_at = '1,x' WHERE queue_id = 'H7'",
       "table held: the record with key \"H7\""},
      {"UPDATE cursor SET fingerprint_size = 4294967296 WHERE source = '/var/log/mail.log.7'",
       "table cursor: the record with key \"/var/log/mail.log.7\""},
      {"UPDATE reply SET suppress = 2 WHERE text = '550 7'",
       "table reply: the record with key \"gmail\" \"550 7\""},
  };
  for (const Case& c : load_cases) {
    INFO(c.sql);
    const TempDir dir;
    create_filled(dir.file("state.db"));
    run_sql(dir.file("state.db"), c.sql);
    const auto store = open_store(Kind::Sqlite, dir);
    const auto snapshot = store->load();
    REQUIRE_FALSE(snapshot);
    CHECK(snapshot.error().kind == ErrorKind::Corrupt);
    CHECK(snapshot.error().what == dir.file("state.db") + ": " + c.told + " is damaged");
    // The rest can still be used.
    CHECK(store->find_suppressions("7@each.example")->size() == 1);
    CHECK(store->commit(Batch{{flow("s7", "gmail", 1)}}));
  }
}

TEST_CASE("damaged suppressions are told by the look-up that meets them", "[store][unit]") {
  const TempDir dir;
  create_filled(dir.file("state.db"));
  run_sql(dir.file("state.db"),
          "UPDATE suppression SET reason = 5 WHERE key = '7@each.example';"
          "UPDATE evidence SET soft_days = '1,x' WHERE key = '7@each.example';"
          "UPDATE change SET kind = 8 WHERE key = '7@each.example'");
  const auto store = open_store(Kind::Sqlite, dir);
  CHECK(store->find_suppressions("7@each.example").error().kind == ErrorKind::Corrupt);
  CHECK(store->find_evidence("7@each.example", "").error().kind == ErrorKind::Corrupt);
  CHECK(store->history("7@each.example").error().kind == ErrorKind::Corrupt);
  CHECK(store->list_suppressions({}).error().kind == ErrorKind::Corrupt);
  CHECK(store->find_suppressions("8@each.example")->size() == 1);
  CHECK(store->for_each_suppression_key([](std::string_view) {}));
}

TEST_CASE("damaged tokens and events are told by the look-up that meets them", "[store][unit]") {
  const TempDir dir;
  const std::string path = dir.file("state.db");
  create_filled(path);
  run_sql(path,
          "UPDATE token SET recipients = '3:a,' WHERE queue_id = 'Q7';"
          "UPDATE events SET ids = x'0800000000' WHERE id = 8;"
          "DELETE FROM events_data WHERE id = 30");
  const auto store = open_store(Kind::Sqlite, dir);
  const auto found = store->find_token(token(7).token);
  REQUIRE_FALSE(found);
  CHECK(found.error().kind == ErrorKind::Corrupt);
  CHECK(found.error().what ==
        path + ": table token: the record with key \"" + token(7).token + "\" is damaged");
  CHECK(store->find_token(token(8).token)->has_value());
  CHECK(store->find_events(7, at(0)).error().kind == ErrorKind::Corrupt);
  CHECK(store->find_events(29, at(20)).error().kind == ErrorKind::Corrupt);
  CHECK(store->find_events(28, at(20))->size() == 1);  // passes over 29 without its data
}

TEST_CASE("migrations run once each, forward, and wholly or not at all", "[store][unit]") {
  using sqlite::Connection;
  const TempDir dir;
  auto connection =
      Connection::open(dir.file("m.db"), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, "");
  REQUIRE(connection);
  const char* const kSteps[] = {
      "CREATE TABLE meta(name TEXT PRIMARY KEY, value BLOB); CREATE TABLE a(x)",
      "INSERT INTO a VALUES(1)", "INSERT INTO a VALUES(2); INSERT INTO missing VALUES(3)"};
  const std::span<const char* const> steps{kSteps};
  REQUIRE(sqlite::migrate(*connection, steps.first(1)));
  const auto key = sqlite::read_hash_key(*connection);
  REQUIRE(key);
  REQUIRE(sqlite::migrate(*connection, steps.first(2)));
  REQUIRE(sqlite::migrate(*connection, steps.first(2)));
  CHECK(*connection->query_integer("SELECT count(*) FROM a") == 1);
  CHECK(*connection->query_integer("PRAGMA application_id") == sqlite::kApplicationId);

  CHECK_FALSE(sqlite::migrate(*connection, steps));
  CHECK(*connection->query_integer("SELECT count(*) FROM a") == 1);
  CHECK(*connection->query_integer("PRAGMA user_version") == 2);
  CHECK_FALSE(connection->in_transaction());
  CHECK(*sqlite::read_hash_key(*connection) == *key);

  const auto newer = sqlite::migrate(*connection, steps.first(1));
  REQUIRE_FALSE(newer);
  CHECK(newer.error().kind == ErrorKind::Unsupported);
}

}  // namespace
}  // namespace rampart::store
