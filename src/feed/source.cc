#include "source.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <variant>

#include "rampart/telemetry/counter.h"
#include "rampart/telemetry/log.h"

#include "zone.h"

namespace rampart::feed {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only
using telemetry::Level;

constexpr std::size_t kBatchMax = 1000;
constexpr base::Micros kStatusEvery = 500ms;

report::LocalTimeRule make_rule(const LogSource& options) {
  auto zone = load_zone(options.tz);
  if (!zone) {
    telemetry::write(
        Level::Warning,
        telemetry::Line("feed").add("log", options.path).add("tz", "UTC").text(zone.error().what));
    return {};
  }
  return [zone = *std::move(zone)](std::chrono::local_seconds time) {
    return zone.resolve(time);
  };
}

report::StampState stamp_state(const std::optional<store::CursorRecord>& cursor) {
  report::StampState state;
  if (cursor) {
    const std::string& text = cursor->reader_state;
    std::from_chars(text.data(), text.data() + text.size(), state.last_micros);
  }
  return state;
}

std::optional<Position> position_of(const std::optional<store::CursorRecord>& cursor) {
  if (!cursor) {
    return std::nullopt;
  }
  return Position{cursor->device, cursor->inode, cursor->offset, cursor->fingerprint,
                  cursor->fingerprint_size};
}

struct EventText {
  Level level;
  std::string_view name;
  std::string_view text;
};

EventText describe(FollowEvent event) {
  switch (event) {
    case FollowEvent::StartedAtEnd:
      return {Level::Info, "started", "never read before: from its end"};
    case FollowEvent::StartedAtBeginning:
      return {Level::Info, "started", "the file is new: from its beginning"};
    case FollowEvent::Resumed:
      return {Level::Info, "resumed", "where it was left"};
    case FollowEvent::Rotated:
      return {Level::Info, "rotated", "the old file is read to its end first"};
    case FollowEvent::Truncated:
      return {Level::Info, "truncated", "what was not read yet is read from the copy"};
    case FollowEvent::Restarted:
      return {Level::Warning, "truncated", "no copy found: lines not read before are lost"};
    case FollowEvent::Lost:
      break;
  }
  return {Level::Warning, "lost",
          "the file read before is gone: from the beginning of the present one"};
}

}  // namespace

Source::Source(const LogSource& options, engine::Engine& engine, const base::Clock& clock)
    : path_(options.path),
      engine_(engine),
      clock_(clock),
      stamps_(make_rule(options), clock.wall_now(), stamp_state(engine.cursor(options.path))),
      reader_(report::parse_format(options.format).value_or(report::Format::Auto)),
      follower_(options.path, position_of(engine.cursor(options.path))),
      stored_(engine.cursor(options.path).value_or(store::CursorRecord{})) {}

bool Source::step() {
  const std::vector<FollowedLine>& lines = follower_.read_lines(kBatchMax, clock_.steady_now());
  log_events();
  learn(lines);
  count();
  const bool more = follower_.has_more();
  if (!more || clock_.steady_now() - told_ >= kStatusEvery) {
    tell_status();
  }
  return more;
}

void Source::learn(const std::vector<FollowedLine>& lines) {
  const auto position = follower_.position();
  // Another file without a line of it yet is also progress: the old one may be gone at the next
  // start.
  if (!position || (lines.empty() && position->inode == stored_.inode &&
                    position->device == stored_.device && stored_.source == path_)) {
    return;
  }
  stamps_.set_reference(clock_.wall_now());
  batch_.clear();
  for (const FollowedLine& line : lines) {
    reader_.read_line(line.text, stamps_, batch_);
    newest_ = std::max(newest_, batch_.back().time);
    if (std::holds_alternative<report::NotUnderstood>(batch_.back().event)) {
      ++not_understood_;
    }
  }
  lines_ += lines.size();
  stored_ = {path_,
             position->device,
             position->inode,
             position->offset,
             position->fingerprint,
             position->fingerprint_size,
             std::to_string(stamps_.state().last_micros)};
  engine_.learn(batch_, stored_);
}

void Source::tell_status() {
  const base::WallTime now = clock_.wall_now();
  engine::SourceStatus status;
  status.name = path_;
  status.open = follower_.is_open();
  status.lines = lines_;
  status.not_understood = not_understood_;
  status.problem = follower_.problem();
  if (!follower_.has_unread()) {
    caught_up_ = now;
  } else if (const base::WallTime since = std::max(newest_, caught_up_);
             since != base::WallTime{}) {
    // After a quiet night the newest line read is hours old; what waits is younger than the last
    // look.
    status.lag = std::max(now - since, base::Micros{0});
  }
  engine_.set_source_status(status);
  told_ = clock_.steady_now();

  if (status.problem != problem_) {
    problem_ = status.problem;
    telemetry::Line line("feed");
    line.add("log", path_).add("state", problem_.empty() ? "open" : "unreadable");
    if (!problem_.empty()) {
      line.text(problem_);
    }
    telemetry::write(problem_.empty() ? Level::Info : Level::Warning, line);
  }
}

void Source::log_events() {
  for (const FollowEvent event : follower_.take_events()) {
    const EventText text = describe(event);
    telemetry::write(
        text.level,
        telemetry::Line("feed").add("log", path_).add("event", text.name).text(text.text));
  }
}

void Source::count() {
  static telemetry::Counter& cut = telemetry::counter("feed_lines_cut_total");
  static telemetry::Counter& incomplete = telemetry::counter("feed_lines_incomplete_total");
  static telemetry::Counter& rotations = telemetry::counter("feed_rotations_total");
  static telemetry::Counter& truncations = telemetry::counter("feed_truncations_total");
  static telemetry::Counter& losses = telemetry::counter("feed_positions_lost_total");
  const FollowCounts& now = follower_.counts();
  cut.add(now.lines_cut - counted_.lines_cut);
  incomplete.add(now.lines_incomplete - counted_.lines_incomplete);
  rotations.add(now.rotations - counted_.rotations);
  truncations.add(now.truncations - counted_.truncations);
  losses.add(now.losses - counted_.losses);
  counted_ = now;
}

}  // namespace rampart::feed
