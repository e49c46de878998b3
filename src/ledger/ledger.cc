#include "rampart/ledger/ledger.h"

#include <utility>

#include "rampart/store/state_store.h"

namespace rampart::ledger {

Ledger::Ledger(store::StateStore& state_store, const base::Clock& time_source)
    : Books(flows, *this),
      store(state_store),
      clock(time_source),
      suppressor(state_store),
      sources(time_source),
      seen(state_store.hash_key()),
      trail(state_store) {}

Ledger::~Ledger() {
  if (writer == nullptr) {
    return;
  }
  learn_delayed();
  // A clean stop gives back what is left of the leases.
  expire_all_leases_ = true;
  flows.expire_leases(FlowTable::kStop);
  writer->poke();
  writer.reset();
}

base::Result<> Ledger::open(std::shared_ptr<const policy::Active> active) {
  adopt(std::move(active));
  auto snapshot = store.load();
  if (!snapshot) {
    return snapshot.error();
  }
  if (const auto loaded = suppressor.load(snapshot->evidence); !loaded) {
    return loaded.error();
  }
  restore(std::move(*snapshot));
  start_writer();
  return base::Ok{};
}

void Ledger::adopt(std::shared_ptr<const policy::Active> active) {
  guards.set_options(active->options().suppression.guard);
  set_active(std::move(active));
}

// What a crash left: leases stay counted, and the recipients in the queue say how many are in
// flight.
void Ledger::restore(store::Snapshot snapshot) {
  const std::shared_ptr<const policy::Active> in_force = active();
  for (store::FlowRecord& record : snapshot.flows) {
    if (record.leased > 0) {
      ramp::charge(record.state, context(*in_force, record.key, record.leased_at), record.leased);
    }
    record.state.in_flight = 0;
    record.state.deferred = 0;
    flows.restore(record);
  }
  for (store::HostFlowRecord& record : snapshot.host_flows) {
    if (record.leased > 0) {
      ramp::charge(record.state.flow, host_context(*in_force, record.leased_at), record.leased);
    }
    record.state.flow.in_flight = 0;
    record.state.flow.deferred = 0;
    flows.restore(record);
  }
  for (const store::SenderRecord& record : snapshot.senders) {
    senders.restore(record);
  }
  for (const store::DomainProviderRecord& record : snapshot.domain_providers) {
    domains.restore(record);
  }
  for (store::CursorRecord& record : snapshot.cursors) {
    sources.restore(std::move(record));
  }
  for (store::ReplyRecord& record : snapshot.replies) {
    replies.restore(std::move(record));
  }
  for (const store::GuardRecord& record : snapshot.guards) {
    guards.restore(record);
  }
  for (const store::SeenReportRecord& record : snapshot.seen_reports) {
    seen.restore(record);
  }
  const base::MutexLock lock(book_mutex);
  for (const store::MessageRecord& record : snapshot.messages) {
    ledger::restore(book, record);
  }
  for (const store::QueuedRecord& record : snapshot.queued) {
    ledger::restore(book, record);
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
    // Of a message that is being released the recipients in the queue tell.
    if (record.state == store::HeldRecord::State::Waiting) {
      for (const HeldPart& part : parts_of(record)) {
        const std::uint32_t reserved = part.is_charged() ? part.units : 0;
        flows.change(part.flow, [&](const FlowTable::View& view) {
          view.flow.state.in_flight += reserved;
          view.host.state.flow.in_flight += reserved;
        });
      }
    }
    held.insert(std::move(record));
  }
}

bool Ledger::learn_delayed() {
  if (!suppressor.is_behind()) {
    return true;
  }
  const base::MutexLock gate(writer->gate());
  std::vector<store::Operation> operations = suppressor.retry();
  if (!operations.empty()) {
    writer->add(std::move(operations));
  }
  return !suppressor.is_behind();
}

void Ledger::start_writer() {
  Writer::Hooks hooks;
  hooks.collect = [this](std::vector<store::Operation>& operations) {
    suppressor.begin_round();
    const base::SteadyTime lease_clock = expire_all_leases_ ? FlowTable::kStop : clock.steady_now();
    round_ = flows.collect(clock.wall_now(), lease_clock, operations);
    senders.collect(operations);
    replies.collect(operations);
    guards.collect(clock.wall_now(), operations);
    seen.collect(operations);
    trail.collect(operations);
  };
  hooks.settle = [this](bool stored) {
    flows.settle(round_, stored, clock.steady_now() + active()->options().lease_time);
    senders.settle(stored);
    replies.settle(stored);
    guards.settle(stored);
    seen.settle(stored);
    trail.settle(stored);
    suppressor.end_round(stored);
  };
  writer = std::make_unique<Writer>(store, std::move(hooks));
}

}  // namespace rampart::ledger
