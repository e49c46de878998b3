#include "rampart/ledger/flow_table.h"

#include <algorithm>

namespace rampart::ledger {
namespace {

// Unspent units of an expired lease go back: memory forgets them before the store does.
std::uint32_t roll_lease(Lease& lease, base::SteadyTime now) {
  if (lease.left > 0 && now >= lease.until) {
    lease.left = 0;
  }
  const std::uint32_t units = now == FlowTable::kStop ? 0 : lease.want;
  lease.want = 0;
  lease.asked = units;
  return units;
}

}  // namespace

LiveFlow& FlowTable::find_or_make_flow(Shard& shard, const ramp::FlowKey& key) {
  const auto [found, made] = shard.flows.try_emplace(key);
  if (made) {
    found->second.key = key;
  }
  return found->second;
}

LiveHost& FlowTable::find_or_make_host(Shard& shard, const std::string& provider) {
  const auto [found, made] = shard.hosts.try_emplace(provider);
  if (made) {
    found->second.provider = provider;
  }
  return found->second;
}

std::uint64_t FlowTable::changes(const std::string& provider) const {
  const Shard& shard = shard_of(provider);
  const base::MutexLock lock(shard.mutex);
  const auto host = shard.hosts.find(provider);
  return host == shard.hosts.end() ? 0 : host->second.changes;
}

void FlowTable::mark(Shard& shard, const View& view) {
  ++view.host.changes;
  if (!view.flow.dirty) {
    view.flow.dirty = true;
    shard.dirty_flows.push_back(&view.flow);
  }
  mark(shard, view.host);
}

void FlowTable::mark(Shard& shard, LiveHost& host) {
  if (!host.dirty) {
    host.dirty = true;
    shard.dirty_hosts.push_back(&host);
  }
}

void FlowTable::restore(const store::FlowRecord& record) {
  Shard& shard = shard_of(record.key.provider);
  const base::MutexLock lock(shard.mutex);
  find_or_make_flow(shard, record.key).state = record.state;
  find_or_make_host(shard, record.key.provider);
}

void FlowTable::restore(const store::HostFlowRecord& record) {
  Shard& shard = shard_of(record.provider);
  const base::MutexLock lock(shard.mutex);
  find_or_make_host(shard, record.provider).state = record.state;
}

bool FlowTable::erase(const ramp::FlowKey& key) {
  Shard& shard = shard_of(key.provider);
  const base::MutexLock lock(shard.mutex);
  const auto found = shard.flows.find(key);
  if (found == shard.flows.end()) {
    return false;
  }
  std::erase(shard.dirty_flows, &found->second);
  shard.flows.erase(found);
  return true;
}

void FlowTable::expire_leases(base::SteadyTime now) {
  for (Shard& shard : shards_) {
    const base::MutexLock lock(shard.mutex);
    for (auto& [key, flow] : shard.flows) {
      LiveHost& host = shard.hosts.at(key.provider);
      const bool due = (flow.lease.left > 0 && now >= flow.lease.until) ||
                       (host.lease.left > 0 && now >= host.lease.until);
      if (due) {
        mark(shard, View{flow, host});
      }
    }
  }
}

void FlowTable::collect_shard(Shard& shard,
                              Round& round,
                              base::SteadyTime steady_now,
                              std::vector<store::Operation>& operations) {
  for (LiveFlow* flow : shard.dirty_flows) {
    flow->dirty = false;
    const std::uint32_t units = roll_lease(flow->lease, steady_now);
    operations.emplace_back(
        store::FlowRecord{flow->key, flow->state, flow->lease.left + units, {}});
    round.flows.push_back(flow->key);
    if (units > 0) {
      round.grants.push_back({flow->key, false, units});
    }
  }
  shard.dirty_flows.clear();
  for (LiveHost* host : shard.dirty_hosts) {
    host->dirty = false;
    const std::uint32_t units = roll_lease(host->lease, steady_now);
    operations.emplace_back(
        store::HostFlowRecord{host->provider, host->state, host->lease.left + units, {}});
    round.hosts.push_back(host->provider);
    if (units > 0) {
      round.grants.push_back({ramp::FlowKey{{}, host->provider}, true, units});
    }
  }
  shard.dirty_hosts.clear();
}

FlowTable::Round FlowTable::collect(base::WallTime now,
                                    base::SteadyTime steady_now,
                                    std::vector<store::Operation>& operations) {
  Round round;
  const std::size_t first = operations.size();
  for (Shard& shard : shards_) {
    const base::MutexLock lock(shard.mutex);
    collect_shard(shard, round, steady_now, operations);
  }
  for (std::size_t i = first; i < operations.size(); ++i) {
    if (auto* flow = std::get_if<store::FlowRecord>(&operations[i])) {
      flow->leased_at = now;
    } else if (auto* host = std::get_if<store::HostFlowRecord>(&operations[i])) {
      host->leased_at = now;
    }
  }
  return round;
}

void FlowTable::settle(const Round& round, bool stored, base::SteadyTime until) {
  for (const Round::Grant& grant : round.grants) {
    Shard& shard = shard_of(grant.key.provider);
    const base::MutexLock lock(shard.mutex);
    Lease* lease = nullptr;
    if (grant.host) {
      const auto found = shard.hosts.find(grant.key.provider);
      lease = found == shard.hosts.end() ? nullptr : &found->second.lease;
    } else {
      const auto found = shard.flows.find(grant.key);
      lease = found == shard.flows.end() ? nullptr : &found->second.lease;
    }
    if (lease == nullptr) {
      continue;  // reset by a person meanwhile
    }
    lease->asked = 0;
    if (stored) {
      lease->left += grant.units;
      lease->until = until;
    } else {
      lease->want = std::max(lease->want, grant.units);
    }
  }
  if (stored) {
    return;
  }
  for (const ramp::FlowKey& key : round.flows) {
    Shard& shard = shard_of(key.provider);
    const base::MutexLock lock(shard.mutex);
    const auto flow = shard.flows.find(key);
    if (flow != shard.flows.end()) {
      mark(shard, View{flow->second, find_or_make_host(shard, key.provider)});
    }
  }
  for (const std::string& provider : round.hosts) {
    Shard& shard = shard_of(provider);
    const base::MutexLock lock(shard.mutex);
    LiveHost& host = find_or_make_host(shard, provider);
    if (!host.dirty) {
      host.dirty = true;
      shard.dirty_hosts.push_back(&host);
    }
  }
}

}  // namespace rampart::ledger
