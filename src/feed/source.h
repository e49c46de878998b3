// Source: one followed log, its time zone and its counts; parses what comes and hands it to the
// engine.
//
// Threads: one at a time.

#pragma once

#include <vector>

#include "rampart/base/time.h"
#include "rampart/engine/engine.h"
#include "rampart/feed/options.h"
#include "rampart/report/line_reader.h"
#include "rampart/report/stamp.h"
#include "rampart/store/records.h"

#include "follower.h"
#include "teller.h"

namespace rampart::feed {

class Source {
 public:
  Source(const LogSource& options, engine::Engine& engine, const base::Clock& clock);

  /// Reads, parses and learns one batch, and tells the engine how the source is.
  /// @return true if there is more to read at once
  bool step();

 private:
  void learn(const std::vector<FollowedLine>& lines);

  engine::Engine& engine_;
  const base::Clock& clock_;
  Teller teller_;
  report::StampReader stamps_;
  report::LineReader reader_;
  FileFollower follower_;

  std::vector<report::LogLine> batch_;
  store::CursorRecord stored_;
  FollowCounts counted_;
};

}  // namespace rampart::feed
