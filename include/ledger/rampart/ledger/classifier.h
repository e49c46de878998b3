// Classifies replies with the table in force, and remembers answers: during a throttle a provider
// says the same to every message.
//
// Threads: one at a time; the learner calls it under the writer's gate.

#pragma once

#include <memory>
#include <optional>

#include "rampart/policy/active.h"
#include "rampart/reply/cache.h"
#include "rampart/reply/table.h"

namespace rampart::ledger {

class Classifier {
 public:
  /// The same as the table's classify().
  /// @param active  in force; another one than at the last call forgets the answers
  reply::Classification classify(const std::shared_ptr<const policy::Active>& active,
                                 const reply::Question& question) {
    if (active != active_) {
      cache_.emplace(active->policy().replies);
      active_ = active;
    }
    return cache_->classify(question);
  }

 private:
  std::shared_ptr<const policy::Active> active_;  // keeps the table that the cache refers to
  std::optional<reply::Cache> cache_;
};

}  // namespace rampart::ledger
