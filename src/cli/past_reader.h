// PastReader: old logs -> levels and suppressed recipients, with progress on the terminal.
//
// Threads: main thread.
// Errors: Failure where nothing can be read at all; what cannot be read of the rest is in
// archive().files().

#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "rampart/base/time.h"
#include "rampart/config/config.h"
#include "rampart/feed/archive.h"
#include "rampart/history/correlator.h"
#include "rampart/history/levels.h"
#include "rampart/history/suppressed.h"
#include "rampart/policy/active.h"

#include "arguments.h"

namespace rampart::cli {

/// --format, or that of the configuration's first log.
std::string format_of(const Arguments& arguments, const config::Config& config);

/// Opens the logs that the words name, with --tz and --format, or those of the configuration's
/// first log.
feed::Archive open_archive(const Arguments& arguments,
                           const config::Config& config,
                           base::WallTime now);

/// "2026-11-01", a stamp of RFC 3339, or a duration before `now` such as "30d".
/// @return nullopt for what is none of these
std::optional<base::WallTime> parse_since(std::string_view text, base::WallTime now);
/// --since, nullopt if it was not given. Throws Failure for what is no time.
std::optional<base::WallTime> since_of(const Arguments& arguments, base::WallTime now);

/// Shows on standard error how far reading is, once a second, if that is a terminal.
class ProgressLine {
 public:
  ProgressLine(const base::Clock& clock, bool wanted);
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void show(const feed::ArchiveProgress& progress);

 private:
  const base::Clock& clock_;
  bool wanted_;
  bool shown_ = false;
  base::SteadyTime begun_;
  base::SteadyTime next_;
};

/// What progress looks like: "34 % of 280 MB, 1 230 000 lines/s, 2026-11-03, 12s left".
std::string describe(const feed::ArchiveProgress& progress, base::Micros elapsed);

class PastReader {
 public:
  PastReader(const Arguments& arguments, const config::Config& config, const base::Clock& clock);

  /// Reads all of it. @param since  earlier outcomes do not count
  void read(std::optional<base::WallTime> since, bool show_progress);

  [[nodiscard]] const feed::Archive& archive() const noexcept { return archive_; }
  [[nodiscard]] const history::Correlator& correlator() const noexcept { return correlator_; }
  [[nodiscard]] const history::Levels& levels() const noexcept { return levels_; }
  [[nodiscard]] const history::Suppressed& suppressed() const noexcept { return suppressed_; }
  [[nodiscard]] const policy::Active& active() const noexcept { return *active_; }
  [[nodiscard]] base::WallTime now() const noexcept { return now_; }
  [[nodiscard]] base::Micros took() const noexcept { return took_; }

 private:
  const base::Clock& clock_;
  base::WallTime now_;
  std::shared_ptr<const policy::Active> active_;
  feed::Archive archive_;
  history::Correlator correlator_;
  history::Levels levels_;
  history::Suppressed suppressed_;
  base::Micros took_{0};
};

}  // namespace rampart::cli
