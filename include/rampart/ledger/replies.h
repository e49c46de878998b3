// The replies that were learned from, counted.
//
// Threads: any function from any thread.

#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "rampart/base/mutex.h"
#include "rampart/reply/class.h"

namespace rampart::ledger {

class Replies {
 public:
  void count(reply::ReplyClass reply_class);
  /// By class, since start.
  [[nodiscard]] std::map<std::string, std::uint64_t> counts() const;

 private:
  mutable base::Mutex mutex_;
  std::map<std::string, std::uint64_t> counts_ RAMPART_GUARDED_BY(mutex_);
};

}  // namespace rampart::ledger
