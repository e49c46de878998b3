// The mass-failure guards: one for each provider, and one for the whole host ("*"); and whose mail
// met the recent dead, who is not to blame once a guard leaps.
//
// Pure: time is an argument. Distinct objects may be used from distinct threads.
// Limits: kProvidersMax providers have a guard, mail to others is watched by the host's alone;
// kBlamedMax addresses are remembered with their sender.

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "rampart/base/time.h"
#include "rampart/suppression/guard.h"
#include "rampart/suppression/options.h"

namespace rampart::suppression {

class Guards {
 public:
  static constexpr std::string_view kHost = "*";
  static constexpr std::size_t kProvidersMax = 10'000;
  static constexpr std::size_t kBlamedMax = 10'000;

  /// A guard that has just leapt or fallen.
  struct Turned {
    std::string provider;  ///< or kHost
    bool leapt = false;
    std::vector<std::string> dead;  ///< leapt: the keys that were suppressed before it was seen
    std::map<std::string, std::uint32_t> blamed;  ///< leapt: senders, and how many of `dead` each
    std::string text;                             ///< in words
  };

  explicit Guards(const GuardOptions& options = {}) : options_(options) {}

  /// @param state  of FailureGuard::encode. @return false if it cannot be read: it is passed over
  bool restore(const std::string& provider, std::string_view state);
  /// Other constants for all of them.
  void set_options(const GuardOptions& options);

  /// Notes one final answer. @param sender  whose mail it is
  /// @return the guards that turned
  std::vector<Turned> observe(const std::string& provider,
                              const std::string& sender,
                              const FailureGuard::Outcome& outcome);
  /// Lets answers grow old. @return the guards that fell
  std::vector<Turned> tick(base::WallTime now);
  /// A person says that the answers are true.
  void accept(const std::string& provider, base::WallTime now);

  /// Whose guard makes a new entry at this provider pending: the provider, kHost, or "".
  [[nodiscard]] std::string_view pending_for(const std::string& provider, base::WallTime now) const;
  /// Whether answers of this provider that blame addresses are in doubt, also before a leap is
  /// seen.
  [[nodiscard]] bool doubts(const std::string& provider, base::WallTime now) const;
  [[nodiscard]] bool leaping(const std::string& provider, base::WallTime now) const;
  /// Whether there is a guard for it, or room for one.
  [[nodiscard]] bool watches(const std::string& provider) const;

  struct Leapt {
    std::string provider;
    std::string text;
  };
  /// All that have leapt, by name.
  [[nodiscard]] std::vector<Leapt> leapt(base::WallTime now) const;

  /// Provider and state of those that changed since the last call, with those of `again`.
  std::vector<std::pair<std::string, std::string>> take_changed(
      const std::vector<std::string>& again);

 private:
  struct Live {
    FailureGuard guard;
    bool changed = false;
  };
  void observe(const std::string& name,
               Live& live,
               const FailureGuard::Outcome& outcome,
               std::vector<Turned>& turned);
  [[nodiscard]] const FailureGuard* find(const std::string& provider) const;
  std::map<std::string, std::uint32_t> take_blamed(const std::vector<std::string>& dead);

  GuardOptions options_;
  std::unordered_map<std::string, Live> guards_;
  std::unordered_map<std::string, std::string> blamed_;  // suppression's key -> sender
};

}  // namespace rampart::suppression
