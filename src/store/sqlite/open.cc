#include "open.h"

#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <string_view>
#include <system_error>

#include <fcntl.h>

#include "rampart/base/file.h"
#include "rampart/base/hex.h"

#include "reader.h"
#include "schema.h"
#include "writer.h"

namespace rampart::store::sqlite {
namespace {

namespace fs = std::filesystem;
using Kind = base::Error::Kind;

constexpr std::string_view kMagic{"SQLite format 3\0", 16};
constexpr mode_t kMode = 0640;  // it holds people's addresses
// quick_check reads the whole file: some 0.1 s for this much from a cold disk. In a larger file
// damage shows when the damaged page is read; everything but suppressions is read at the start.
constexpr std::uintmax_t kCheckedBytesMax = std::uintmax_t{32} << 20;

std::uintmax_t size_of(const std::string& path) {
  std::error_code error;
  const std::uintmax_t size = fs::file_size(path, error);
  return error ? 0 : size;
}

// RFC 3986: what a path may not hold unescaped in a "file:" URI.
std::string uri_of(const std::string& path, std::string_view query) {
  std::string uri = "file:";
  for (const char c : path) {
    if (c == '%' || c == '?' || c == '#') {
      uri.append(1, '%').append(base::encode_hex({&c, 1}));
    } else {
      uri += c;
    }
  }
  return uri.append(query);
}

base::Result<> check_magic(const std::string& path) {
  const base::Descriptor fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) {
    return base::Error{Kind::Unavailable, path + ": cannot open: " + base::error_text(errno)};
  }
  const auto magic = base::read_at_most(fd.get(), path, kMagic.size());
  if (!magic) {
    return magic.error();
  }
  return *magic == kMagic ? base::Result<>(base::Ok{})
                          : base::Error{Kind::Corrupt, path + ": not a SQLite database"};
}

// A file that was closed in an orderly way is read as if it could not change: nothing beside it is
// created. What a crash left in the log or journal belongs to the file and must be seen.
base::Result<Connection> open_for_inspection(const std::string& path, const std::string& vfs) {
  if (size_of(path + "-journal") > 0) {
    return Connection::open(path, SQLITE_OPEN_READWRITE, vfs);
  }
  if (size_of(path + "-wal") > 0) {
    return Connection::open(path, SQLITE_OPEN_READONLY, vfs);
  }
  return Connection::open(uri_of(path, "?immutable=1"), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI,
                          vfs);
}

base::Result<> check_pages(Connection& connection) {
  const auto verdict = connection.query_text("PRAGMA quick_check(1)");
  if (!verdict) {
    return verdict.error();
  }
  if (*verdict != "ok") {
    return base::Error{Kind::Corrupt, connection.file() + ": damaged: " + *verdict};
  }
  return base::Ok{};
}

// Every table and column that this version uses, and the key.
base::Result<> check_tables(Connection& connection) {
  const auto version = connection.query_integer("PRAGMA user_version");
  if (!version) {
    return version.error();
  }
  if (*version != static_cast<std::int64_t>(migrations().size())) {
    return base::Ok{};  // to be migrated
  }
  Reader reader;
  if (auto ok = reader.prepare(connection); !ok) {
    return ok;
  }
  Writer writer;
  if (auto ok = writer.prepare(connection); !ok) {
    return ok;
  }
  const auto key = read_hash_key(connection);
  return key ? base::Result<>{base::Ok{}} : base::Result<>{key.error()};
}

// Made by ourselves for its mode; its log and index files copy that.
base::Result<> create_file(const std::string& path) {
  const base::Descriptor fd(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kMode));
  return fd.valid() || errno == EEXIST
             ? base::Result<>(base::Ok{})
             : base::Error{Kind::Unavailable, path + ": cannot create: " + base::error_text(errno)};
}

}  // namespace

base::Result<std::string> resolve(const std::string& path) {
  std::error_code error;
  const fs::path canonical = fs::weakly_canonical(fs::absolute(path, error), error);
  if (path.empty() || error) {
    return base::Error{Kind::Unavailable, path + ": " + (error ? error.message() : "no path")};
  }
  const fs::file_status status = fs::status(canonical, error);
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    return base::Error{Kind::Unavailable, canonical.string() + ": not a file"};
  }
  return canonical.string();
}

base::Result<> inspect(const std::string& path, const std::string& vfs) {
  const std::uintmax_t size = size_of(path);
  if (size == 0) {
    return base::Ok{};
  }
  if (auto ok = check_magic(path); !ok) {
    return ok;
  }
  auto connection = open_for_inspection(path, vfs);
  if (!connection) {
    return connection.error();
  }
  connection->set_checkpoint_on_close(false);
  if (auto ok = check_identity(*connection, static_cast<std::int64_t>(migrations().size())); !ok) {
    return ok;
  }
  if (size <= kCheckedBytesMax) {
    if (auto ok = check_pages(*connection); !ok) {
      return ok;
    }
  }
  return check_tables(*connection);
}

base::Result<Connection> open_for_writing(const std::string& path, const std::string& vfs) {
  if (auto made = create_file(path); !made) {
    return made.error();
  }
  auto connection = Connection::open(path, SQLITE_OPEN_READWRITE, vfs);
  if (!connection) {
    return connection;
  }
  connection->set_checkpoint_on_close(false);
  const auto mode = connection->query_text("PRAGMA journal_mode = WAL");
  if (!mode) {
    return mode.error();
  }
  if (*mode != "wal") {
    return base::Error{Kind::Unavailable,
                       path + ": this file system cannot keep a write-ahead log"};
  }
  auto done = connection->execute(
      "PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF; PRAGMA cell_size_check = ON;"
      "PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY;"
      "PRAGMA journal_size_limit = 67108864");
  if (done) {
    done = migrate(*connection, migrations());
  }
  if (!done) {
    return done.error();
  }
  connection->set_checkpoint_on_close(true);
  return connection;
}

base::Result<Connection> open_for_reading(const std::string& path, const std::string& vfs) {
  // Not SQLITE_OPEN_READONLY: such a connection cannot recover the log's index after a crash.
  auto connection = Connection::open(path, SQLITE_OPEN_READWRITE, vfs);
  if (!connection) {
    return connection;
  }
  auto done = connection->execute(
      "PRAGMA query_only = ON; PRAGMA cell_size_check = ON; PRAGMA cache_size = -8192;"
      "PRAGMA temp_store = MEMORY");
  if (!done) {
    return done.error();
  }
  return connection;
}

}  // namespace rampart::store::sqlite
