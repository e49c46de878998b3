#include "rampart/engine/engine.h"

#include <algorithm>

#include "rampart/telemetry/counter.h"
#include "rampart/telemetry/log.h"

#include "data.h"

namespace rampart::engine {
namespace {

constexpr base::Micros kQueueLifetime = std::chrono::hours{24 * 5};  // maximal_queue_lifetime = 5d
constexpr base::Micros kHistoryKept = std::chrono::hours{24 * 400};
constexpr base::Micros kSweepEvery = std::chrono::minutes{1};
constexpr base::Micros kIdle = std::chrono::hours{48};
constexpr std::size_t kForgetAtOnce = 10'000;

}  // namespace

Transaction::Transaction() = default;
Transaction::~Transaction() = default;
Transaction::Transaction(Transaction&&) noexcept = default;
Transaction& Transaction::operator=(Transaction&&) noexcept = default;

Engine::Data::Data(std::shared_ptr<const Policy> policy,
                   store::StateStore& state_store,
                   const base::Clock& time_source)
    : store(state_store),
      clock(time_source),
      started(time_source.wall_now()),
      active(std::make_shared<const Active>(std::move(policy))),
      suppressor(state_store) {}

// What a crash left: leases stay counted, and the recipients in the queue say how many are in
// flight.
void Engine::Data::restore(store::Snapshot snapshot) {
  const std::shared_ptr<const Active> policy = current();
  for (store::FlowRecord& record : snapshot.flows) {
    if (record.leased > 0) {
      ramp::charge(record.state, context(*policy, record.key, record.leased_at), record.leased);
    }
    record.state.in_flight = 0;
    record.state.deferred = 0;
    flows.restore(record);
  }
  for (store::HostFlowRecord& record : snapshot.host_flows) {
    if (record.leased > 0) {
      ramp::charge(record.state.flow, host_context(*policy, record.leased_at), record.leased);
    }
    record.state.flow.in_flight = 0;
    record.state.flow.deferred = 0;
    flows.restore(record);
  }
  for (const store::SenderRecord& record : snapshot.senders) {
    senders.restore(record);
  }
  for (store::DomainProviderRecord& record : snapshot.domain_providers) {
    const base::MutexLock lock(providers_mutex);
    learned[record.domain] = std::move(record.provider);
  }
  for (store::CursorRecord& record : snapshot.cursors) {
    const base::MutexLock lock(sources_mutex);
    cursors[record.source] = std::move(record);
  }
  const base::MutexLock lock(book_mutex);
  for (const store::MessageRecord& record : snapshot.messages) {
    book.restore(record);
  }
  for (const store::QueuedRecord& record : snapshot.queued) {
    book.restore(record);
    flows.change(record.flow, [&](const FlowTable::View& view) {
      if (record.standing == ramp::Standing::InFlight) {
        ++view.flow.state.in_flight;
        ++view.host.state.flow.in_flight;
      } else if (record.standing == ramp::Standing::Deferred) {
        ++view.flow.state.deferred;
      }
    });
  }
  for (store::HeldRecord& record : snapshot.held) {
    const std::string id = record.queue_id;
    held[id] = std::move(record);
  }
}

void Engine::Data::start_writer() {
  Writer::Hooks hooks;
  hooks.collect = [this](std::vector<store::Operation>& operations) {
    suppressor.begin_round();
    const base::SteadyTime lease_clock = expire_all_leases ? FlowTable::kStop : clock.steady_now();
    round = flows.collect(clock.wall_now(), lease_clock, operations);
    senders.collect(operations);
  };
  hooks.settle = [this](bool stored) {
    flows.settle(round, stored, clock.steady_now() + current()->options().lease_time);
    senders.settle(stored);
    suppressor.end_round(stored);
  };
  writer = std::make_unique<Writer>(store, std::move(hooks));
}

Engine::Engine(std::unique_ptr<Data> data) : data_(std::move(data)) {}

base::Result<std::unique_ptr<Engine>> Engine::create(std::shared_ptr<const Policy> policy,
                                                     store::StateStore& store,
                                                     const base::Clock& clock) {
  auto data = std::make_unique<Data>(std::move(policy), store, clock);
  auto snapshot = store.load();
  if (!snapshot) {
    return snapshot.error();
  }
  if (const auto loaded = data->suppressor.load(snapshot->evidence); !loaded) {
    return loaded.error();
  }
  data->restore(std::move(*snapshot));
  data->start_writer();
  return std::unique_ptr<Engine>(new Engine(std::move(data)));
}

Engine::~Engine() {
  // A clean stop gives back what is left of the leases.
  data_->expire_all_leases = true;
  data_->flows.expire_leases(FlowTable::kStop);
  data_->writer->poke();
  data_->writer.reset();
}

void Engine::reload(std::shared_ptr<const Policy> policy) {
  auto active = std::make_shared<const Active>(std::move(policy));
  const base::MutexLock lock(data_->active_mutex);
  data_->active = std::move(active);
}

std::shared_ptr<const Policy> Engine::policy() const {
  return data_->current()->shared_policy();
}

void Engine::set_source_status(const SourceStatus& status) {
  const base::MutexLock lock(data_->sources_mutex);
  data_->sources[status.name] = {status, data_->clock.steady_now()};
}

std::optional<store::CursorRecord> Engine::cursor(std::string_view source) const {
  const base::MutexLock lock(data_->sources_mutex);
  const auto found = data_->cursors.find(std::string(source));
  return found == data_->cursors.end() ? std::nullopt : std::optional(found->second);
}

// Reports arrive when every source is open, heard of and read to within max_lag, and the MTA has
// logged something since mail was admitted: a log that is not this MTA's would look healthy
// otherwise.
std::string Engine::Data::find_feed_problem() const {
  const base::Micros max_lag = current()->options().max_lag;
  {
    const base::MutexLock lock(sources_mutex);
    if (sources.empty()) {
      return "no log is read";
    }
    for (const auto& [name, source] : sources) {
      const SourceStatus& told = source.status;
      if (!told.open) {
        return name + ": " + (told.problem.empty() ? "not open" : told.problem);
      }
      if (told.lag > max_lag) {
        return name + ": " + base::format_duration(told.lag) + " behind";
      }
      if (clock.steady_now() - source.told_at > max_lag) {
        return name + ": its reader is stuck";
      }
    }
  }
  const base::WallTime admitted{base::Micros{unanswered.load()}};
  if (admitted != base::WallTime{} && clock.wall_now() > admitted + max_lag) {
    return "no line has come since mail was admitted at " + base::format_utc(admitted);
  }
  return {};
}

// One page of entries at each call, round and round: entries that are over count no more anyhow, so
// there is no hurry.
void Engine::Data::expire_suppressions(base::WallTime now) {
  if (suppressor.size() == 0) {
    return;
  }
  store::SuppressionFilter filter;
  filter.after = expiry_place;
  const auto page = store.list_suppressions(filter);
  if (!page) {
    return;
  }
  expiry_place = page->size() < filter.limit ? std::string{} : page->back().key;
  const base::MutexLock gate(writer->gate());
  std::vector<store::Operation> operations;
  for (const suppression::Entry& entry : *page) {
    if (!entry.until || *entry.until > now) {
      continue;
    }
    // Looked at again, because it may have been renewed since it was stored.
    const auto present = suppressor.entries(entry.key);
    if (!present || std::find(present->begin(), present->end(), entry) == present->end()) {
      continue;
    }
    auto removed =
        suppressor.remove(entry.key, entry.sender, suppression::Change::Kind::Expired, "time", now);
    std::move(removed.begin(), removed.end(), std::back_inserter(operations));
    // weigh() goes on counting from its evidence: without this the next bounce would find it full.
    operations.emplace_back(store::EraseEvidence{entry.key, entry.sender});
    suppressor.forget_evidence(entry.key, entry.sender);
  }
  if (!operations.empty()) {
    writer->add(std::move(operations));
  }
}

// The MTA has returned them by now, or we missed their end.
void Engine::Data::forget_old_messages(base::WallTime now) {
  std::vector<store::Operation> operations;
  const base::MutexLock lock(book_mutex);
  for (const BookMessage& old : book.find_older(now - kQueueLifetime, kForgetAtOnce)) {
    if (BookMessage* message = book.find(old.instance, old.queue_id)) {
      forget_recipients(*message);
      operations.emplace_back(store::EraseMessage{old.instance, old.queue_id});
      book.erase(old);
    }
  }
  if (!operations.empty()) {
    writer->try_add(std::move(operations));
  }
}

// A flow that never delivered anything and has done nothing for days has nothing to remember:
// whoever sends to endless domains must not fill the memory for good.
void Engine::Data::forget_idle_flows(base::WallTime now) {
  const std::shared_ptr<const Active> policy = current();
  const base::MutexLock gate(writer->gate());
  std::vector<store::Operation> operations;
  const auto idle = [&](const LiveFlow& flow) {
    const ramp::Allowance numbers =
        ramp::allowance(flow.state, ramp::Health{}, context(*policy, flow.key, now));
    return flow.state.touched + kIdle < now && flow.state.reported_at + kIdle < now &&
           numbers.level == 0 && numbers.used_day == 0 && numbers.got_day == 0 &&
           flow.state.in_flight == 0 && flow.state.deferred == 0 &&
           std::max(flow.state.pause_until, flow.state.manual_pause_until) < now;
  };
  for (const ramp::FlowKey& key : flows.erase_idle(idle)) {
    operations.emplace_back(store::EraseFlow{key});
  }
  if (!operations.empty()) {
    writer->add(std::move(operations));
  }
}

void Engine::tick() {
  Data& data = *data_;
  const std::string problem = data.find_feed_problem();
  const bool healthy = problem.empty();
  if (data.feed_healthy.exchange(healthy) != healthy && data.current()->options().has_log_source) {
    telemetry::write(healthy ? telemetry::Level::Info : telemetry::Level::Warning,
                     telemetry::Line("feed")
                         .add("state", healthy ? "healthy" : "unhealthy")
                         .text(healthy ? "limits on mail in flight are in force" : problem));
  }
  data.flows.expire_leases(data.clock.steady_now());
  data.writer->poke();
  const base::WallTime now = data.clock.wall_now();
  if (now > data.swept_at + kSweepEvery || now < data.swept_at) {
    data.swept_at = now;
    data.forget_old_messages(now);
  }
  data.expire_suppressions(now);
  if (now > data.pruned_at + std::chrono::hours{24}) {
    data.pruned_at = now;
    data.forget_idle_flows(now);
    if (const auto pruned = data.store.prune({.history = now - kHistoryKept,
                                              .seen_reports = now - std::chrono::days{7},
                                              .events = now - std::chrono::days{14},
                                              .tokens = now - std::chrono::days{30},
                                              .replies = now - std::chrono::days{90}});
        !pruned) {
      telemetry::counter("store_errors_total").add();
    }
  }
}

base::Result<> Engine::sync(base::Micros timeout) {
  if (data_->writer->wait_round(timeout)) {
    return base::Ok{};
  }
  const std::string problem = data_->writer->problem();
  return base::Error{base::Error::Kind::Unavailable,
                     problem.empty() ? "the store did not answer in time" : problem};
}

}  // namespace rampart::engine
