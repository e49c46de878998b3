// The transport table in which mail for a provider that has asked this whole host to wait is sent
// to Postfix's retry service: the queue manager then lets it wait without knocking.
//
// Source: transport(5), error(8), postmap(1). Measured with Postfix 3.7: a trivial-rewrite service
// notices that the indexed file was replaced by rename(2), and reads the new one.
// Threads: render() and parse() are pure; a Table may be used from any thread and by several
// processes at once, which take turns by a lock on PATH.lock.
// Errors: Unavailable with the path or program and the reason; the former table then stays.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rampart/base/result.h"
#include "rampart/base/time.h"
#include "rampart/transport/options.h"

namespace rampart::transport {

/// Mail for these recipient domains waits.
struct Waiting {
  std::string provider;
  base::WallTime until{};  ///< whole seconds
  std::vector<std::string> domains;

  friend bool operator==(const Waiting&, const Waiting&) = default;
};

/// The table as text for postmap(1).
std::string render(const std::vector<Waiting>& all);
/// What render() wrote. Lines that it never writes are passed over.
std::vector<Waiting> parse(std::string_view text);

class Table {
 public:
  /// @return InvalidInput if `options.table` is no table of a kind that can be replaced at once
  static base::Result<Table> open(const Options& options);

  /// Replaces the table, wholly or not at all.
  [[nodiscard]] base::Result<> write(const std::vector<Waiting>& all) const;
  /// Removes what waits until before `before`. @return whether anything was removed
  [[nodiscard]] base::Result<bool> expire(base::WallTime before) const;

 private:
  explicit Table(Options options, std::string type, std::string path)
      : options_(std::move(options)), type_(std::move(type)), path_(std::move(path)) {}
  [[nodiscard]] base::Result<> replace(const std::string& text) const;

  Options options_;
  std::string type_;  // "hash"
  std::string path_;  // of the text; the index is beside it
};

}  // namespace rampart::transport
