#include "database.h"

#include <limits>

#include "rampart/base/text.h"

namespace rampart::store::sqlite {
namespace {

constexpr int kBusyMilliseconds = 5000;
constexpr std::size_t kKeyShownMax = 200;

base::Error::Kind kind_of(int code) noexcept {
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR:  // no such table or column: somebody changed the schema
    case SQLITE_SCHEMA:
    case SQLITE_MISMATCH:
    case SQLITE_CONSTRAINT:
      return base::Error::Kind::Corrupt;
    case SQLITE_TOOBIG:
      return base::Error::Kind::InvalidInput;
    default:
      return base::Error::Kind::Unavailable;
  }
}

std::string file_of(sqlite3* handle) {
  const char* name = handle == nullptr ? nullptr : sqlite3_db_filename(handle, "main");
  return name == nullptr || *name == '\0' ? "database" : name;
}

}  // namespace

base::Error error_of(sqlite3* handle, int code, std::string_view doing) {
  std::string what = file_of(handle) + ": " + std::string(doing) + ": " + sqlite3_errstr(code);
  // The connection's own message says more ("no such table: flow"), if it is about this error.
  if (handle != nullptr && (sqlite3_errcode(handle) & 0xff) == (code & 0xff)) {
    const std::string detail = sqlite3_errmsg(handle);
    if (detail != sqlite3_errstr(code)) {
      what += " (" + detail + ")";
    }
  }
  return base::Error{kind_of(code), std::move(what)};
}

std::string_view Row::view(int column) const noexcept {
  // The bytes are asked for before their number: sqlite3_column_bytes(3).
  const void* bytes = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return bytes == nullptr
             ? std::string_view{}
             : std::string_view{static_cast<const char*>(bytes), static_cast<std::size_t>(size)};
}

std::int64_t Row::integer(int column) const noexcept {
  return sqlite3_column_int64(statement_, column);
}

bool Row::is_null(int column) const noexcept {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

std::uint64_t Row::bits(int column) const noexcept {
  return static_cast<std::uint64_t>(integer(column));
}

std::uint32_t Row::count(int column) noexcept {
  const std::int64_t value = integer(column);
  if (value < 0 || value > std::numeric_limits<std::uint32_t>::max()) {
    damaged_ = true;
    return 0;
  }
  return static_cast<std::uint32_t>(value);
}

bool Row::boolean(int column) noexcept {
  const std::int64_t value = integer(column);
  damaged_ = damaged_ || (value != 0 && value != 1);
  return value == 1;
}

base::WallTime Row::time(int column) const noexcept {
  return base::WallTime{base::Micros{integer(column)}};
}

base::Result<> Statement::run() {
  return each([](Row&) { return true; });
}

int Statement::step() noexcept {
  return bind_error_ != SQLITE_OK ? bind_error_ : sqlite3_step(handle_.get());
}

base::Error Statement::failure(int code) const {
  return error_of(sqlite3_db_handle(handle_.get()), code, table_);
}

base::Error Statement::damage(const Row& row) const {
  std::string what = file_of(sqlite3_db_handle(handle_.get())) + ": table " + std::string(table_) +
                     ": the record with key";
  for (int column = 0; column < key_columns_; ++column) {
    what += " \"" + base::printable(row.view(column), kKeyShownMax) + "\"";
  }
  return base::Error{base::Error::Kind::Corrupt, what + " is damaged"};
}

// A view without bytes may have no address either, which SQLite would take for NULL.
int Statement::bind_one(int index, std::string_view text) noexcept {
  return sqlite3_bind_text64(handle_.get(), index, text.empty() ? "" : text.data(), text.size(),
                             SQLITE_STATIC, SQLITE_UTF8);
}

int Statement::bind_one(int index, Blob blob) noexcept {
  return sqlite3_bind_blob64(handle_.get(), index, blob.bytes.empty() ? "" : blob.bytes.data(),
                             blob.bytes.size(), SQLITE_STATIC);
}

int Statement::bind_one(int index, base::WallTime time) noexcept {
  return sqlite3_bind_int64(handle_.get(), index, time.time_since_epoch().count());
}

int Statement::bind_one(int index, const std::optional<base::WallTime>& time) noexcept {
  return time ? bind_one(index, *time) : sqlite3_bind_null(handle_.get(), index);
}

base::Result<Connection> Connection::open(const std::string& name,
                                          int flags,
                                          const std::string& vfs) {
  sqlite3* handle = nullptr;
  const int code =
      sqlite3_open_v2(name.c_str(), &handle, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
                      vfs.empty() ? nullptr : vfs.c_str());
  Connection connection(handle);
  if (code != SQLITE_OK) {
    base::Error error = error_of(handle, code, "cannot open");
    if (error.what.starts_with("database: ")) {  // not far enough to know its file
      error.what.replace(0, 8, name);
    }
    return error;
  }
  sqlite3_busy_timeout(handle, kBusyMilliseconds);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  return connection;
}

base::Result<> Connection::execute(const char* sql) {
  const int code = sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) {
    return error_of(handle_.get(), code, std::string_view(sql).substr(0, 40));
  }
  return base::Ok{};
}

base::Result<std::int64_t> Connection::query_integer(const char* sql) {
  const base::Result<std::string> text = query_text(sql);
  if (!text) {
    return text.error();
  }
  // As SQLite spelt it: a whole number, perhaps with a sign.
  const bool negative = text->starts_with('-');
  const auto number = base::parse_uint(std::string_view(*text).substr(negative ? 1 : 0));
  if (!number) {
    return error_of(handle_.get(), SQLITE_CORRUPT, sql);
  }
  const auto value = static_cast<std::int64_t>(*number);
  return negative ? -value : value;
}

base::Result<std::string> Connection::query_text(const char* sql) {
  Statement statement;
  if (auto prepared = prepare(statement, "query", 0, sql); !prepared) {
    return prepared.error();
  }
  std::string text;
  auto done = statement.each([&](Row& row) {
    text = row.text(0);
    return false;
  });
  if (!done) {
    return done.error();
  }
  return text;
}

base::Result<> Connection::prepare(Statement& statement,
                                   std::string_view table,
                                   int key_columns,
                                   const char* sql) {
  sqlite3_stmt* handle = nullptr;
  const int code =
      sqlite3_prepare_v3(handle_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &handle, nullptr);
  statement = Statement(handle, table, key_columns);
  if (code != SQLITE_OK) {
    return error_of(handle_.get(), code, table);
  }
  return base::Ok{};
}

void Connection::set_checkpoint_on_close(bool on) noexcept {
  sqlite3_db_config(handle_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, on ? 0 : 1, nullptr);
}

void Connection::set_checkpoint_pages(int pages) noexcept {
  sqlite3_wal_autocheckpoint(handle_.get(), pages);
}

bool Connection::in_transaction() const noexcept {
  return sqlite3_get_autocommit(handle_.get()) == 0;
}

std::int64_t Connection::changes() const noexcept {
  return sqlite3_changes64(handle_.get());
}

std::string Connection::file() const {
  return file_of(handle_.get());
}

base::Result<Transaction> Transaction::begin(Connection& connection) {
  if (auto begun = connection.execute("BEGIN IMMEDIATE"); !begun) {
    return begun.error();
  }
  return Transaction(connection);
}

Transaction::~Transaction() {
  // After a full disk or an IO error SQLite has often rolled back by itself.
  if (connection_ != nullptr && connection_->in_transaction()) {
    static_cast<void>(connection_->execute("ROLLBACK"));
  }
}

base::Result<> Transaction::commit() {
  return connection_->execute("COMMIT");
}

}  // namespace rampart::store::sqlite
