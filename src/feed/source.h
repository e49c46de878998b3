// Source: one followed log, its time zone and its counts; parses what comes and hands it to the
// engine.
//
// Threads: one at a time.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "rampart/base/time.h"
#include "rampart/engine/engine.h"
#include "rampart/feed/options.h"
#include "rampart/report/line_reader.h"
#include "rampart/report/stamp.h"

#include "follower.h"

namespace rampart::feed {

class Source {
 public:
  Source(const LogSource& options, engine::Engine& engine, const base::Clock& clock);

  /// Reads, parses and learns one batch, and tells the engine how the source is.
  /// @return true if there is more to read at once
  bool step();

 private:
  void learn(const std::vector<FollowedLine>& lines);
  void tell_status();
  void log_events();
  void count();

  std::string path_;
  engine::Engine& engine_;
  const base::Clock& clock_;
  report::StampReader stamps_;
  report::LineReader reader_;
  FileFollower follower_;

  std::vector<report::LogLine> batch_;
  store::CursorRecord stored_;
  base::WallTime newest_{};     ///< stamp of a line
  base::WallTime caught_up_{};  ///< when nothing was left to read
  base::SteadyTime told_{};
  std::uint64_t lines_ = 0;
  std::uint64_t not_understood_ = 0;
  std::string problem_;
  FollowCounts counted_;
};

}  // namespace rampart::feed
