// Lets held mail go: what the engine says may go, in its order, by way of the root helper.
//
// The order of events makes it safe against a stop at any instant. The engine charges a message and
// marks it as being released, durably; then the helper is asked; then the engine is told what
// became of it. A message so marked whose end was not told (after a stop, or when the helper gave
// no answer) is asked for again, before anything new: if it has gone already, the helper says so,
// and it stays charged once.
//
// Threads: made and destroyed by one thread; one thread of its own; release() and drop() from any
// thread, one after the other.
// Errors: while the helper does not answer nothing is begun; it is asked again every second, less
// often later, and the log tells each change once.

#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rampart/base/result.h"
#include "rampart/base/time.h"
#include "rampart/engine/engine.h"
#include "rampart/release/exchange.h"
#include "rampart/release/protocol.h"

namespace rampart::release {

/// What became of a person's order for one message.
struct Told {
  mail::QueueId id;
  std::string result;  ///< of to_string(Outcome), or "not_held_here", or "ordered": it goes as soon
                       ///< as the helper answers
  std::string text;    ///< more about it, perhaps ""
};

class Releaser {
 public:
  /// @param exchange  null: nobody releases, for the reason given
  Releaser(engine::Engine& engine,
           std::unique_ptr<Exchange> exchange,
           const base::Clock& clock,
           std::string problem = {});
  ~Releaser();
  Releaser(const Releaser&) = delete;
  Releaser& operator=(const Releaser&) = delete;

  /// A person's order: at once, whatever the allowance. @return what became of each, in the same
  /// order; Unavailable: nothing was done, because the helper does not answer
  base::Result<std::vector<Told>> release(const std::vector<mail::QueueId>& ids,
                                          std::string_view who);
  /// Ends what waits for the helper, and begins nothing more. From any thread.
  void stop();

  /// Deletes held messages. @return Unavailable: some may have been deleted
  base::Result<std::vector<Told>> drop(const std::vector<mail::QueueId>& ids, std::string_view who);

 private:
  struct Data;
  std::unique_ptr<Data> data_;
};

}  // namespace rampart::release
