// Held mail: what is held, and how it is let go.

#include <algorithm>

#include "rampart/telemetry/log.h"

#include "data.h"

namespace rampart::engine {
namespace {

constexpr base::Micros kAlive = std::chrono::minutes{5};
constexpr base::Micros kSyncTimeout = std::chrono::seconds{10};

}  // namespace

std::vector<HeldMessage> Engine::held() const {
  const base::MutexLock lock(data_->book_mutex);
  std::vector<HeldMessage> all;
  all.reserve(data_->held.size());
  for (const auto& [id, record] : data_->held) {
    all.push_back({record, std::nullopt});
  }
  std::sort(all.begin(), all.end(), [](const HeldMessage& a, const HeldMessage& b) {
    return a.record.held_at < b.record.held_at;
  });
  return all;
}

base::Result<std::vector<mail::QueueId>> Engine::begin_release(std::size_t limit) {
  std::vector<mail::QueueId> ids;
  for (const HeldMessage& message : held()) {
    if (ids.size() < limit && message.record.waits_for == store::HeldRecord::WaitsFor::Volume &&
        std::none_of(message.record.providers.begin(), message.record.providers.end(),
                     [&](const std::string& provider) {
                       const auto flow = find_flow({message.record.sender, provider});
                       return flow && flow->summary.status != ramp::FlowStatus::Open;
                     })) {
      ids.push_back(*mail::parse_queue_id(message.record.queue_id));
    }
  }
  return order_release(ids, "rampart");
}

base::Result<std::vector<mail::QueueId>> Engine::order_release(
    const std::vector<mail::QueueId>& ids, std::string_view who) {
  std::vector<mail::QueueId> begun;
  {
    const base::MutexLock gate(data_->writer->gate());
    std::vector<store::Operation> operations;
    for (const mail::QueueId& id : ids) {
      if (data_->charge_held(id.text(), data_->clock.wall_now(), operations)) {
        telemetry::write(telemetry::Level::Info,
                         telemetry::Line(id.text()).add("action", "release").add("by", who));
        begun.push_back(id);
      }
    }
    data_->writer->add(std::move(operations));
  }
  if (begun.empty()) {
    return begun;
  }
  if (const auto stored = sync(kSyncTimeout); !stored) {
    return stored.error();
  }
  const base::MutexLock lock(data_->releaser_mutex);
  data_->begun.insert(begun.begin(), begun.end());
  return begun;
}

void Engine::end_release(const mail::QueueId& id, Fate /*fate*/, std::string_view /*who*/) {
  const base::MutexLock lock(data_->releaser_mutex);
  data_->begun.erase(id);
}

std::vector<mail::QueueId> Engine::releasing() const {
  const base::MutexLock lock(data_->releaser_mutex);
  return {data_->begun.begin(), data_->begun.end()};
}

void Engine::reconcile(const std::set<std::string>& in_hold_queue, base::WallTime listed_at) {
  std::vector<mail::QueueId> gone;
  for (const HeldMessage& message : held()) {
    if (message.record.held_at < listed_at && !in_hold_queue.contains(message.record.queue_id)) {
      gone.push_back(*mail::parse_queue_id(message.record.queue_id));
    }
  }
  if (!drop_held(gone, "rampart")) {
    return;
  }
}

base::Result<> Engine::drop_held(const std::vector<mail::QueueId>& ids, std::string_view who) {
  {
    const base::MutexLock gate(data_->writer->gate());
    std::vector<store::Operation> operations;
    const base::MutexLock lock(data_->book_mutex);
    for (const mail::QueueId& id : ids) {
      if (data_->held.erase(id.text()) > 0) {
        operations.emplace_back(store::EraseHeld{id.text()});
        telemetry::write(telemetry::Level::Info,
                         telemetry::Line(id.text()).add("action", "drop").add("by", who));
      }
    }
    data_->writer->add(std::move(operations));
  }
  return sync(kSyncTimeout);
}

void Engine::set_releaser(const ReleaserStatus& status) {
  const base::MutexLock lock(data_->releaser_mutex);
  data_->releaser = status;
}

bool Engine::releaser_alive() const {
  const base::MutexLock lock(data_->releaser_mutex);
  return data_->releaser.configured && data_->releaser.answered != base::WallTime{} &&
         data_->clock.wall_now() - data_->releaser.answered <= kAlive;
}

}  // namespace rampart::engine
