#include "past_reader.h"

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>
#include <unistd.h>

#include "rampart/base/text.h"

#include "output.h"
#include "table.h"
#include "words.h"

namespace rampart::cli {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only

constexpr base::Micros kShowEvery = 1s;
constexpr double kMega = 1e6;

// The format and zone of the log that the service follows are most likely those of its old ones.
const feed::LogSource* first_log(const config::Config& config) {
  for (const feed::LogSource& log : config.feed.logs) {
    if (!log.journal) {
      return &log;
    }
  }
  return nullptr;
}

}  // namespace

std::string format_of(const Arguments& arguments, const config::Config& config) {
  const feed::LogSource* log = first_log(config);
  return !arguments.format.empty() ? arguments.format : log != nullptr ? log->format : "auto";
}

feed::Archive open_archive(const Arguments& arguments,
                           const config::Config& config,
                           base::WallTime now) {
  feed::ArchiveOptions options;
  options.paths = arguments.words;
  options.now = now;
  if (const feed::LogSource* log = first_log(config)) {
    options.tz = log->tz;
  }
  options.format = format_of(arguments, config);
  options.tz = arguments.tz.empty() ? options.tz : arguments.tz;
  auto archive = feed::Archive::open(options);
  if (!archive) {
    throw Failure{kUsage, "usage", archive.error().what};
  }
  return std::move(*archive);
}

std::optional<base::WallTime> parse_since(std::string_view text, base::WallTime now) {
  if (const auto time = base::parse_rfc3339(text)) {
    return time;
  }
  if (const auto day = base::parse_rfc3339(std::string(text) + "T00:00:00Z")) {
    return day;
  }
  if (const auto age = base::parse_duration(text)) {
    return now - *age;
  }
  return std::nullopt;
}

std::optional<base::WallTime> since_of(const Arguments& arguments, base::WallTime now) {
  if (arguments.since.empty()) {
    return std::nullopt;
  }
  const auto since = parse_since(arguments.since, now);
  if (!since) {
    throw Failure{kUsage, "usage",
                  "--since \"" + arguments.since +
                      "\" is no time: write 2026-11-01, 2026-11-01T08:00:00Z or 30d"};
  }
  return since;
}

std::string describe(const feed::ArchiveProgress& progress, base::Micros elapsed) {
  const double seconds = std::max(1e-6, static_cast<double>(elapsed.count()) / 1e6);
  const auto done = static_cast<double>(progress.bytes);
  const auto total = static_cast<double>(std::max<std::uint64_t>(1, progress.bytes_total));
  const double part = std::min(1.0, done / total);
  std::string text = fmt::format(
      "{:.0f} % of {:.0f} MB, {} lines/s", part * 100, total / kMega,
      grouped(static_cast<std::uint64_t>(static_cast<double>(progress.lines) / seconds)));
  if (progress.at != base::WallTime{}) {
    text += ", " + base::format_utc(progress.at).substr(0, 10);
  }
  if (part > 0.01) {
    const auto left = std::chrono::seconds{static_cast<long long>(seconds * (1 - part) / part) + 1};
    text += ", " + base::format_duration(left) + " left";
  }
  return text;
}

ProgressLine::ProgressLine(const base::Clock& clock, bool wanted)
    : clock_(clock),
      wanted_(wanted && isatty(STDERR_FILENO) != 0),
      begun_(clock.steady_now()),
      next_(begun_ + kShowEvery) {}

ProgressLine::~ProgressLine() {
  if (shown_) {
    std::fputs("\r\x1b[K", stderr);
  }
}

void ProgressLine::show(const feed::ArchiveProgress& progress) {
  if (!wanted_ || clock_.steady_now() < next_) {
    return;
  }
  next_ = clock_.steady_now() + kShowEvery;
  shown_ = true;
  std::fprintf(stderr, "\r%s\x1b[K", describe(progress, clock_.steady_now() - begun_).c_str());
}

PastReader::PastReader(const Arguments& arguments,
                       const config::Config& config,
                       const base::Clock& clock)
    : clock_(clock),
      now_(clock.wall_now()),
      active_(std::make_shared<const policy::Active>(config.policy)),
      archive_(open_archive(arguments, config, now_)),
      correlator_(active_),
      levels_(active_),
      suppressed_(active_) {}

void PastReader::read(std::optional<base::WallTime> since, bool show_progress) {
  const base::SteadyTime begun = clock_.steady_now();
  ProgressLine progress(clock_, show_progress);
  const auto take = [&](history::Outcome& outcome) {
    if (!since || outcome.time >= *since) {
      levels_.add(outcome, correlator_);
      suppressed_.add(outcome, outcome.time, false);
    }
  };
  const history::Correlator::Sink sink = take;
  std::vector<report::LogLine> block;
  while (archive_.read(block)) {
    for (const report::LogLine& line : block) {
      correlator_.add(line, sink);
    }
    progress.show(archive_.progress());
  }
  took_ = clock_.steady_now() - begun;
}

}  // namespace rampart::cli
