#include "rampart/ledger/writer.h"

#include <iterator>

#include "rampart/store/state_store.h"
#include "rampart/telemetry/counter.h"
#include "rampart/telemetry/log.h"

namespace rampart::ledger {

Writer::Writer(store::StateStore& store, Hooks hooks)
    : store_(store), hooks_(std::move(hooks)), thread_([this] { run(); }) {}

Writer::~Writer() {
  {
    const base::MutexLock lock(mutex_);
    stop_ = true;
    changed_.notify_all();
  }
  thread_.join();
}

void Writer::add(std::vector<store::Operation> operations) {
  const base::MutexLock lock(mutex_);
  pending_.insert(pending_.end(), std::make_move_iterator(operations.begin()),
                  std::make_move_iterator(operations.end()));
  dirty_ = true;
  changed_.notify_all();
}

bool Writer::try_add(std::vector<store::Operation> operations) {
  {
    const base::MutexLock lock(mutex_);
    if (pending_.size() < kBacklogMax) {
      pending_.insert(pending_.end(), std::make_move_iterator(operations.begin()),
                      std::make_move_iterator(operations.end()));
      if (!dirty_) {
        dirty_ = true;
        changed_.notify_all();
      }
      return true;
    }
  }
  static telemetry::Counter& dropped = telemetry::counter("store_operations_dropped_total");
  dropped.add(operations.size());
  return false;
}

bool Writer::wait_for_room() {
  const base::MutexLock lock(mutex_);
  while (pending_.size() >= kBacklogMax && !released_) {
    changed_.wait(mutex_);
  }
  return !released_;
}

bool Writer::has_room() const {
  const base::MutexLock lock(mutex_);
  return pending_.size() < kBacklogMax;
}

void Writer::release() {
  const base::MutexLock lock(mutex_);
  released_ = true;
  changed_.notify_all();
}

void Writer::poke() {
  const base::MutexLock lock(mutex_);
  if (!dirty_) {
    dirty_ = true;
    changed_.notify_all();
  }
}

bool Writer::wait_round(base::Micros timeout) {
  const base::MutexLock lock(mutex_);
  const std::uint64_t target = begun_ + 1;
  urgent_ = true;
  changed_.notify_all();
  changed_.wait_for(mutex_, timeout,
                    [&]() RAMPART_REQUIRES(mutex_) { return ended_ >= target || stop_; });
  return stored_ >= target;
}

base::Result<> Writer::sync(base::Micros timeout) {
  if (wait_round(timeout)) {
    return base::Ok{};
  }
  const std::string why = problem();
  return base::Error{base::Error::Kind::Unavailable,
                     why.empty() ? "the store did not answer in time" : why};
}

bool Writer::wait_released(base::Micros timeout) {
  const base::MutexLock lock(mutex_);
  return changed_.wait_for(mutex_, timeout,
                           [this]() RAMPART_REQUIRES(mutex_) { return released_; });
}

bool Writer::is_degraded() const {
  const base::MutexLock lock(mutex_);
  return !problem_.empty();
}

std::string Writer::problem() const {
  const base::MutexLock lock(mutex_);
  return problem_;
}

// Idle until something changed; then a short while, so that more can join the round, unless
// somebody waits for it.
void Writer::wait_for_work() {
  while (!dirty_ && !urgent_ && !stop_) {
    changed_.wait(mutex_);
  }
  changed_.wait_for(mutex_, kLazy, [this]() RAMPART_REQUIRES(mutex_) {
    return urgent_ || stop_ || pending_.size() >= kBacklogMax / 2;
  });
}

void Writer::run() {
  bool stored = true;
  int last_tries = 0;
  for (;;) {
    {
      const base::MutexLock lock(mutex_);
      if (!stored) {  // do not hammer a store that has just failed
        changed_.wait_for(mutex_, kRetry,
                          [&]() RAMPART_REQUIRES(mutex_) { return stop_ && last_tries == 0; });
        dirty_ = true;
      }
      wait_for_work();
      if (stop_ && !dirty_ && !urgent_) {
        return;
      }
      if (stop_ && !stored && ++last_tries > kLastTries) {
        return;  // what is lost was never acknowledged
      }
    }
    stored = write_round();
  }
}

bool Writer::write_round() {
  store::Batch batch;
  std::uint64_t round = 0;
  std::size_t kept = 0;
  {
    const base::MutexLock gate(gate_);
    {
      const base::MutexLock lock(mutex_);
      round = ++begun_;
      dirty_ = false;
      urgent_ = false;
      batch.operations.swap(pending_);
    }
    kept = batch.operations.size();
    hooks_.collect(batch.operations);
  }
  const auto result = batch.operations.empty() ? base::Result<>(base::Ok{}) : store_.commit(batch);
  const bool stored = result.has_value();
  hooks_.settle(stored);
  const base::MutexLock lock(mutex_);
  ended_ = round;
  if (stored) {
    stored_ = round;
    if (!problem_.empty()) {
      telemetry::write(telemetry::Level::Warning, "store: writing again");
      problem_.clear();
    }
  } else {
    telemetry::counter("store_errors_total").add();
    if (problem_.empty()) {
      telemetry::write(telemetry::Level::Warning,
                       telemetry::Line("store").add("state", "degraded").text(result.error().what));
    }
    problem_ = result.error().what;
    // Operations keep their order: what failed goes before what came since. Records of flows are
    // collected afresh.
    batch.operations.resize(kept);
    batch.operations.insert(batch.operations.end(), std::make_move_iterator(pending_.begin()),
                            std::make_move_iterator(pending_.end()));
    pending_.swap(batch.operations);
    dirty_ = true;
  }
  changed_.notify_all();
  return stored;
}

}  // namespace rampart::ledger
