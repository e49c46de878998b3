// The ledger: everything that is alive in one process, and its way into the store. Deciding spends
// from it, learning changes it, people look at it.
//
// Threads: each part says its own. Lock order: the writer's gate, book_mutex, a provider shard
// (FlowTable), Senders; all others take only their own lock. A lock that a milter's thread takes is
// never held across a call to the store.

#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "rampart/base/result.h"
#include "rampart/base/time.h"
#include "rampart/ledger/books.h"
#include "rampart/ledger/classifier.h"
#include "rampart/ledger/domains.h"
#include "rampart/ledger/flow_table.h"
#include "rampart/ledger/guards.h"
#include "rampart/ledger/in_force.h"
#include "rampart/ledger/replies.h"
#include "rampart/ledger/seen.h"
#include "rampart/ledger/senders.h"
#include "rampart/ledger/sources.h"
#include "rampart/ledger/suppressor.h"
#include "rampart/ledger/trail.h"
#include "rampart/ledger/witnesses.h"
#include "rampart/ledger/writer.h"

namespace rampart::store {
class StateStore;
struct Snapshot;
}  // namespace rampart::store

namespace rampart::ledger {

class Ledger : public InForce, public Books {
 public:
  Ledger(store::StateStore& state_store, const base::Clock& time_source);
  /// Gives back unspent leases and writes everything that is pending.
  ~Ledger();
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  /// Reads the store, counts what a crash left of leases, and starts writing. Call first, once.
  base::Result<> open(std::shared_ptr<const policy::Active> active);
  /// Puts another policy in force.
  void adopt(std::shared_ptr<const policy::Active> active);

  /// Learns what the store did not answer for when it was told. @return nothing waits any more
  bool learn_delayed();

  store::StateStore& store;
  const base::Clock& clock;

  FlowTable flows;
  Senders senders;
  Suppressor suppressor;
  Domains domains;
  Sources sources;
  Replies replies;
  Classifier classifier;  ///< under the writer's gate
  Guards guards;
  Seen seen;
  Witnesses witnesses;  ///< under the writer's gate
  Trail trail;

  std::unique_ptr<Writer> writer;  ///< from open() on

 private:
  void restore(store::Snapshot snapshot);
  void start_writer();

  std::atomic<bool> expire_all_leases_{false};  // at a clean stop
  FlowTable::Round round_;                      // the writer's
};

}  // namespace rampart::ledger
