// The root helper: `rampart releaser`. A process of its own that can list held messages, and
// release or delete those that carry rampart's mark, for rampart's user alone.
//
// Source: protocol.h; unix(7) SO_PEERCRED.
// Threads: all calls from one thread, the only one.
// Limits: 16 clients; 10 s to send a request, 30 s to take the answer; requests are carried out one
// after the other.
//
// Who may ask: root, and the owner of the key file. Every request is logged with who asked and what
// became of it.

#pragma once

#include <memory>
#include <string>

#include "rampart/base/result.h"
#include "rampart/base/time.h"
#include "rampart/release/mta_tools.h"
#include "rampart/release/options.h"

namespace rampart::release {

class Helper {
 public:
  /// Listens for the owner of the key file, which must be there. A socket that nobody listens on is
  /// replaced.
  static base::Result<std::unique_ptr<Helper>> open(const Options& options,
                                                    std::unique_ptr<MtaTools> tools,
                                                    const base::Clock& clock);
  ~Helper();
  Helper(const Helper&) = delete;
  Helper& operator=(const Helper&) = delete;

  /// Serves until `stop` is readable, and ends then between two requests.
  /// @param stop  a file descriptor, or -1
  base::Result<> run(int stop);

 private:
  struct Data;
  explicit Helper(std::unique_ptr<Data> data);
  std::unique_ptr<Data> data_;
};

}  // namespace rampart::release
