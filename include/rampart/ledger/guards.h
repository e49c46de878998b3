// The mass-failure guards: one for each provider, and one for the whole host ("*").
//
// Threads: any function from any thread; collect() and settle() are the writer's.
// Limits: kProvidersMax providers have a guard; mail to others is watched by the host's alone.

#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "rampart/base/mutex.h"
#include "rampart/base/time.h"
#include "rampart/store/records.h"
#include "rampart/suppression/guard.h"

namespace rampart::ledger {

class Guards {
 public:
  static constexpr std::string_view kHost = "*";
  static constexpr std::size_t kProvidersMax = 10'000;

  /// A guard that has just leapt or fallen.
  struct Turned {
    std::string provider;  ///< or kHost
    bool leapt = false;
    std::vector<std::string> dead;  ///< leapt: the keys that were suppressed before it was seen
    std::string text;               ///< in words
  };

  void restore(const store::GuardRecord& record, const suppression::GuardOptions& options);

  /// Notes one final answer. @return the guards that turned
  std::vector<Turned> observe(const std::string& provider,
                              const suppression::FailureGuard::Outcome& outcome,
                              const suppression::GuardOptions& options);
  /// Lets answers grow old. @return the guards that fell
  std::vector<Turned> tick(base::WallTime now);

  /// Whose guard makes a new entry at this provider pending: the provider, kHost, or "".
  [[nodiscard]] std::string pending_for(const std::string& provider, base::WallTime now) const;
  /// Whether answers of this provider that blame addresses are in doubt, also before a leap is
  /// seen.
  [[nodiscard]] bool doubts(const std::string& provider, base::WallTime now) const;
  [[nodiscard]] bool leaping(const std::string& provider, base::WallTime now) const;
  /// Other constants for all of them.
  void set_options(const suppression::GuardOptions& options);
  /// A person says that the answers are true.
  void accept(const std::string& provider, base::WallTime now);

  struct Leapt {
    std::string provider;
    std::string text;
  };
  /// All that have leapt.
  [[nodiscard]] std::vector<Leapt> leapt(base::WallTime now) const;

  void collect(base::WallTime now, std::vector<store::Operation>& operations);
  void settle(bool stored);

 private:
  struct Live {
    suppression::FailureGuard guard;
    bool dirty = false;
    bool writing = false;
  };
  Live* find_or_make(const std::string& provider, const suppression::GuardOptions& options)
      RAMPART_REQUIRES(mutex_);

  mutable base::Mutex mutex_;
  std::map<std::string, Live> guards_ RAMPART_GUARDED_BY(mutex_);
};

}  // namespace rampart::ledger
