// Files around a configuration, behind an interface so that tests need none.
//
// Limits: a file is read whole, at most 16 MiB.

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rampart/base/result.h"
#include "rampart/base/time.h"

namespace rampart::config {

inline constexpr std::size_t kFileBytesMax = std::size_t{16} << 20;

/// Whom a file that decides about mail must belong to.
enum class Trust {
  Any,     ///< not writable by everyone
  Strict,  ///< owned by root or this user, and writable by no other group than root's
};

/// How long the MTA keeps mail that it cannot deliver, and where it says so.
struct QueueLifetime {
  base::Micros time{0};
  std::string origin;
};

class Files {
 public:
  virtual ~Files() = default;
  /// @return the text, or why not, without the name: NotFound, Denied for a file that others may
  ///         have written, InvalidInput for what is no plain file or too large, Unavailable for one
  ///         that the system does not give.
  virtual base::Result<std::string> read(const std::string& path, Trust trust) const = 0;
  /// @return an error as read() would give, without reading.
  virtual base::Result<> probe(const std::string& path, Trust trust) const = 0;
  /// Where the shipped tables may be when nobody says so.
  virtual std::vector<std::string> table_directories() const = 0;
  /// The names of this host, in lower case.
  virtual std::vector<std::string> host_names() const { return {}; }
  /// @param sendmail        asked first, else Postfix
  /// @param postfix_config  directory of main.cf, "" the default
  /// @return nullopt if no MTA tells
  virtual std::optional<QueueLifetime> queue_lifetime(bool /*sendmail*/,
                                                      const std::string& /*postfix_config*/) const {
    return std::nullopt;
  }
};

class RealFiles final : public Files {
 public:
  base::Result<std::string> read(const std::string& path, Trust trust) const override;
  base::Result<> probe(const std::string& path, Trust trust) const override;
  std::vector<std::string> table_directories() const override;
  /// gethostname(2), and what /etc/hosts calls the same host. DNS is not asked: a configuration
  /// must load where no resolver answers.
  std::vector<std::string> host_names() const override;
  std::optional<QueueLifetime> queue_lifetime(bool sendmail,
                                              const std::string& postfix_config) const override;
};

/// `name` and, from the text of hosts(5), the longer names that begin with it and a dot on lines
/// that have it; in lower case, each once.
std::vector<std::string> find_host_names(std::string_view name, std::string_view hosts);

/// "" or what is wrong with owner and mode: "mode 0666: writable by everyone; chmod o-w it".
std::string find_trust_problem(
    unsigned mode, unsigned owner, unsigned group, unsigned self, Trust trust);

}  // namespace rampart::config
