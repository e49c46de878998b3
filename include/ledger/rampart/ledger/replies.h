// The replies that were learned from: counted by class, and each different one remembered.
//
// Threads: any function from any thread; collect() and settle() are the writer's.
// Limits: kDifferentMax different replies; those not seen for longest go first.

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rampart/base/mutex.h"
#include "rampart/base/time.h"
#include "rampart/mail/reply.h"
#include "rampart/reply/class.h"
#include "rampart/reply/table.h"
#include "rampart/store/records.h"

namespace rampart::ledger {

class Replies {
 public:
  static constexpr std::size_t kDifferentMax = 5'000;

  void restore(store::ReplyRecord record);

  void count(reply::ReplyClass reply_class);
  /// Remembers a reply that was no delivery.
  void note(std::string_view provider,
            const mail::Reply& reply,
            const reply::Classification& found,
            std::string_view rule,
            base::WallTime now);

  /// By class, since start.
  [[nodiscard]] std::map<std::string, std::uint64_t> counts() const;
  /// Most frequent first.
  [[nodiscard]] std::vector<store::ReplyRecord> all() const;
  /// Different replies that no rule knows.
  [[nodiscard]] std::uint64_t unknown() const;

  void collect(std::vector<store::Operation>& operations);
  void settle(bool stored);

 private:
  using Key = std::pair<std::string, std::string>;  // provider, generalised text
  struct Live {
    store::ReplyRecord record;
    bool dirty = false;
    bool writing = false;
  };
  void make_room() RAMPART_REQUIRES(mutex_);

  mutable base::Mutex mutex_;
  std::map<std::string, std::uint64_t> counts_ RAMPART_GUARDED_BY(mutex_);
  std::map<Key, Live> different_ RAMPART_GUARDED_BY(mutex_);
  std::vector<Key> gone_ RAMPART_GUARDED_BY(mutex_);     // to be erased in the store
  std::vector<Key> erasing_ RAMPART_GUARDED_BY(mutex_);  // in the round under way
};

}  // namespace rampart::ledger
