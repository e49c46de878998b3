#include "source.h"

#include <optional>

#include "cursors.h"

namespace rampart::feed {
namespace {

constexpr std::size_t kBatchMax = 1000;

}  // namespace

Source::Source(const LogSource& options, engine::Engine& engine, const base::Clock& clock)
    : engine_(engine),
      clock_(clock),
      teller_(options.path, engine, clock),
      stamps_(make_rule(options.path, options.tz),
              clock.wall_now(),
              stamp_state(engine.cursor(options.path))),
      reader_(report::parse_format(options.format).value_or(report::Format::Auto)),
      follower_(options.path, position_of(engine.cursor(options.path))),
      stored_(engine.cursor(options.path).value_or(store::CursorRecord{})) {}

bool Source::step() {
  const std::vector<FollowedLine>& lines = follower_.read_lines(kBatchMax, clock_.steady_now());
  learn(lines);
  tell_events(follower_, teller_.name(), counted_);
  const bool more = follower_.has_more();
  if (!more || teller_.is_due()) {
    teller_.tell(follower_.is_open(), follower_.has_unread(), follower_.problem());
  }
  return more;
}

void Source::learn(const std::vector<FollowedLine>& lines) {
  const auto position = follower_.position();
  // Another file without a line of it yet is also progress: the old one may be gone at the next
  // start.
  if (!position || (lines.empty() && position->inode == stored_.inode &&
                    position->device == stored_.device && stored_.source == teller_.name())) {
    return;
  }
  stamps_.set_reference(clock_.wall_now());
  batch_.clear();
  for (const FollowedLine& line : lines) {
    reader_.read_line(line.text, stamps_, batch_);
  }
  teller_.note(lines.size(), batch_);
  stored_ = make_cursor(teller_.name(), *position);
  stored_.reader_state = to_reader_state(stamps_.state());
  engine_.learn(batch_, stored_);
}

}  // namespace rampart::feed
