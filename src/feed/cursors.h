// What the sources share: stored cursors as positions and stamps, time zones, and what became of a
// followed file.
//
// Threads: any; a FileFollower only by one at a time.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rampart/engine/engine.h"
#include "rampart/report/stamp.h"
#include "rampart/store/records.h"

#include "follower.h"

namespace rampart::feed {

std::optional<Position> position_of(const std::optional<store::CursorRecord>& cursor);
store::CursorRecord make_cursor(const std::string& source, const Position& position);

/// What StampReader remembers, as CursorRecord::reader_state.
report::StampState stamp_state(const std::optional<store::CursorRecord>& cursor);
std::string to_reader_state(const report::StampState& state);

/// UTC, with a warning, for a zone that this machine does not know.
report::LocalTimeRule make_rule(const std::string& source, const std::string& zone);

/// Logs and counts what happened to the file since the last call.
/// @param counted  its counts then; brought up to date
/// @return         what happened
std::vector<FollowEvent> tell_events(FileFollower& follower,
                                     const std::string& source,
                                     FollowCounts& counted);

}  // namespace rampart::feed
