// LineIntake: log lines that another program brings, as `rampart feed -` does for rsyslog's omprog.
//
// There is no cursor: who brings lines repeats what was not acknowledged, and the engine counts
// each event once.
//
// Threads: take() from any thread; batches of one source are taken one after the other. A thread of
// its own keeps the sources in the engine's status.
// Errors: a batch is learned and durable, or the answer says why not.
// Limits: 16 sources, 10,000 lines and 1 MiB a batch; a line is cut at 64 KiB and counted.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rampart/base/result.h"
#include "rampart/base/time.h"
#include "rampart/engine/engine.h"

namespace rampart::feed {

class LineIntake {
 public:
  static constexpr std::size_t kSourcesMax = 16;
  static constexpr std::size_t kLinesMax = 10'000;
  static constexpr std::size_t kBytesMax = 1024UL * 1024UL;

  /// @param zone  IANA name, of stamps without one; "": the system's
  LineIntake(engine::Engine& engine, const base::Clock& clock, const std::string& zone = {});
  ~LineIntake();
  LineIntake(const LineIntake&) = delete;
  LineIntake& operator=(const LineIntake&) = delete;

  /// Learns lines; waits for the store, at most about 10 s once it is reachable.
  /// @param source  its name, 1 to 64 printable ASCII characters without blanks; in status and
  ///                cursors it is "feed:NAME"
  /// @param lines   with or without line ends
  /// @return  how many lines were taken, all of them; InvalidInput for a bad name or too large a
  ///          batch, Denied for one source too many, Unavailable or Timeout if the batch may not be
  ///          durable: bring it again
  base::Result<std::uint64_t> take(std::string_view source, const std::vector<std::string>& lines);

 private:
  struct Data;
  std::unique_ptr<Data> data_;
};

}  // namespace rampart::feed
