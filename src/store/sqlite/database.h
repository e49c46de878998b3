// A thin layer over SQLite's C interface: connection, statement, transaction.
//
// Source: https://www.sqlite.org/c3ref/intro.html
// Threads: none of these types locks; a connection and its statements need their owner's mutex.
// Errors: SQLITE_CORRUPT, SQLITE_NOTADB and every sign that the tables are not ours: Corrupt; a
// value too large: InvalidInput; everything else (busy, full, read-only, IO): Unavailable.

#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <sqlite3.h>

#include "rampart/base/result.h"
#include "rampart/base/time.h"

namespace rampart::store::sqlite {

/// The error of `code`, with the file's name and SQLite's own words.
base::Error error_of(sqlite3* handle, int code, std::string_view doing);

/// Bytes that are bound as BLOB; strings are bound as TEXT.
struct Blob {
  std::string_view bytes;
};

/// The current row of a statement. Views last until the next step. A value outside its range marks
/// the row as damaged and reads as zero.
class Row {
 public:
  explicit Row(sqlite3_stmt* statement) noexcept : statement_(statement) {}

  [[nodiscard]] std::string_view view(int column) const noexcept;  // TEXT or BLOB
  [[nodiscard]] std::string text(int column) const { return std::string(view(column)); }
  [[nodiscard]] std::int64_t integer(int column) const noexcept;
  [[nodiscard]] bool is_null(int column) const noexcept;
  /// Stored as the integer with the same 64 bits.
  [[nodiscard]] std::uint64_t bits(int column) const noexcept;
  [[nodiscard]] std::uint32_t count(int column) noexcept;
  [[nodiscard]] bool boolean(int column) noexcept;
  [[nodiscard]] base::WallTime time(int column) const noexcept;

  /// An enumerator with a value from 0 to `last`.
  template <class E>
  [[nodiscard]] E enumerator(int column, E last) noexcept {
    const std::int64_t value = integer(column);
    if (value < 0 || value > static_cast<std::int64_t>(last)) {
      damaged_ = true;
      return E{};
    }
    return static_cast<E>(value);
  }

  void mark_damaged() noexcept { damaged_ = true; }
  [[nodiscard]] bool damaged() const noexcept { return damaged_; }

 private:
  sqlite3_stmt* statement_;
  bool damaged_ = false;
};

/// A prepared statement, used again and again. What is bound must live until run() or each()
/// returns.
class Statement {
 public:
  Statement() = default;
  /// @param table  what errors name; its key is in the first `key_columns` columns of a row
  Statement(sqlite3_stmt* handle, std::string_view table, int key_columns) noexcept
      : handle_(handle), table_(table), key_columns_(key_columns) {}

  /// Binds all parameters in order, in place of earlier ones.
  template <class... V>
  Statement& bind(const V&... values) noexcept {
    bind_error_ = SQLITE_OK;
    int index = 0;
    (note(bind_one(++index, values)), ...);
    return *this;
  }

  /// Runs a statement without rows, or skips them.
  base::Result<> run();

  /// Calls `visit(Row&)` for each row until it returns false.
  /// @return Corrupt, naming table and key, for a row that was marked as damaged.
  template <class Visit>
  base::Result<> each(Visit&& visit) {
    const Reset reset{handle_.get()};
    for (;;) {
      const int code = step();
      if (code == SQLITE_DONE) {
        return base::Ok{};
      }
      if (code != SQLITE_ROW) {
        return failure(code);
      }
      Row row(handle_.get());
      const bool more = visit(row);
      if (row.damaged()) {
        return damage(row);
      }
      if (!more) {
        return base::Ok{};
      }
    }
  }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* handle) const noexcept { sqlite3_finalize(handle); }
  };
  // Ends the statement's read transaction; the values bound stay until the next bind().
  struct Reset {
    sqlite3_stmt* handle;
    explicit Reset(sqlite3_stmt* statement) noexcept : handle(statement) {}
    ~Reset() { sqlite3_reset(handle); }
    Reset(const Reset&) = delete;
    Reset& operator=(const Reset&) = delete;
  };

  int step() noexcept;
  base::Error failure(int code) const;
  base::Error damage(const Row& row) const;
  void note(int code) noexcept {
    if (bind_error_ == SQLITE_OK) {
      bind_error_ = code;
    }
  }
  int bind_one(int index, std::string_view text) noexcept;
  int bind_one(int index, Blob blob) noexcept;
  int bind_one(int index, base::WallTime time) noexcept;
  int bind_one(int index, const std::optional<base::WallTime>& time) noexcept;
  template <class I>
  requires(std::integral<I> || std::is_enum_v<I>) int bind_one(int index, I value) noexcept {
    return sqlite3_bind_int64(handle_.get(), index, static_cast<std::int64_t>(value));
  }

  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
  std::string_view table_;
  int key_columns_ = 0;
  int bind_error_ = SQLITE_OK;
};

/// An open database file.
class Connection {
 public:
  /// @param name   path, or a "file:" URI if `flags` has SQLITE_OPEN_URI
  /// @param vfs    "" the default
  static base::Result<Connection> open(const std::string& name, int flags, const std::string& vfs);

  /// Runs one or more statements without parameters.
  base::Result<> execute(const char* sql);
  /// The first column of the first row, as an integer or as text.
  base::Result<std::int64_t> query_integer(const char* sql);
  base::Result<std::string> query_text(const char* sql);
  /// Prepares a statement for repeated use into `statement`. `table` must be a literal.
  base::Result<> prepare(Statement& statement,
                         std::string_view table,
                         int key_columns,
                         const char* sql);

  /// False: closing leaves the write-ahead log as it is, so that the file is not written to.
  void set_checkpoint_on_close(bool on) noexcept;
  void set_checkpoint_pages(int pages) noexcept;
  [[nodiscard]] bool in_transaction() const noexcept;
  /// Rows changed by the last statement that changed any.
  [[nodiscard]] std::int64_t changes() const noexcept;
  /// The file's name.
  [[nodiscard]] std::string file() const;

 private:
  struct Close {
    void operator()(sqlite3* handle) const noexcept { sqlite3_close(handle); }
  };
  explicit Connection(sqlite3* handle) noexcept : handle_(handle) {}

  std::unique_ptr<sqlite3, Close> handle_;
};

/// BEGIN IMMEDIATE to COMMIT; rolled back unless committed.
class Transaction {
 public:
  static base::Result<Transaction> begin(Connection& connection);
  Transaction(Transaction&& other) noexcept
      : connection_(std::exchange(other.connection_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

  /// On failure everything is rolled back.
  base::Result<> commit();

 private:
  explicit Transaction(Connection& connection) noexcept : connection_(&connection) {}
  Connection* connection_;
};

}  // namespace rampart::store::sqlite
