#include "rampart/ledger/replies.h"

namespace rampart::ledger {

void Replies::count(reply::ReplyClass reply_class) {
  const base::MutexLock lock(mutex_);
  ++counts_[std::string(reply::to_string(reply_class))];
}

std::map<std::string, std::uint64_t> Replies::counts() const {
  const base::MutexLock lock(mutex_);
  return counts_;
}

}  // namespace rampart::ledger
