// Write-behind: one thread that makes changes durable in rounds (group commit).
//
// A round takes everything that changed, between two batches of learning, and commits it in one
// transaction: a cursor is therefore never stored without the effects of the lines before it, nor
// an effect without its cursor.
//
// Threads: any function from any thread; collect and settle run on the writer's thread.
// Limits: at most kBacklogMax operations wait; add() then blocks its caller until there is room
// (learning), try_add() drops and counts (mail).
// Lock order: gate, then whatever collect locks, then the writer's own.

#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "rampart/base/mutex.h"
#include "rampart/base/result.h"
#include "rampart/store/records.h"

namespace rampart::store {
class StateStore;
}  // namespace rampart::store

namespace rampart::ledger {

class Writer {
 public:
  static constexpr std::size_t kBacklogMax = 200'000;
  /// A store that has failed is left alone for so long.
  static constexpr base::Micros kRetry = std::chrono::milliseconds{250};

  struct Hooks {
    /// Adds the changed records to the operations. Called with the gate held.
    std::function<void(std::vector<store::Operation>&)> collect;
    /// Tells whether they are stored.
    std::function<void(bool stored)> settle;
  };

  Writer(store::StateStore& store, Hooks hooks);
  /// One last round, then the thread ends.
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  /// Held by whoever applies a batch of effects that belong together.
  base::Mutex& gate() noexcept { return gate_; }

  /// Queues operations. Callers of the gate call it before they release the gate.
  void add(std::vector<store::Operation> operations) RAMPART_EXCLUDES(mutex_);
  /// The same for the milter's threads: never waits. @return false if they were dropped
  bool try_add(std::vector<store::Operation> operations) RAMPART_EXCLUDES(mutex_);
  /// Blocks while the backlog is full, until release(). Call without the gate.
  /// @return false after release(): nothing more is to be applied
  bool wait_for_room() RAMPART_EXCLUDES(mutex_);
  /// Whether wait_for_room() would return at once.
  [[nodiscard]] bool has_room() const RAMPART_EXCLUDES(mutex_);
  /// Lets everybody go who waits for room, now and later: the engine is about to stop.
  void release() RAMPART_EXCLUDES(mutex_);
  /// Something changed; it is written within kLazy.
  void poke() RAMPART_EXCLUDES(mutex_);
  /// Waits for a round that begins after this call. @return true if it was stored within `timeout`
  bool wait_round(base::Micros timeout) RAMPART_EXCLUDES(mutex_);
  /// The same, for who tells people why not. @return Unavailable after `timeout`
  base::Result<> sync(base::Micros timeout) RAMPART_EXCLUDES(mutex_);
  /// Waits at most `timeout`. @return true after release()
  bool wait_released(base::Micros timeout) RAMPART_EXCLUDES(mutex_);

  [[nodiscard]] bool is_degraded() const RAMPART_EXCLUDES(mutex_);
  [[nodiscard]] std::string problem() const RAMPART_EXCLUDES(mutex_);

 private:
  static constexpr base::Micros kLazy = std::chrono::milliseconds{100};
  static constexpr int kLastTries = 4;  ///< at a stop

  void run();
  bool write_round();
  void wait_for_work() RAMPART_REQUIRES(mutex_);

  store::StateStore& store_;
  Hooks hooks_;
  base::Mutex gate_;
  mutable base::Mutex mutex_;
  base::Condition changed_;
  std::vector<store::Operation> pending_ RAMPART_GUARDED_BY(mutex_);
  bool dirty_ RAMPART_GUARDED_BY(mutex_) = false;
  bool urgent_ RAMPART_GUARDED_BY(mutex_) = false;
  bool stop_ RAMPART_GUARDED_BY(mutex_) = false;
  bool released_ RAMPART_GUARDED_BY(mutex_) = false;
  std::uint64_t begun_ RAMPART_GUARDED_BY(mutex_) = 0;
  std::uint64_t ended_ RAMPART_GUARDED_BY(mutex_) = 0;
  std::uint64_t stored_ RAMPART_GUARDED_BY(mutex_) = 0;  // newest round that was stored
  std::string problem_ RAMPART_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace rampart::ledger
