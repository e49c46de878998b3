// What people ask and order: status, flows, suppressions, what old logs showed.
//
// Threads: every function from any thread. Orders are durable when they return: they wait for the
// store at most ten seconds, what old logs showed thirty.
// Errors: a store that cannot be read is an error in its own words, never "none".

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rampart/base/mutex.h"
#include "rampart/base/result.h"
#include "rampart/base/time.h"
#include "rampart/engine/past.h"
#include "rampart/engine/status.h"
#include "rampart/engine/suppressions.h"
#include "rampart/mail/queue_id.h"
#include "rampart/mail/trail_event.h"
#include "rampart/ramp/flow.h"
#include "rampart/store/records.h"

namespace rampart::policy {
class Active;
}  // namespace rampart::policy
namespace rampart::store {
class StateStore;
struct SuppressionFilter;
}  // namespace rampart::store
namespace rampart::ledger {
class Domains;
class FlowTable;
class Guards;
class InForce;
struct LiveFlow;
struct LiveHost;
class Replies;
class Senders;
class Sources;
class Suppressor;
class Trail;
class Writer;
}  // namespace rampart::ledger

namespace rampart::engine {

class HeldQueue;

class Orders {
 public:
  struct Parts {
    const ledger::InForce& in_force;
    ledger::FlowTable& flows;
    ledger::Senders& senders;
    ledger::Domains& domains;
    ledger::Suppressor& suppressor;
    ledger::Guards& guards;
    ledger::Sources& sources;
    const ledger::Replies& replies;
    const ledger::Trail& trail;
    ledger::Writer& writer;
    const HeldQueue& held;
    store::StateStore& store;
    const base::Clock& clock;
  };
  explicit Orders(const Parts& parts) : with_(parts), started_(parts.clock.wall_now()) {}

  // Flows (flow_orders.cc).
  [[nodiscard]] Status status() const;
  [[nodiscard]] std::vector<PausedHost> paused_hosts() const;
  void set_warning(std::string_view topic, std::string_view sentence);
  [[nodiscard]] std::optional<FlowStatus> find_flow(const ramp::FlowKey& key) const;
  base::Result<> pause_flow(const ramp::FlowKey& key,
                            std::optional<base::Micros> duration,
                            std::string_view who);
  base::Result<> resume_flow(const ramp::FlowKey& key, std::string_view who);
  base::Result<> reset_flow(const ramp::FlowKey& key, std::string_view who);
  [[nodiscard]] base::Result<std::vector<mail::TrailEvent>> events_of(
      const mail::QueueId& queue_id) const;

  // Suppressions (suppression_orders.cc).
  base::Result<suppression::Entry> add_suppression(const SuppressionRequest& request,
                                                   std::string_view who);
  base::Result<std::uint64_t> import_suppressions(const std::vector<SuppressionRequest>& requests,
                                                  std::string_view who);
  base::Result<> remove_suppression(std::string_view key,
                                    std::string_view sender,
                                    std::string_view who);
  base::Result<SuppressionAnswer> why_suppressed(std::string_view key) const;
  base::Result<std::vector<suppression::Entry>> list_suppressions(
      const store::SuppressionFilter& filter) const;
  base::Result<std::uint64_t> change_pending(const PendingOrder& order,
                                             bool confirm,
                                             std::string_view who);
  base::Result<ListChange> apply_list(const std::string& file,
                                      const std::vector<std::string>& keys);

  // Old logs (past.cc).
  base::Result<> begin_sources(const std::vector<store::CursorRecord>& cursors);
  base::Result<std::vector<MergedFlow>> merge_past(const Past& past, std::string_view who);

 private:
  using Operations = std::vector<store::Operation>;
  std::optional<FlowStatus> status_of(const policy::Active& active,
                                      const ledger::LiveFlow& flow,
                                      const ledger::LiveHost& host,
                                      base::WallTime now) const;
  MergedFlow merge(const PastFlow& past, base::WallTime now);
  /// Queues what `change(i)` makes for every i below `count`, in pieces, up to the first error.
  base::Result<> in_pieces(std::size_t count,
                           const std::function<base::Result<Operations>(std::size_t)>& change);

  static constexpr base::Micros kTimeout = std::chrono::seconds{10};

  const Parts with_;
  const base::WallTime started_;
  mutable base::Mutex warnings_mutex_;
  std::map<std::string, std::string, std::less<>> warnings_
      RAMPART_GUARDED_BY(warnings_mutex_);  ///< of other rooms, by topic
};

}  // namespace rampart::engine
