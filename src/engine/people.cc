// What people ask and order: status, flows, suppressions, held mail.

#include <algorithm>
#include <set>

#include "rampart/base/text.h"
#include "rampart/telemetry/counter.h"
#include "rampart/telemetry/log.h"

#include "data.h"
#include "text.h"

namespace rampart::engine {
namespace {

using base::Error;

constexpr base::Micros kSyncTimeout = std::chrono::seconds{10};
constexpr base::Micros kForEver = std::chrono::hours{24 * 365 * 10};

Error no_such_flow(const ramp::FlowKey& key) {
  return {Error::Kind::NotFound, "no flow \"" + base::printable(key.sender) + "\" to \"" +
                                     base::printable(key.provider) +
                                     "\"; rampart status --all lists them"};
}

base::Result<suppression::Entry> make_entry(const Engine::SuppressionRequest& request,
                                            const suppression::Options& options,
                                            base::WallTime now) {
  const auto key = suppression::parse_key(request.key, options);
  if (!key) {
    return Error{Error::Kind::InvalidInput, "\"" + base::printable(request.key) +
                                                "\" is no address; write user@example.org, or "
                                                "@example.org for a whole domain"};
  }
  suppression::Entry entry;
  entry.key = *key;
  entry.sender = request.sender;
  entry.reason = request.reason;
  entry.evidence = request.text;
  entry.since = now;
  if (request.lifetime) {
    entry.until = now + *request.lifetime;
  }
  return entry;
}

Error stopping() {
  return {Error::Kind::Unavailable, "the service is stopping; a part may have been applied"};
}

void log_order(std::string_view what, const ramp::FlowKey& key, std::string_view who) {
  telemetry::write(telemetry::Level::Info, telemetry::Line("flow")
                                               .add("change", what)
                                               .add("sender", key.sender)
                                               .add("provider", key.provider)
                                               .add("by", who));
}

}  // namespace

std::optional<FlowStatus> Engine::Data::status_of(const Active& policy,
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
  status.summary = ramp::summarize(flow.state, host.state, senders.health(flow.key.sender),
                                   context(policy, flow.key, now), &policy.host_plan());
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

Status Engine::status() const {
  const Data& data = *data_;
  const std::shared_ptr<const Active> policy = data.active();
  Status status;
  status.now = data.clock.wall_now();
  status.started = data.started;
  status.mode = policy->options().mode;
  status.store = data.store.describe();
  status.store_degraded = data.writer->is_degraded();
  status.feed_problem = data.sources.find_problem(policy->options().max_lag);
  status.feed_healthy = status.feed_problem.empty();
  data.flows.for_each([&](const LiveFlow& flow, const LiveHost& host) {
    status.flows.push_back(*data.status_of(*policy, flow, host, status.now));
  });
  std::sort(status.flows.begin(), status.flows.end(),
            [](const FlowStatus& a, const FlowStatus& b) { return a.key < b.key; });
  data.describe_held(status);
  status.sources = data.sources.all();
  status.replies = data.replies.counts();
  status.suppressed = data.suppressor.size();
  status.suppressed_added = data.suppressor.added();
  status.suppressed_pending = data.suppressor.pending();
  status.replies_unknown = data.replies.unknown();
  for (ledger::Guards::Leapt& leapt : data.guards.leapt(status.now)) {
    const auto pending = data.suppressor.pending_keys(leapt.provider).size();
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
    status.warnings.emplace_back("store: " + data.writer->problem() + "; mail goes on");
  }
  {
    const base::MutexLock lock(data.warnings_mutex);
    for (const auto& [topic, sentence] : data.warnings) {
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

std::optional<FlowStatus> Engine::find_flow(const ramp::FlowKey& key) const {
  const std::shared_ptr<const Active> policy = data_->active();
  std::optional<FlowStatus> status;
  data_->flows.read(key, [&](const LiveFlow& flow, const LiveHost& host) {
    const base::WallTime now = data_->clock.wall_now();
    status = data_->status_of(*policy, flow, host, now);
    status->explanation = ramp::explain(flow.state, host.state, data_->senders.health(key.sender),
                                        data_->context(*policy, key, now), &policy->host_plan());
  });
  return status;
}

base::Result<> Engine::pause_flow(const ramp::FlowKey& key,
                                  std::optional<base::Micros> duration,
                                  std::string_view who) {
  if (!find_flow(key)) {
    return no_such_flow(key);
  }
  const base::WallTime until = data_->clock.wall_now() + duration.value_or(kForEver);
  data_->flows.change(
      key, [&](const FlowTable::View& view) { ramp::set_manual_pause(view.flow.state, until); });
  log_order("paused", key, who);
  return sync(kSyncTimeout);
}

base::Result<> Engine::resume_flow(const ramp::FlowKey& key, std::string_view who) {
  if (!find_flow(key)) {
    return no_such_flow(key);
  }
  data_->flows.change(key, [&](const FlowTable::View& view) {
    data_->senders.change(key.sender, [&](ramp::Health& health) {
      ramp::resume(view.flow.state, health);
      return 0;
    });
  });
  log_order("resumed", key, who);
  return sync(kSyncTimeout);
}

base::Result<> Engine::reset_flow(const ramp::FlowKey& key, std::string_view who) {
  {
    const base::MutexLock gate(data_->writer->gate());
    if (!data_->flows.erase(key)) {
      return no_such_flow(key);
    }
    data_->writer->add({store::EraseFlow{key}});
  }
  log_order("reset", key, who);
  return sync(kSyncTimeout);
}

// Learning, deciding and writing go on between the pieces.
bool Engine::Data::in_pieces(
    std::size_t count, const std::function<std::vector<store::Operation>(std::size_t)>& change) {
  constexpr std::size_t kPiece = 2'000;
  for (std::size_t begin = 0; begin < count; begin += kPiece) {
    if (!writer->wait_for_room()) {
      return false;
    }
    const base::MutexLock gate(writer->gate());
    std::vector<store::Operation> operations;
    for (std::size_t i = begin; i < std::min(count, begin + kPiece); ++i) {
      auto made = change(i);
      std::move(made.begin(), made.end(), std::back_inserter(operations));
    }
    writer->add(std::move(operations));
  }
  return true;
}

base::Result<suppression::Entry> Engine::add_suppression(const SuppressionRequest& request,
                                                         std::string_view who) {
  const base::WallTime now = data_->clock.wall_now();
  const auto made = make_entry(request, data_->active()->options().suppression, now);
  if (!made) {
    return made.error();
  }
  const suppression::Entry& entry = *made;
  {
    const base::MutexLock gate(data_->writer->gate());
    data_->writer->add(data_->suppressor.add(entry, who, now));
  }
  if (const auto stored = sync(kSyncTimeout); !stored) {
    return stored.error();
  }
  return entry;
}

base::Result<std::uint64_t> Engine::import_suppressions(
    const std::vector<SuppressionRequest>& requests, std::string_view who) {
  const base::WallTime now = data_->clock.wall_now();
  const std::shared_ptr<const Active> policy = data_->active();
  std::vector<suppression::Entry> entries;
  entries.reserve(requests.size());
  for (const SuppressionRequest& request : requests) {
    auto entry = make_entry(request, policy->options().suppression, now);
    if (!entry) {
      return entry.error();
    }
    entries.push_back(std::move(*entry));
  }
  std::uint64_t added = 0;
  const bool done = data_->in_pieces(entries.size(), [&](std::size_t i) {
    const suppression::Entry& entry = entries[i];
    if (data_->suppressor.find(entry.key, entry.sender, now)) {
      return std::vector<store::Operation>{};  // there already, for whatever reason
    }
    auto changes = data_->suppressor.add(entry, who, now);
    added += changes.empty() ? 0U : 1U;
    return changes;
  });
  if (!done) {
    return stopping();
  }
  if (const auto stored = sync(kSyncTimeout); !stored) {
    return stored.error();
  }
  return added;
}

base::Result<> Engine::remove_suppression(std::string_view key,
                                          std::string_view sender,
                                          std::string_view who) {
  const auto canonical = suppression::parse_key(key, data_->active()->options().suppression);
  if (!canonical) {
    return Error{Error::Kind::InvalidInput, "\"" + base::printable(key) + "\" is no address"};
  }
  {
    const base::MutexLock gate(data_->writer->gate());
    auto operations = data_->suppressor.remove(
        *canonical, sender, suppression::Change::Kind::Removed, who, data_->clock.wall_now());
    if (operations.empty()) {
      return Error{Error::Kind::NotFound, *canonical + " is not suppressed"};
    }
    operations.emplace_back(store::EraseEvidence{*canonical, std::string(sender)});
    data_->suppressor.forget_evidence(*canonical, sender);
    data_->writer->add(std::move(operations));
  }
  return sync(kSyncTimeout);
}

base::Result<Engine::SuppressionAnswer> Engine::why_suppressed(std::string_view key) const {
  const std::shared_ptr<const Active> policy = data_->active();
  const auto canonical = suppression::parse_key(key, policy->options().suppression);
  if (!canonical) {
    return Error{Error::Kind::InvalidInput, "\"" + base::printable(key) + "\" is no address"};
  }
  SuppressionAnswer answer;
  answer.key = *canonical;
  std::vector<std::string> keys{*canonical};
  if (const std::size_t at = canonical->rfind('@'); at != 0 && at != std::string::npos) {
    keys.push_back(canonical->substr(at));
  }
  const base::WallTime now = data_->clock.wall_now();
  for (const std::string& one : keys) {
    const auto entries = data_->suppressor.entries(one);
    if (!entries) {
      return entries.error();
    }
    std::copy_if(entries->begin(), entries->end(), std::back_inserter(answer.entries),
                 [&](const suppression::Entry& e) { return !e.until || *e.until > now; });
    const auto history = data_->store.history(one);
    if (!history) {
      return history.error();
    }
    answer.history.insert(answer.history.end(), history->begin(), history->end());
  }
  return answer;
}

base::Result<std::vector<suppression::Entry>> Engine::list_suppressions(
    const store::SuppressionFilter& filter) const {
  return data_->store.list_suppressions(filter);
}

base::Result<std::uint64_t> Engine::Data::change_pending(const PendingOrder& order,
                                                         bool confirm,
                                                         std::string_view who) {
  const base::WallTime now = clock.wall_now();
  std::vector<std::string> keys;
  if (!order.key.empty()) {
    const auto key = suppression::parse_key(order.key, active()->options().suppression);
    if (!key) {
      return Error{Error::Kind::InvalidInput,
                   "\"" + base::printable(order.key) + "\" is no address"};
    }
    keys.push_back(*key);
  }
  std::uint64_t changed = 0;
  {
    // All under the gate: what is learned meanwhile must not become pending behind a guard that a
    // person has just put right.
    const base::MutexLock gate(writer->gate());
    if (order.key.empty()) {
      keys = suppressor.pending_keys(order.all ? std::string{} : order.provider);
    }
    std::set<std::string> providers;
    std::vector<store::Operation> operations;
    for (const std::string& key : keys) {
      providers.insert(suppressor.pending_for(key));
      auto made = confirm ? suppressor.confirm(key, who, now) : suppressor.clear(key, who, now);
      if (made.empty()) {
        continue;
      }
      ++changed;
      std::move(made.begin(), made.end(), std::back_inserter(operations));
      if (!confirm) {
        operations.emplace_back(store::EraseEvidence{key, {}});
        suppressor.forget_evidence(key, {});
      }
    }
    if (confirm && order.key.empty()) {
      for (const std::string& provider : providers) {
        guards.accept(provider, now);
      }
    }
    writer->add(std::move(operations));
  }
  if (changed == 0) {
    return Error{Error::Kind::NotFound, "nothing is pending there"};
  }
  if (const auto stored = sync_round(kSyncTimeout); !stored) {
    return stored.error();
  }
  return changed;
}

base::Result<std::uint64_t> Engine::confirm_pending(const PendingOrder& order,
                                                    std::string_view who) {
  return data_->change_pending(order, true, who);
}

base::Result<std::uint64_t> Engine::clear_pending(const PendingOrder& order, std::string_view who) {
  return data_->change_pending(order, false, who);
}

std::vector<store::ReplyRecord> Engine::replies() const {
  return data_->replies.all();
}

base::Result<std::vector<ledger::Event>> Engine::events_of(const mail::QueueId& queue_id) const {
  return data_->trail.find(queue_id.text(),
                           data_->clock.wall_now() - data_->active()->options().keep);
}

// A list file is the whole truth about its own entries: what is no longer in it is lifted.
base::Result<Engine::ListChange> Engine::apply_list(const std::string& file,
                                                    const std::vector<std::string>& keys) {
  const base::WallTime now = data_->clock.wall_now();
  std::set<std::string> before;
  store::SuppressionFilter filter;
  filter.reason = suppression::Reason::Import;
  for (;;) {
    const auto page = data_->store.list_suppressions(filter);
    if (!page) {
      return page.error();
    }
    for (const suppression::Entry& entry : *page) {
      if (entry.evidence == file && entry.sender.empty()) {
        before.insert(entry.key);
      }
      filter.after = entry.key;
    }
    if (page->size() < filter.limit) {
      break;
    }
  }
  ListChange change;
  if (keys.size() * 2 < before.size()) {
    change.refused = true;
    change.kept = before.size();
    return change;
  }
  bool done = data_->in_pieces(keys.size(), [&](std::size_t i) {
    const std::string& key = keys[i];
    std::vector<store::Operation> added;
    if (before.erase(key) > 0) {
      ++change.kept;
    } else if (!data_->suppressor.find(key, {}, now)) {  // else for another reason that lasts
      suppression::Entry entry;
      entry.key = key;
      entry.reason = suppression::Reason::Import;
      entry.evidence = file;
      entry.since = now;
      added = data_->suppressor.add(entry, "list", now);
      change.added += added.empty() ? 0U : 1U;
    }
    return added;
  });
  const std::vector<std::string> gone(before.begin(), before.end());
  done = done && data_->in_pieces(gone.size(), [&](std::size_t i) {
    auto removed =
        data_->suppressor.remove(gone[i], {}, suppression::Change::Kind::Removed, "list", now);
    change.removed += removed.empty() ? 0U : 1U;
    return removed;
  });
  if (!done) {
    return stopping();
  }
  if (const auto stored = sync(kSyncTimeout); !stored) {
    return stored.error();
  }
  return change;
}

}  // namespace rampart::engine
