// Mutex, lock and condition that clang's -Wthread-safety can check.
//
// Threads: that is what they are for. Lock order: a type that needs one states it in its own
// header.
// Source: clang documentation, "Thread Safety Analysis".

#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "rampart/base/time.h"

#if defined(__clang__)
#define RAMPART_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define RAMPART_THREAD_ATTRIBUTE(x)
#endif
#define RAMPART_GUARDED_BY(m) RAMPART_THREAD_ATTRIBUTE(guarded_by(m))
#define RAMPART_REQUIRES(...) RAMPART_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define RAMPART_EXCLUDES(...) RAMPART_THREAD_ATTRIBUTE(locks_excluded(__VA_ARGS__))

namespace rampart::base {

class RAMPART_THREAD_ATTRIBUTE(capability("mutex")) Mutex {
 public:
  void lock() RAMPART_THREAD_ATTRIBUTE(acquire_capability()) { mutex_.lock(); }
  void unlock() RAMPART_THREAD_ATTRIBUTE(release_capability()) { mutex_.unlock(); }

 private:
  friend class Condition;
  std::mutex mutex_;
};

class RAMPART_THREAD_ATTRIBUTE(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) RAMPART_THREAD_ATTRIBUTE(acquire_capability(mutex))
      : mutex_(mutex) {
    mutex_.lock();
  }
  ~MutexLock() RAMPART_THREAD_ATTRIBUTE(release_capability()) { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

/// A condition variable for Mutex. Waits may end early without cause: always loop over the
/// condition.
class Condition {
 public:
  void wait(Mutex& mutex) RAMPART_REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    condition_.wait(lock);
    lock.release();
  }
  /// Waits until `predicate()` holds, at most `timeout` of real time. @return the predicate at the
  /// end.
  template <class Predicate>
  bool wait_for(Mutex& mutex, Micros timeout, Predicate predicate) RAMPART_REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    const bool held = condition_.wait_for(lock, timeout, std::move(predicate));
    lock.release();
    return held;
  }
  void notify_one() noexcept { condition_.notify_one(); }
  void notify_all() noexcept { condition_.notify_all(); }

 private:
  std::condition_variable condition_;
};

}  // namespace rampart::base
