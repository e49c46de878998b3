// Live flows and host flows, in shards by provider: a flow and the host flow it belongs to are
// always under one lock.
//
// Threads: any function from any thread. collect() and settle() are the writer's.
// Lock order: one shard at a time; a caller inside visit() may lock Senders, nothing else.
//
// A lease is a block of units that the store already counts and memory has not spent. What is
// stored of a flow is always its state plus its lease, so it never counts less than what was
// admitted.

#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "rampart/base/mutex.h"
#include "rampart/base/time.h"
#include "rampart/ramp/flow.h"
#include "rampart/store/records.h"

namespace rampart::ledger {

struct Lease {
  std::uint32_t left = 0;    ///< counted in the store, not yet spent
  std::uint32_t want = 0;    ///< to be counted at the next round
  std::uint32_t asked = 0;   ///< being counted by the round that is under way
  base::SteadyTime until{};  ///< unspent units are given back then
};

struct LiveFlow {
  ramp::FlowKey key;
  ramp::Flow state;
  Lease lease;
  bool dirty = false;
  std::uint64_t delivered = 0;
  std::uint64_t deferrals = 0;
  std::uint64_t refused = 0;
  std::string last_reply;
  std::string last_rule;
};

struct LiveHost {
  std::string provider;
  ramp::HostFlow state;
  Lease lease;
  bool dirty = false;
  std::uint64_t changes = 0;  ///< of the flows of this provider
};

class FlowTable {
 public:
  /// A flow and its host flow under their lock.
  struct View {
    LiveFlow& flow;
    LiveHost& host;
  };

  /// Calls `action(View)` under the lock, creating both records if need be; whatever it changes is
  /// written behind. @return what `action` returns
  template <class Action>
  auto change(const ramp::FlowKey& key, Action&& action) {
    Shard& shard = shard_of(key.provider);
    const base::MutexLock lock(shard.mutex);
    const View view{find_or_make_flow(shard, key), find_or_make_host(shard, key.provider)};
    mark(shard, view);
    return action(view);
  }

  /// The same for a host flow alone.
  template <class Action>
  auto change_host(const std::string& provider, Action&& action) {
    Shard& shard = shard_of(provider);
    const base::MutexLock lock(shard.mutex);
    LiveHost& host = find_or_make_host(shard, provider);
    mark(shard, host);
    return action(host);
  }

  /// Calls `action(const LiveFlow&, const LiveHost&)` if the flow exists. @return whether it does
  template <class Action>
  bool read(const ramp::FlowKey& key, Action&& action) const {
    const Shard& shard = shard_of(key.provider);
    const base::MutexLock lock(shard.mutex);
    const auto flow = shard.flows.find(key);
    const auto host = shard.hosts.find(key.provider);
    if (flow == shard.flows.end() || host == shard.hosts.end()) {
      return false;
    }
    action(flow->second, host->second);
    return true;
  }

  /// Calls `action(const LiveFlow&, const LiveHost&)` for every flow, shard by shard.
  template <class Action>
  void for_each(Action&& action) const {
    for (const Shard& shard : shards_) {
      const base::MutexLock lock(shard.mutex);
      for (const auto& [key, flow] : shard.flows) {
        action(flow, shard.hosts.at(key.provider));
      }
    }
  }

  /// A number that grows with every change of a flow to this provider; 0: there is none.
  [[nodiscard]] std::uint64_t changes(const std::string& provider) const;

  /// Calls `action(const LiveHost&)` for every host flow, shard by shard.
  template <class Action>
  void for_each_host(Action&& action) const {
    for (const Shard& shard : shards_) {
      const base::MutexLock lock(shard.mutex);
      for (const auto& [provider, host] : shard.hosts) {
        action(host);
      }
    }
  }

  /// At start, before any other thread.
  void restore(const store::FlowRecord& record);
  void restore(const store::HostFlowRecord& record);

  /// Forgets a flow. @return whether it existed
  bool erase(const ramp::FlowKey& key);

  /// The time of a clean stop: every lease has run out by then, and none is granted.
  static constexpr base::SteadyTime kStop = base::SteadyTime::max();

  /// Forgets the flows for which `is_idle(const LiveFlow&)` holds and which have no lease; the
  /// caller holds the writer's gate. @return their keys
  template <class Predicate>
  std::vector<ramp::FlowKey> erase_idle(Predicate&& is_idle) {
    std::vector<ramp::FlowKey> erased;
    for (Shard& shard : shards_) {
      const base::MutexLock lock(shard.mutex);
      for (auto at = shard.flows.begin(); at != shard.flows.end();) {
        const LiveFlow& flow = at->second;
        const bool leased = flow.lease.left + flow.lease.want + flow.lease.asked > 0;
        if (flow.dirty || leased || !is_idle(flow)) {
          ++at;
          continue;
        }
        erased.push_back(flow.key);
        at = shard.flows.erase(at);
      }
    }
    return erased;
  }

  /// Marks flows whose lease has run out, so that the next round gives the rest back.
  void expire_leases(base::SteadyTime now);

  /// One round of writing: everything that changed, with the leases wanted.
  struct Round {
    struct Grant {
      ramp::FlowKey key;
      bool host = false;
      std::uint32_t units = 0;
    };
    std::vector<Grant> grants;
    std::vector<ramp::FlowKey> flows;
    std::vector<std::string> hosts;
  };
  Round collect(base::WallTime now,
                base::SteadyTime steady_now,
                std::vector<store::Operation>& operations);
  /// Ends a round: leases are spendable until `until` if it was stored, otherwise all is written
  /// again.
  void settle(const Round& round, bool stored, base::SteadyTime until);

 private:
  struct KeyHash {
    std::size_t operator()(const ramp::FlowKey& key) const noexcept {
      return std::hash<std::string>{}(key.sender) * 31 + std::hash<std::string>{}(key.provider);
    }
  };
  struct Shard {
    mutable base::Mutex mutex;
    std::unordered_map<ramp::FlowKey, LiveFlow, KeyHash> flows;
    std::unordered_map<std::string, LiveHost> hosts;
    std::vector<LiveFlow*> dirty_flows;
    std::vector<LiveHost*> dirty_hosts;
  };
  static constexpr std::size_t kShards = 16;

  Shard& shard_of(const std::string& provider) {
    return shards_[std::hash<std::string>{}(provider) % kShards];
  }
  [[nodiscard]] const Shard& shard_of(const std::string& provider) const {
    return shards_[std::hash<std::string>{}(provider) % kShards];
  }
  static LiveFlow& find_or_make_flow(Shard& shard, const ramp::FlowKey& key);
  static LiveHost& find_or_make_host(Shard& shard, const std::string& provider);
  static void mark(Shard& shard, const View& view);
  static void mark(Shard& shard, LiveHost& host);
  static void collect_shard(Shard& shard,
                            Round& round,
                            base::SteadyTime steady_now,
                            std::vector<store::Operation>& operations);

  std::array<Shard, kShards> shards_;
};

}  // namespace rampart::ledger
