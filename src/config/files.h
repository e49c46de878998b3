// Files around a configuration, behind an interface so that tests need none.
//
// Limits: a file is read whole, at most 16 MiB.

#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "rampart/base/result.h"

namespace rampart::config {

inline constexpr std::size_t kFileBytesMax = std::size_t{16} << 20;

/// Whom a file that decides about mail must belong to.
enum class Trust {
  Any,     ///< not writable by everyone
  Strict,  ///< owned by root or this user, and writable by no other group than root's
};

class Files {
 public:
  virtual ~Files() = default;
  /// @return the text, or why not, without the name: "No such file or directory" (NotFound).
  virtual base::Result<std::string> read(const std::string& path, Trust trust) const = 0;
  /// @return an error as read() would give, without reading.
  virtual base::Result<> probe(const std::string& path, Trust trust) const = 0;
  /// Where the shipped tables may be when nobody says so.
  virtual std::vector<std::string> table_directories() const = 0;
};

class RealFiles final : public Files {
 public:
  base::Result<std::string> read(const std::string& path, Trust trust) const override;
  base::Result<> probe(const std::string& path, Trust trust) const override;
  std::vector<std::string> table_directories() const override;
};

/// "" or what is wrong with owner and mode: "mode 0666: writable by everyone; chmod o-w it".
std::string find_trust_problem(
    unsigned mode, unsigned owner, unsigned group, unsigned self, Trust trust);

}  // namespace rampart::config
