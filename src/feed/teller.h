// Teller: what people are told of one source: its entry in the engine's status, and a line in the
// log when it becomes readable or unreadable.
//
// Threads: one at a time.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rampart/base/time.h"
#include "rampart/engine/engine.h"
#include "rampart/mail/source_status.h"
#include "rampart/report/event.h"

namespace rampart::feed {

class Teller {
 public:
  /// @param name  of the source in status and cursors
  Teller(std::string name, engine::Engine& engine, const base::Clock& clock);

  [[nodiscard]] const std::string& name() const noexcept { return status_.name; }

  /// Notes what came.
  void note(std::uint64_t lines, const std::vector<report::LogLine>& events);

  /// True if the last tell() is half a second ago.
  [[nodiscard]] bool is_due() const;
  /// @param unread   more is there already: the source lags
  /// @param problem  "" or why it cannot be read
  void tell(bool open, bool unread, const std::string& problem);

 private:
  engine::Engine& engine_;
  const base::Clock& clock_;
  mail::SourceStatus status_;
  base::WallTime newest_{};     ///< stamp of a line
  base::WallTime caught_up_{};  ///< when nothing was left to read
  base::SteadyTime told_{};
  std::string problem_;
};

}  // namespace rampart::feed
