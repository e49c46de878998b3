// The reports that have been counted, so that several sources may tell one event: a log file and
// the journal, a program that brings its lines again, a notice that was mailed twice.
//
// Threads: any function from any thread; collect() and settle() are the writer's.
// Limits: kIdentitiesMax are remembered, the oldest day is forgotten first (counted). An identity
// is a 64-bit hash: of a million reports one in ten million is taken for another.

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "rampart/base/hash.h"
#include "rampart/base/mutex.h"
#include "rampart/base/time.h"
#include "rampart/store/records.h"

namespace rampart::ledger {

class Seen {
 public:
  static constexpr std::size_t kIdentitiesMax = 2'000'000;
  static constexpr base::Micros kKept = std::chrono::hours{24 * 7};

  explicit Seen(base::HashKey key) : key_(key) {}

  void restore(const store::SeenReportRecord& record);

  /// Notes that `what`, told of `time`, is counted.
  /// @param kept  how long it is remembered from `time` on
  /// @return false if it was counted before
  bool add(std::string_view what, base::WallTime time, base::Micros kept = kKept);

  /// The same for a report of `source`, which counts if none of `others` has told it within a
  /// second. What a source tells again at another place of its own is another event, unless it may
  /// repeat itself: then the same second is the same event.
  bool add_report(std::string_view what,
                  base::WallTime time,
                  const std::string& source,
                  const std::vector<std::string>& others,
                  bool may_repeat);

  void collect(std::vector<store::Operation>& operations);
  void settle(bool stored);
  /// Drops what is older than kKept.
  void forget_old(base::WallTime now);

 private:
  [[nodiscard]] std::uint64_t identity(std::string_view what, long long second) const noexcept;
  void enter(std::uint64_t identity, base::WallTime time) RAMPART_REQUIRES(mutex_);
  [[nodiscard]] bool contains(std::uint64_t identity) const RAMPART_REQUIRES(mutex_);

  const base::HashKey key_;
  mutable base::Mutex mutex_;
  std::map<long long, std::unordered_set<std::uint64_t>> days_ RAMPART_GUARDED_BY(mutex_);
  std::size_t size_ RAMPART_GUARDED_BY(mutex_) = 0;
  std::vector<store::SeenReportRecord> pending_ RAMPART_GUARDED_BY(mutex_);
  std::vector<store::SeenReportRecord> writing_ RAMPART_GUARDED_BY(mutex_);
};

}  // namespace rampart::ledger
