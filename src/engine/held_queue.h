// Mail that rampart holds: its way in, the order in which it goes, and what people are told of it.
//
// A released message is charged when its release begins, durably, and only then may the MTA be
// asked to let it go: whatever is killed in between, nothing goes uncharged and nothing is charged
// twice.
//
// Threads: every function from any thread. enter(), count_ahead(), not_held() and hold_for_person()
// are the milter's and never wait; the others may wait for the store.
// Lock order: the writer's gate, the books, a provider shard.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "rampart/base/mutex.h"
#include "rampart/base/result.h"
#include "rampart/base/time.h"
#include "rampart/engine/held.h"
#include "rampart/ledger/books.h"
#include "rampart/mail/queue_id.h"
#include "rampart/ramp/flow.h"

namespace rampart::policy {
class Active;
}  // namespace rampart::policy
namespace rampart::ledger {
class FlowTable;
class InForce;
class Senders;
class Sources;
class Trail;
class Writer;
}  // namespace rampart::ledger

namespace rampart::engine {

struct Status;

/// Reasons that end by themselves as windows move on and reports come; the others are the
/// provider's or a person's word.
constexpr bool is_volume(ramp::Reason reason) noexcept {
  return reason == ramp::Reason::Day || reason == ramp::Reason::Hour ||
         reason == ramp::Reason::Pace || reason == ramp::Reason::InFlight ||
         reason == ramp::Reason::FirstContact;
}

class HeldQueue {
 public:
  struct Parts {
    const ledger::InForce& in_force;
    ledger::FlowTable& flows;
    const ledger::Senders& senders;
    ledger::Sources& sources;
    ledger::Trail& trail;
    ledger::Books& books;
    ledger::Writer& writer;
    const base::Clock& clock;
  };
  explicit HeldQueue(const Parts& parts) : with_(parts), books_(parts.books) {}

  // --- the way in (hold.cc) ---
  /// One that waits for a person is known at least until a restart.
  /// @param lacks  the flow that it waits for
  /// @return whether it goes into the store
  bool enter(const store::HeldRecord& record, const ramp::FlowKey& lacks);
  /// How many messages go before new mail of a flow; 0 also if nobody releases them.
  [[nodiscard]] std::size_t count_ahead(const ramp::FlowKey& flow) const;
  void not_held(const mail::QueueId& queue_id);
  void hold_for_person(const mail::QueueId& queue_id);

  void set_releaser(const ReleaserStatus& status);
  [[nodiscard]] bool is_releaser_alive() const;
  /// Mail could not be held because nobody releases it.
  void miss_releaser() noexcept { missed_releaser_ = true; }

  /// Oldest first.
  [[nodiscard]] std::vector<HeldMessage> all() const;
  /// Fills in what a status tells of held mail.
  void describe(Status& status) const;

  // --- the way out (release.cc); see Engine ---
  base::Result<std::vector<mail::QueueId>> begin_release(std::size_t limit);
  base::Result<std::vector<mail::QueueId>> order_release(const std::vector<mail::QueueId>& ids,
                                                         std::string_view who);
  void end_release(const mail::QueueId& id, Fate fate, std::string_view who);
  std::vector<mail::QueueId> releasing();
  void reconcile(const std::set<std::string>& in_hold_queue, base::WallTime listed_at);
  base::Result<> drop(const std::vector<mail::QueueId>& ids, std::string_view who);

 private:
  class Turn;  // one call of begin_release()
  using Begun = std::vector<store::HeldRecord>;
  /// What a flow says to so many units now, and its numbers. Nothing is changed.
  struct Look {
    ramp::Admission admission;
    ramp::Allowance allowance;
  };
  [[nodiscard]] Look look(const policy::Active& active,
                          const ramp::FlowKey& key,
                          std::uint32_t units,
                          base::WallTime now) const;
  base::Result<std::vector<mail::QueueId>> settle_begun(const Begun& begun);
  Fate conclude(const ledger::HeldMessage& message,
                Fate fate,
                base::WallTime now,
                std::vector<store::Operation>& operations) RAMPART_REQUIRES(books_.book_mutex);

  static constexpr base::Micros kTimeout = std::chrono::seconds{10};
  static constexpr std::size_t kPage = 1000;  // looked at under one lock

  const Parts with_;
  ledger::Books& books_;

  mutable base::Mutex releaser_mutex_;
  ReleaserStatus releaser_ RAMPART_GUARDED_BY(releaser_mutex_);
  std::atomic<base::SteadyTime> releaser_answered_{base::SteadyTime::min()};
  std::atomic<bool> missed_releaser_{false};

  /// The last message whose reservation was looked at; "": begin with the first.
  std::string lapse_place_ RAMPART_GUARDED_BY(books_.book_mutex);
};

}  // namespace rampart::engine
