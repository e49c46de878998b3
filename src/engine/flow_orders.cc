// Flows and the whole, as people see them and order.

#include <algorithm>
#include <iterator>

#include "rampart/base/text.h"
#include "rampart/ledger/domains.h"
#include "rampart/ledger/flow_table.h"
#include "rampart/ledger/guards.h"
#include "rampart/ledger/in_force.h"
#include "rampart/ledger/replies.h"
#include "rampart/ledger/senders.h"
#include "rampart/ledger/sources.h"
#include "rampart/ledger/suppressor.h"
#include "rampart/ledger/trail.h"
#include "rampart/ledger/writer.h"
#include "rampart/store/state_store.h"
#include "rampart/telemetry/counter.h"
#include "rampart/telemetry/log.h"

#include "held_queue.h"
#include "orders.h"
#include "text.h"

namespace rampart::engine {

using ledger::FlowTable;
using ledger::LiveFlow;
using ledger::LiveHost;
using policy::Active;
using policy::FlowRule;
using policy::Mode;

namespace {

using base::Error;

constexpr base::Micros kForEver = std::chrono::hours{24 * 365 * 10};

Error no_such_flow(const ramp::FlowKey& key) {
  return {Error::Kind::NotFound, "no flow \"" + base::printable(key.sender) + "\" to \"" +
                                     base::printable(key.provider) +
                                     "\"; rampart status --all lists them"};
}

void log_order(std::string_view what, const ramp::FlowKey& key, std::string_view who) {
  telemetry::write(telemetry::Level::Info, telemetry::Line("flow")
                                               .add("change", what)
                                               .add("sender", key.sender)
                                               .add("provider", key.provider)
                                               .add("by", who));
}

}  // namespace

std::optional<FlowStatus> Orders::status_of(const Active& policy,
                                            const LiveFlow& flow,
                                            const LiveHost& host,
                                            base::WallTime now) const {
  const FlowRule& rule = policy.rule_for(flow.key);
  FlowStatus status;
  status.key = flow.key;
  status.plan = rule.plan.schedule.empty() ? rule.plan.name : rule.plan.name + " (schedule)";
  status.action = to_string(rule.over);
  status.observe = rule.mode == Mode::Observe;
  status.exempt = rule.exempt;
  status.summary =
      ramp::summarize(flow.state, host.state, with_.senders.health(flow.key.sender),
                      with_.in_force.context(policy, flow.key, now), &policy.host_plan());
  status.in_flight = flow.state.in_flight;
  status.deferred_waiting = flow.state.deferred;
  status.delivered = flow.delivered;
  status.deferrals = flow.deferrals;
  status.refused = flow.refused;
  status.last_reply = flow.last_reply;
  status.last_rule = flow.last_rule;
  status.last_active = flow.state.touched;
  status.smarthost = policy.options().smarthost && !policy.options().reads_notices;
  return status;
}

Status Orders::status() const {
  const std::shared_ptr<const Active> policy = with_.in_force.active();
  Status status;
  status.now = with_.clock.wall_now();
  status.started = started_;
  status.mode = policy->options().mode;
  status.store = with_.store.describe();
  status.store_degraded = with_.writer.is_degraded();
  status.feed_problem = with_.sources.find_problem(policy->options().max_lag);
  status.feed_healthy = status.feed_problem.empty();
  with_.flows.for_each([&](const LiveFlow& flow, const LiveHost& host) {
    status.flows.push_back(*status_of(*policy, flow, host, status.now));
  });
  std::sort(status.flows.begin(), status.flows.end(),
            [](const FlowStatus& a, const FlowStatus& b) { return a.key < b.key; });
  with_.held.describe(status);
  status.sources = with_.sources.all();
  status.replies = with_.replies.counts();
  status.suppressed = with_.suppressor.size();
  status.suppressed_added = with_.suppressor.added();
  status.suppressed_pending = with_.suppressor.pending();
  status.replies_unknown = with_.replies.unknown();
  for (ledger::Guards::Leapt& leapt : with_.guards.leapt(status.now)) {
    const auto pending = with_.suppressor.pending_keys(leapt.provider).size();
    status.warnings.push_back(
        (leapt.provider == suppression::Guards::kHost ? "all providers" : leapt.provider) + ": " +
        leapt.text + "; new suppressions are pending (rampart suppression list --pending)");
    status.guards.push_back({std::move(leapt.provider), std::move(leapt.text), pending});
  }
  status.counters = telemetry::read_counters();
  if (!policy->options().has_log_source) {
    status.warnings.emplace_back(
        "no log is read: nothing can be learned, and limits on mail in flight are off");
  } else if (!status.feed_healthy) {
    status.warnings.emplace_back("log: " + status.feed_problem +
                                 "; limits on mail in flight are off, levels are frozen");
  }
  if (status.store_degraded) {
    status.warnings.emplace_back("store: " + with_.writer.problem() + "; mail goes on");
  }
  {
    const base::MutexLock lock(warnings_mutex_);
    for (const auto& [topic, sentence] : warnings_) {
      status.warnings.push_back(sentence);
    }
  }
  for (const FlowStatus& flow : status.flows) {
    if (flow.summary.status != ramp::FlowStatus::Open &&
        flow.summary.until > status.now + policy->options().warn_wait) {
      status.warnings.emplace_back(flow.key.sender + " to " + flow.key.provider +
                                   " waits for more than " +
                                   base::format_duration(policy->options().warn_wait) +
                                   "; deferred mail may expire in its queue");
    }
  }
  return status;
}

std::optional<FlowStatus> Orders::find_flow(const ramp::FlowKey& key) const {
  const std::shared_ptr<const Active> policy = with_.in_force.active();
  std::optional<FlowStatus> status;
  with_.flows.read(key, [&](const LiveFlow& flow, const LiveHost& host) {
    const base::WallTime now = with_.clock.wall_now();
    status = status_of(*policy, flow, host, now);
    status->explanation =
        ramp::explain(flow.state, host.state, with_.senders.health(key.sender),
                      with_.in_force.context(*policy, key, now), &policy->host_plan());
  });
  return status;
}

base::Result<> Orders::pause_flow(const ramp::FlowKey& key,
                                  std::optional<base::Micros> duration,
                                  std::string_view who) {
  if (!find_flow(key)) {
    return no_such_flow(key);
  }
  const base::WallTime until = with_.clock.wall_now() + duration.value_or(kForEver);
  with_.flows.change(
      key, [&](const FlowTable::View& view) { ramp::set_manual_pause(view.flow.state, until); });
  log_order("paused", key, who);
  return with_.writer.sync(kTimeout);
}

base::Result<> Orders::resume_flow(const ramp::FlowKey& key, std::string_view who) {
  if (!find_flow(key)) {
    return no_such_flow(key);
  }
  with_.flows.change(key, [&](const FlowTable::View& view) {
    with_.senders.change(key.sender, [&](ramp::Health& health) {
      ramp::resume(view.flow.state, health);
      return 0;
    });
  });
  log_order("resumed", key, who);
  return with_.writer.sync(kTimeout);
}

base::Result<> Orders::reset_flow(const ramp::FlowKey& key, std::string_view who) {
  {
    const base::MutexLock gate(with_.writer.gate());
    if (!with_.flows.erase(key)) {
      return no_such_flow(key);
    }
    with_.writer.add({store::EraseFlow{key}});
  }
  log_order("reset", key, who);
  return with_.writer.sync(kTimeout);
}

std::vector<PausedHost> Orders::paused_hosts() const {
  const std::shared_ptr<const Active> policy = with_.in_force.active();
  std::vector<PausedHost> paused;
  if (policy->options().mode != Mode::Enforce) {
    return paused;
  }
  const base::WallTime now = with_.clock.wall_now();
  with_.flows.for_each_host([&](const LiveHost& host) {
    if (now < host.state.flow.pause_until) {
      paused.push_back({host.provider, host.state.flow.pause_until, {}});
    }
  });
  std::sort(paused.begin(), paused.end(),
            [](const PausedHost& a, const PausedHost& b) { return a.provider < b.provider; });
  const provider::Table& table = policy->policy().providers;
  for (PausedHost& host : paused) {
    // Where nobody named a group, the provider is a domain.
    const std::vector<std::string> named = table.is_named(host.provider)
                                               ? table.domains_of(host.provider)
                                               : std::vector<std::string>{host.provider};
    const std::vector<std::string> known = with_.domains.domains_of(host.provider);
    std::set_union(named.begin(), named.end(), known.begin(), known.end(),
                   std::back_inserter(host.domains));
  }
  return paused;
}

void Orders::set_warning(std::string_view topic, std::string_view sentence) {
  const base::MutexLock lock(warnings_mutex_);
  if (sentence.empty()) {
    if (const auto found = warnings_.find(topic); found != warnings_.end()) {
      warnings_.erase(found);
    }
  } else {
    warnings_.insert_or_assign(std::string(topic), std::string(sentence));
  }
}

base::Result<std::vector<mail::TrailEvent>> Orders::events_of(const mail::QueueId& queue_id) const {
  auto events = with_.trail.find(queue_id.text(),
                                 with_.clock.wall_now() - with_.in_force.active()->options().keep);
  return events ? std::move(events) : unreadable(events.error());
}

}  // namespace rampart::engine
