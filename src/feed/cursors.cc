#include "cursors.h"

#include <charconv>
#include <string_view>
#include <utility>

#include "rampart/store/records.h"
#include "rampart/telemetry/counter.h"
#include "rampart/telemetry/log.h"

#include "zone.h"

namespace rampart::feed {
namespace {

using telemetry::Level;

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
      return {Level::Info, "started", "never read before: from its beginning"};
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

void count(const FollowCounts& now, FollowCounts& counted) {
  static telemetry::Counter& cut = telemetry::counter("feed_lines_cut_total");
  static telemetry::Counter& incomplete = telemetry::counter("feed_lines_incomplete_total");
  static telemetry::Counter& rotations = telemetry::counter("feed_rotations_total");
  static telemetry::Counter& truncations = telemetry::counter("feed_truncations_total");
  static telemetry::Counter& losses = telemetry::counter("feed_positions_lost_total");
  cut.add(now.lines_cut - counted.lines_cut);
  incomplete.add(now.lines_incomplete - counted.lines_incomplete);
  rotations.add(now.rotations - counted.rotations);
  truncations.add(now.truncations - counted.truncations);
  losses.add(now.losses - counted.losses);
  counted = now;
}

}  // namespace

std::optional<Position> position_of(const std::optional<store::CursorRecord>& cursor) {
  if (!cursor) {
    return std::nullopt;
  }
  return Position{cursor->device, cursor->inode, cursor->offset, cursor->fingerprint,
                  cursor->fingerprint_size};
}

store::CursorRecord make_cursor(const std::string& source, const Position& position) {
  return {source,
          position.device,
          position.inode,
          position.offset,
          position.fingerprint,
          position.fingerprint_size,
          {}};
}

report::StampState stamp_state(const std::optional<store::CursorRecord>& cursor) {
  report::StampState state;
  if (cursor) {
    const std::string& text = cursor->reader_state;
    std::from_chars(text.data(), text.data() + text.size(), state.last_micros);
  }
  return state;
}

std::string to_reader_state(const report::StampState& state) {
  return std::to_string(state.last_micros);
}

report::LocalTimeRule make_rule(const std::string& source, const std::string& zone) {
  auto rule = load_zone(zone);
  if (!rule) {
    telemetry::write(
        Level::Warning,
        telemetry::Line("feed").add("log", source).add("tz", "UTC").text(rule.error().what));
    return {};
  }
  return std::move(*rule);
}

std::vector<FollowEvent> tell_events(FileFollower& follower,
                                     const std::string& source,
                                     FollowCounts& counted) {
  std::vector<FollowEvent> events = follower.take_events();
  for (const FollowEvent event : events) {
    const EventText text = describe(event);
    telemetry::write(
        text.level,
        telemetry::Line("feed").add("log", source).add("event", text.name).text(text.text));
  }
  count(follower.counts(), counted);
  return events;
}

}  // namespace rampart::feed
