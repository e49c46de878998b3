// The sources of reports: how far each has been read, and whether reports arrive at all.
//
// Threads: any function from any thread.

#pragma once

#include <atomic>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rampart/base/mutex.h"
#include "rampart/base/time.h"
#include "rampart/mail/source_status.h"
#include "rampart/store/records.h"

namespace rampart::ledger {

class Sources {
 public:
  explicit Sources(const base::Clock& clock) : clock_(clock) {}

  void set(const mail::SourceStatus& status);
  [[nodiscard]] std::vector<mail::SourceStatus> all() const;

  /// All that tell or have told of reports, but for `source`.
  [[nodiscard]] std::vector<std::string> others(std::string_view source) const;

  /// Nothing was ever read.
  [[nodiscard]] bool is_new() const;
  void restore(store::CursorRecord record);
  void set_cursor(const store::CursorRecord& cursor);
  [[nodiscard]] std::optional<store::CursorRecord> cursor(std::string_view source) const;

  /// Mail was admitted at `now`: from here a line of the MTA is awaited.
  void await(base::WallTime now) noexcept;
  /// A line of the MTA has come.
  void answer() noexcept { unanswered_ = 0; }

  /// Reports arrive when every source is open, heard of and read to within `max_lag`, and the MTA
  /// has logged something since mail was admitted: a log that is not this MTA's would look healthy
  /// otherwise. @return "" or what is wrong
  [[nodiscard]] std::string find_problem(base::Micros max_lag) const;

 private:
  struct Live {
    mail::SourceStatus status;
    base::SteadyTime told_at{};
  };

  const base::Clock& clock_;
  mutable base::Mutex mutex_;
  std::map<std::string, Live> sources_ RAMPART_GUARDED_BY(mutex_);
  std::map<std::string, store::CursorRecord> cursors_ RAMPART_GUARDED_BY(mutex_);
  /// Wall micros of the oldest admission since a log line last came; 0: none.
  std::atomic<long long> unanswered_{0};
};

}  // namespace rampart::ledger
