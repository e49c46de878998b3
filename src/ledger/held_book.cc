#include "rampart/ledger/held_book.h"

#include <algorithm>
#include <cstddef>

namespace rampart::ledger {
namespace {

using store::HeldRecord;

bool is_queued(const HeldMessage& message) noexcept {
  return message.record.state == HeldRecord::State::Waiting &&
         message.record.waits_for == HeldRecord::WaitsFor::Volume &&
         message.absent_since == base::WallTime{};
}

bool is_charged(const HeldRecord& record) noexcept {
  return std::any_of(record.charged_at.begin(), record.charged_at.end(),
                     [](base::WallTime at) { return at != base::WallTime{}; });
}

}  // namespace

std::vector<HeldPart> parts_of(const HeldRecord& record) {
  std::vector<HeldPart> parts;
  const std::size_t size = std::min(record.recipients.size(), record.providers.size());
  for (std::size_t i = 0; i < size; ++i) {
    const auto known = std::find_if(parts.begin(), parts.end(), [&](const HeldPart& part) {
      return part.flow.provider == record.providers[i];
    });
    if (known != parts.end()) {
      ++known->units;
      continue;
    }
    const base::WallTime at =
        i < record.charged_at.size() ? record.charged_at[i] : base::WallTime{};
    parts.push_back({{record.sender, record.providers[i]}, 1, at});
  }
  return parts;
}

void set_charged(HeldRecord& record, const ramp::FlowKey& flow, base::WallTime at) {
  record.charged_at.resize(record.providers.size());
  for (std::size_t i = 0; i < record.providers.size(); ++i) {
    if (record.providers[i] == flow.provider) {
      record.charged_at[i] = at;
    }
  }
  if (!is_charged(record)) {
    record.charged_at.clear();
  }
}

HeldBook::Age HeldBook::age_of(const HeldMessage& message) {
  return {message.record.held_at, message.record.queue_id};
}

std::uint8_t HeldBook::rank_of(const HeldMessage& message) noexcept {
  return message.overdue ? 0 : message.record.transactional ? 1 : 2;
}

HeldBook::Place HeldBook::place_of(const HeldMessage& message) {
  return {rank_of(message), age_of(message)};
}

void HeldBook::insert(HeldRecord record, const ramp::FlowKey& waits_in) {
  erase(record.queue_id);
  // Without a flow nothing would ever ask for it.
  if (record.providers.empty()) {
    record.waits_for = HeldRecord::WaitsFor::Person;
  }
  const std::string id = record.queue_id;
  HeldMessage& message = messages_[id];
  message.record = std::move(record);
  message.waits_in = waits_in;
  link(message);
}

void HeldBook::insert(HeldRecord record) {
  const ramp::FlowKey first{record.sender,
                            record.providers.empty() ? std::string{} : record.providers.front()};
  insert(std::move(record), first);
}

std::optional<HeldRecord> HeldBook::erase(const std::string& queue_id) {
  const auto found = messages_.find(queue_id);
  if (found == messages_.end()) {
    return std::nullopt;
  }
  unlink(found->second);
  std::optional<HeldRecord> record = std::move(found->second.record);
  messages_.erase(found);
  return record;
}

const HeldMessage* HeldBook::find(const std::string& queue_id) const {
  const auto found = messages_.find(queue_id);
  return found == messages_.end() ? nullptr : &found->second;
}

void HeldBook::link(HeldMessage& message) {
  const Age age = age_of(message);
  ages_.insert(age);
  if (message.absent_since != base::WallTime{}) {
    return;
  }
  counted_.insert(age);
  if (message.record.state == HeldRecord::State::Releasing) {
    releasing_.insert(age);
    ++counts_.releasing;
    return;
  }
  if (is_charged(message.record)) {
    reserving_.insert(message.record.queue_id);
  }
  if (!is_queued(message)) {
    ++counts_.person;
    return;
  }
  waiting_ = ++counts_.volume;
  if (!message.overdue) {
    on_time_.insert(age);
  }
  if (message.aside_until == base::SteadyTime{}) {
    enter_queue(message);
  } else {
    aside_.emplace(message.aside_until, message.record.queue_id);
  }
}

void HeldBook::unlink(HeldMessage& message) {
  const Age age = age_of(message);
  ages_.erase(age);
  if (counted_.erase(age) == 0) {
    return;
  }
  if (releasing_.erase(age) > 0) {
    --counts_.releasing;
    return;
  }
  reserving_.erase(message.record.queue_id);
  if (!is_queued(message)) {
    --counts_.person;
    return;
  }
  waiting_ = --counts_.volume;
  on_time_.erase(age);
  if (message.aside_until == base::SteadyTime{}) {
    leave_queue(message);
  } else {
    aside_.erase({message.aside_until, message.record.queue_id});
  }
}

void HeldBook::enter_queue(const HeldMessage& message) {
  Queue& queue = providers_[message.waits_in.provider].by_sender[message.waits_in.sender];
  const auto [place, made] = queue.places.insert(place_of(message));
  if (place == queue.places.begin()) {
    queue.ask_at = base::SteadyTime{};  // there is another head
  }
}

void HeldBook::leave_queue(const HeldMessage& message) {
  const auto provider = providers_.find(message.waits_in.provider);
  const auto queue = provider->second.by_sender.find(message.waits_in.sender);
  auto& places = queue->second.places;
  const auto place = places.find(place_of(message));
  if (place == places.begin()) {
    queue->second.ask_at = base::SteadyTime{};
  }
  places.erase(place);
  if (places.empty()) {
    provider->second.by_sender.erase(queue);
  }
  if (provider->second.by_sender.empty()) {
    providers_.erase(provider);
  }
}

std::optional<base::WallTime> HeldBook::oldest() const {
  return counted_.empty() ? std::nullopt : std::optional(counted_.begin()->first);
}

std::vector<const HeldMessage*> HeldBook::page(const Age& after, std::size_t limit) const {
  std::vector<const HeldMessage*> found;
  for (auto at = ages_.upper_bound(after); at != ages_.end() && found.size() < limit; ++at) {
    found.push_back(&messages_.at(at->second));
  }
  return found;
}

const HeldMessage* HeldBook::head(const ramp::FlowKey& flow) const {
  const Queue* queue = find_queue(providers_, flow);
  return queue == nullptr ? nullptr : find(queue->places.begin()->age.second);
}

std::size_t HeldBook::waiting_in(const ramp::FlowKey& flow) const {
  const Queue* queue = find_queue(providers_, flow);
  return queue == nullptr ? 0 : queue->places.size();
}

std::vector<ramp::FlowKey> HeldBook::find_due(base::SteadyTime now, std::size_t limit) {
  struct Due {
    Queue* queue;
    ramp::FlowKey flow;
  };
  std::vector<Due> due;
  for (auto& [provider, queues] : providers_) {
    for (auto& [sender, queue] : queues.by_sender) {
      if (queue.ask_at <= now && queue.rests_until <= now) {
        due.push_back({&queue, {sender, provider}});
      }
    }
  }
  if (due.size() > limit) {
    std::nth_element(
        due.begin(), due.begin() + static_cast<std::ptrdiff_t>(limit), due.end(),
        [](const Due& a, const Due& b) { return a.queue->told_at < b.queue->told_at; });
    due.resize(limit);
  }
  std::sort(due.begin(), due.end(), [](const Due& a, const Due& b) {
    return *a.queue->places.begin() < *b.queue->places.begin();
  });
  std::vector<ramp::FlowKey> flows;
  flows.reserve(due.size());
  for (Due& one : due) {
    one.queue->told_at = now;
    flows.push_back(std::move(one.flow));
  }
  return flows;
}

void HeldBook::ask_again(const ramp::FlowKey& flow, base::SteadyTime at) {
  if (Queue* queue = find_queue(providers_, flow)) {
    queue->ask_at = at;
  }
}

void HeldBook::rest(const ramp::FlowKey& flow, base::SteadyTime until) {
  if (Queue* queue = find_queue(providers_, flow)) {
    queue->rests_until = until;
  }
}

void HeldBook::wake(base::SteadyTime now) {
  while (!aside_.empty() && aside_.begin()->first <= now) {
    update(std::string(aside_.begin()->second),
           [](HeldMessage& message) { message.aside_until = base::SteadyTime{}; });
  }
}

std::vector<std::string> HeldBook::find_overdue(base::WallTime before, std::size_t limit) const {
  std::vector<std::string> found;
  for (auto at = on_time_.begin();
       at != on_time_.end() && at->first <= before && found.size() < limit; ++at) {
    found.push_back(at->second);
  }
  return found;
}

}  // namespace rampart::ledger
