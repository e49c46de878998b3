// JournalSource: the systemd journal as a source of the engine's lines.
//
// Threads: one at a time.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rampart/base/time.h"
#include "rampart/engine/engine.h"
#include "rampart/feed/options.h"
#include "rampart/report/line_reader.h"

#include "journal.h"
#include "teller.h"

namespace rampart::feed {

class JournalSource {
 public:
  JournalSource(const LogSource& options, engine::Engine& engine, const base::Clock& clock);

  /// Reads and learns one batch, and tells the engine how the source is.
  /// @return true if there is more to read at once
  bool step();

  /// Readable when something happened; -1 where that is not to be had.
  [[nodiscard]] int descriptor() const noexcept { return journal_.descriptor(); }

 private:
  void learn(const std::vector<JournalEntry>& entries);
  void log_events();
  void count();

  engine::Engine& engine_;
  const base::Clock& clock_;
  Teller teller_;
  report::LineReader reader_;
  Journal journal_;
  std::vector<report::LogLine> batch_;
  std::optional<std::string> stored_;
  JournalCounts counted_;
};

}  // namespace rampart::feed
