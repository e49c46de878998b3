// The held book: the messages that rampart put into the MTA's hold queue, and the order in which
// they go.
//
// A message that waits for volume stands in the queue of one flow at a time, the one that it lacks.
// Within a queue: what is overdue, then transactional mail, then the rest; each by age.
//
// Threads: not safe; the engine locks it, but for `waiting`, which anybody may read.
// Pure but for that: time is an argument.
// Limits: as many messages as the MTA holds, about 1 KB each. All but walks over the whole book is
// logarithmic.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "rampart/base/time.h"
#include "rampart/ramp/flow.h"
#include "rampart/store/records.h"

namespace rampart::ledger {

/// The recipients of a held message that belong to one flow.
struct HeldPart {
  ramp::FlowKey flow;
  std::uint32_t units = 0;
  base::WallTime charged_at{};  ///< zero: not charged

  [[nodiscard]] bool is_charged() const noexcept { return charged_at != base::WallTime{}; }
};

/// The flows of a message, in the order of its recipients.
std::vector<HeldPart> parts_of(const store::HeldRecord& record);
/// Notes that a flow's recipients are charged, or with a time of zero that they are not.
void set_charged(store::HeldRecord& record, const ramp::FlowKey& flow, base::WallTime at);

struct HeldMessage {
  store::HeldRecord record;
  ramp::FlowKey waits_in;      ///< in whose queue it stands while it waits for volume
  bool overdue = false;        ///< it has waited as long as it may
  std::uint32_t failures = 0;  ///< releases that the MTA did not carry out
  /// Its release was begun in this process, and nobody can have let it go but the first to be told.
  bool just_begun = false;
  /// After a failure it stands in no queue until then; begun, it is not asked about until then.
  base::SteadyTime aside_until{};
  /// Since when the MTA's hold queue does not have it; zero: it has. It stands in no queue then,
  /// and is not counted.
  base::WallTime absent_since{};
};

class HeldBook {
 public:
  /// @param waiting  takes the number of messages that wait for volume; outlives the book
  explicit HeldBook(std::atomic<std::size_t>& waiting) : waiting_(waiting) { waiting_ = 0; }

  /// Enters a message; another one with its queue ID goes. @param waits_in  one of its flows
  void insert(store::HeldRecord record, const ramp::FlowKey& waits_in);
  /// The same; it waits in its first flow.
  void insert(store::HeldRecord record);
  std::optional<store::HeldRecord> erase(const std::string& queue_id);
  /// Valid until the book is changed.
  [[nodiscard]] const HeldMessage* find(const std::string& queue_id) const;
  /// Calls `change(HeldMessage&)`, which may change all but the queue ID and the time of arrival,
  /// and puts the message where it belongs then. @return whether it is in the book
  template <class Change>
  bool update(const std::string& queue_id, Change&& change) {
    const auto found = messages_.find(queue_id);
    if (found == messages_.end()) {
      return false;
    }
    unlink(found->second);
    change(found->second);
    link(found->second);
    return true;
  }

  struct Counts {
    std::size_t volume = 0;  ///< wait for their flows
    std::size_t person = 0;
    std::size_t releasing = 0;
  };
  [[nodiscard]] const Counts& counts() const noexcept { return counts_; }
  /// When the oldest message came that is counted.
  [[nodiscard]] std::optional<base::WallTime> oldest() const;

  /// A message's place among all, by age.
  using Age = std::pair<base::WallTime, std::string>;
  /// Up to `limit` messages that are younger than `after`, oldest first: for walks that let others
  /// in between. Those that are absent are among them.
  [[nodiscard]] std::vector<const HeldMessage*> page(const Age& after, std::size_t limit) const;
  static Age age_of(const HeldMessage& message);
  /// 0: overdue, 1: transactional, 2: all others.
  static std::uint8_t rank_of(const HeldMessage& message) noexcept;

  // --- queues ---
  /// The next message of a flow, or nullptr.
  [[nodiscard]] const HeldMessage* head(const ramp::FlowKey& flow) const;
  /// How many messages wait in the queue of a flow.
  [[nodiscard]] std::size_t waiting_in(const ramp::FlowKey& flow) const;
  /// The flows whose heads are to be asked about now: those whose time has come, and those of a
  /// provider for which `changes(provider)` tells another number than before. Of more than `limit`
  /// those that were told longest ago. Those with the most urgent heads come first.
  template <class Changes>
  std::vector<ramp::FlowKey> due(base::SteadyTime now, std::size_t limit, Changes&& changes) {
    for (auto& [provider, queues] : providers_) {
      const std::uint64_t number = changes(provider);
      if (number != queues.changes) {
        queues.changes = number;
        for (auto& [sender, queue] : queues.by_sender) {
          queue.ask_at = base::SteadyTime{};
        }
      }
    }
    return find_due(now, limit);
  }
  /// A flow's head is not asked about before `at`, unless something changes.
  void ask_again(const ramp::FlowKey& flow, base::SteadyTime at);
  /// Nor before `until`, whatever changes.
  void rest(const ramp::FlowKey& flow, base::SteadyTime until);
  /// Puts messages back into their queues that were set aside until now.
  void wake(base::SteadyTime now);

  /// Waiting messages that reserve some of their units.
  [[nodiscard]] const std::set<std::string>& reserving() const noexcept { return reserving_; }
  /// Those whose release has begun, oldest first.
  [[nodiscard]] const std::set<Age>& releasing() const noexcept { return releasing_; }
  /// Messages waiting for volume that came up to `before` and are not overdue yet, oldest first.
  [[nodiscard]] std::vector<std::string> find_overdue(base::WallTime before,
                                                      std::size_t limit) const;

 private:
  /// Order within a queue.
  struct Place {
    std::uint8_t rank = 0;
    Age age;
    friend auto operator<=>(const Place&, const Place&) = default;
  };
  struct Queue {
    std::set<Place> places;
    base::SteadyTime ask_at{};
    base::SteadyTime rests_until{};
    base::SteadyTime told_at{};  ///< by due()
  };
  struct Queues {
    std::map<std::string, Queue> by_sender;
    std::uint64_t changes = 0;
  };

  static Place place_of(const HeldMessage& message);
  template <class Providers>
  static auto find_queue(Providers& providers, const ramp::FlowKey& flow)
      -> decltype(&providers.begin()->second.by_sender.begin()->second) {
    const auto provider = providers.find(flow.provider);
    if (provider == providers.end()) {
      return nullptr;
    }
    const auto queue = provider->second.by_sender.find(flow.sender);
    return queue == provider->second.by_sender.end() ? nullptr : &queue->second;
  }
  std::vector<ramp::FlowKey> find_due(base::SteadyTime now, std::size_t limit);
  void link(HeldMessage& message);
  void unlink(HeldMessage& message);
  void enter_queue(const HeldMessage& message);
  void leave_queue(const HeldMessage& message);

  std::unordered_map<std::string, HeldMessage> messages_;
  std::map<std::string, Queues> providers_;
  std::set<Age> ages_;     // all
  std::set<Age> counted_;  // but those that are absent
  std::set<Age> on_time_;  // wait for volume and are not overdue
  std::set<Age> releasing_;
  std::set<std::string> reserving_;
  std::set<std::pair<base::SteadyTime, std::string>> aside_;
  Counts counts_;
  std::atomic<std::size_t>& waiting_;
};

}  // namespace rampart::ledger
