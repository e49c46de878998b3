#include "history.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "rampart/engine/past.h"
#include "rampart/feed/archive.h"
#include "rampart/feed/feed.h"
#include "rampart/history/correlator.h"
#include "rampart/history/levels.h"
#include "rampart/policy/active.h"
#include "rampart/telemetry/log.h"

#include "notify.h"
#include "signals.h"

namespace rampart::daemon {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only

constexpr base::Micros kTellEvery = 5s;
constexpr base::Micros kExtension = 60s;  // asked of the service manager each time

telemetry::Line line() {
  return telemetry::Line("history");
}

void log(telemetry::Level level, std::string_view text) {
  telemetry::write(level, line().text(text));
}

// Where the followed logs will be followed from.
std::vector<store::CursorRecord> starts_of(const feed::Options& options, const base::Clock& clock) {
  std::vector<store::CursorRecord> starts;
  for (const feed::LogSource& log : options.logs) {
    if (!log.journal) {
      if (auto start = feed::find_end(log.path, clock)) {
        starts.push_back(std::move(*start));
      }
    }
  }
  return starts;
}

feed::ArchiveOptions archive_options(const feed::Options& options,
                                     const std::vector<store::CursorRecord>& starts,
                                     base::WallTime now) {
  feed::ArchiveOptions archive;
  archive.paths = options.history;
  archive.now = now;
  const auto file = std::find_if(options.logs.begin(), options.logs.end(),
                                 [](const feed::LogSource& log) { return !log.journal; });
  if (file != options.logs.end()) {
    archive.format = file->format;
    archive.tz = file->tz;
  }
  for (const store::CursorRecord& start : starts) {
    archive.paths.push_back(start.source);
    archive.ends.push_back({start.device, start.inode, start.offset});
  }
  return archive;
}

void tell_progress(const feed::ArchiveProgress& progress) {
  const std::uint64_t total = std::max<std::uint64_t>(1, progress.bytes_total);
  telemetry::write(telemetry::Level::Info,
                   line()
                       .add("read", fmt::format("{}%", std::min<std::uint64_t>(
                                                           100, progress.bytes * 100 / total)))
                       .add("lines", progress.lines)
                       .add("at", base::format_utc(progress.at)));
  notify_starting(kExtension);
}

void tell_files(const feed::Archive& archive) {
  for (const std::string& path : archive.unmatched()) {
    log(telemetry::Level::Info, path + ": no such file");
  }
  for (const feed::ArchiveFile& file : archive.files()) {
    if (!file.problem.empty()) {
      log(telemetry::Level::Warning,
          file.problem + (file.lines > 0 ? "; the lines before count" : ""));
    }
    if (file.repeated > 0) {
      log(telemetry::Level::Info,
          fmt::format("{}: {} of {} lines are in another file, too, and count once", file.path,
                      file.repeated, file.lines));
    }
  }
}

/// What the old logs showed.
struct Found {
  engine::Past past;
  std::uint64_t lines = 0;
};

// @return nullopt after an order to stop
std::optional<Found> read(feed::Archive& archive,
                          const std::shared_ptr<const policy::Active>& active,
                          const base::Clock& clock) {
  history::Correlator correlator(active);
  history::Levels levels(active);
  const history::Correlator::Sink sink = [&](history::Outcome& outcome) {
    levels.add(outcome, correlator);
  };
  std::vector<report::LogLine> block;
  base::SteadyTime next = clock.steady_now() + kTellEvery;
  while (archive.read(block)) {
    for (const report::LogLine& one : block) {
      correlator.add(one, sink);
    }
    if (clock.steady_now() >= next) {
      next = clock.steady_now() + kTellEvery;
      tell_progress(archive.progress());
    }
    if (Signals::is_stop_pending()) {
      return std::nullopt;
    }
  }
  Found found;
  found.lines = archive.progress().lines;
  for (history::Seed& seed : history::seeds_of(levels, correlator)) {
    found.past.flows.push_back({std::move(seed.key), seed.state});
  }
  found.past.domains.assign(correlator.domains().begin(), correlator.domains().end());
  return found;
}

}  // namespace

void learn_history(const config::Config& config, engine::Engine& engine, const base::Clock& clock) {
  if (config.feed.history.empty() || !engine.is_new()) {
    return;
  }
  std::vector<store::CursorRecord> cursors = starts_of(config.feed, clock);
  auto archive = feed::Archive::open(archive_options(config.feed, cursors, clock.wall_now()));
  if (!archive) {
    log(telemetry::Level::Warning, "not read: " + archive.error().what);
    return;
  }
  log(telemetry::Level::Info,
      fmt::format("the store is new: reading {} old logs before the milter opens; mail goes on "
                  "meanwhile as the MTA's default_action says",
                  archive->files().size()));
  notify_starting(kExtension);
  const auto active = std::make_shared<const policy::Active>(config.policy);
  const std::optional<Found> found = read(*archive, active, clock);
  tell_files(*archive);
  if (!found) {
    log(telemetry::Level::Info, "not finished: a stop was ordered; read again at the next start");
    return;
  }
  const auto merged = engine.merge_past(found->past, "[report] history");
  if (!merged) {
    log(telemetry::Level::Warning,
        "not stored, read again at the next start: " + merged.error().what);
    return;
  }
  store::CursorRecord done;
  done.source = "history";
  done.offset = found->lines;
  cursors.push_back(std::move(done));
  if (const auto stored = engine.begin_sources(cursors); !stored) {
    log(telemetry::Level::Warning, stored.error().what);
    return;
  }
  log(telemetry::Level::Info,
      fmt::format("done: {} lines, {} flows", found->lines, found->past.flows.size()));
}

}  // namespace rampart::daemon
