// Held mail on its way in, and as people see it.

#include <algorithm>
#include <map>
#include <tuple>

#include "rampart/engine/status.h"
#include "rampart/ledger/flow_table.h"
#include "rampart/ledger/in_force.h"
#include "rampart/ledger/senders.h"
#include "rampart/ledger/writer.h"
#include "rampart/telemetry/counter.h"
#include "rampart/telemetry/log.h"

#include "held_queue.h"

namespace rampart::engine {

using ledger::LiveFlow;
using ledger::LiveHost;
using policy::Active;

namespace {

using ledger::HeldBook;
using store::HeldRecord;

constexpr base::Micros kAlive = std::chrono::minutes{5};
constexpr base::Micros kDay = std::chrono::hours{24};
constexpr std::int64_t kWaitMax = 365;  // days: nobody believes more

/// A held message and what decides when it goes.
struct Listed {
  HeldMessage message;
  ramp::FlowKey waits_in;
  int rank = 0;
  std::uint32_t units = 0;  ///< in that flow
};

std::string messages_wait(std::uint64_t count) {
  return count == 1 ? "1 message waits" : std::to_string(count) + " messages wait";
}

bool is_waiting(const Listed& listed) noexcept {
  return listed.message.record.state == HeldRecord::State::Waiting &&
         listed.message.record.waits_for == HeldRecord::WaitsFor::Volume;
}

// The head goes at `start`; the others as fast as the hour's and the day's allowance let those
// before them go, and hardly later than the longest that mail is held.
void estimate(std::vector<Listed*>& queue,
              const ramp::Allowance& allowance,
              base::WallTime start,
              const policy::Options& options) {
  std::sort(queue.begin(), queue.end(), [](const Listed* a, const Listed* b) {
    const HeldRecord& left = a->message.record;
    const HeldRecord& right = b->message.record;
    return std::tie(a->rank, left.held_at, left.queue_id) <
           std::tie(b->rank, right.held_at, right.queue_id);
  });
  const double hour = std::max(1.0, allowance.hour * 1.0);
  const double day = std::max({1.0, allowance.day * 1.0, allowance.level * 1.0});
  double ahead = 0;
  base::WallTime last = start;
  for (Listed* one : queue) {
    const double hours = std::max(ahead / hour, ahead / day * 24);
    const auto wait = std::min(hours / 24, static_cast<double>(kWaitMax)) * kDay;
    const base::WallTime at = start + std::chrono::duration_cast<base::Micros>(wait);
    const base::WallTime latest =
        std::max(start, one->message.record.held_at + options.hold_max_age);
    last = std::max(last, std::min(at, latest));
    one->message.expected = last;
    ahead += one->units;
  }
}

}  // namespace

bool HeldQueue::enter(const HeldRecord& record, const ramp::FlowKey& lacks) {
  const base::MutexLock lock(books_.book_mutex);
  const bool queued = with_.writer.try_add({record});
  if (queued || record.waits_for == HeldRecord::WaitsFor::Person) {
    books_.held.insert(record, lacks);
  }
  return queued;
}

std::size_t HeldQueue::count_ahead(const ramp::FlowKey& flow) const {
  if (books_.held_waiting == 0 || !is_releaser_alive()) {
    return 0;
  }
  const base::MutexLock lock(books_.book_mutex);
  return books_.held.waiting_in(flow);
}

bool HeldQueue::is_releaser_alive() const {
  const base::SteadyTime answered = releaser_answered_.load();
  return answered != base::SteadyTime::min() && with_.clock.steady_now() - answered <= kAlive;
}

void HeldQueue::set_releaser(const ReleaserStatus& status) {
  if (status.alive) {
    releaser_answered_ = with_.clock.steady_now();
    missed_releaser_ = false;
  }
  const base::MutexLock lock(releaser_mutex_);
  releaser_ = status;
}

std::vector<HeldMessage> HeldQueue::all() const {
  std::vector<Listed> all;
  HeldBook::Age after{base::WallTime::min(), {}};
  for (bool more = true; more;) {
    const base::MutexLock lock(books_.book_mutex);
    const auto page = books_.held.page(after, kPage);
    more = page.size() == kPage;
    for (const ledger::HeldMessage* message : page) {
      after = HeldBook::age_of(*message);
      if (message->absent_since != base::WallTime{}) {
        continue;
      }
      Listed listed{
          {message->record, std::nullopt}, message->waits_in, HeldBook::rank_of(*message), 0};
      for (const ledger::HeldPart& part : ledger::parts_of(message->record)) {
        listed.units += part.flow == message->waits_in ? part.units : 0;
      }
      all.push_back(std::move(listed));
    }
  }
  const std::shared_ptr<const Active> policy = with_.in_force.active();
  const base::WallTime now = with_.clock.wall_now();
  std::map<ramp::FlowKey, std::vector<Listed*>> queues;
  for (Listed& listed : all) {
    if (listed.message.record.state == HeldRecord::State::Releasing) {
      listed.message.expected = now;
    } else if (is_waiting(listed) && is_releaser_alive()) {
      queues[listed.waits_in].push_back(&listed);
    }
  }
  for (auto& [flow, queue] : queues) {
    const Look found = look(*policy, flow, 1, now);
    estimate(queue, found.allowance, found.admission.admitted ? now : found.admission.until,
             policy->options());
  }
  std::vector<HeldMessage> messages;
  messages.reserve(all.size());
  for (Listed& listed : all) {
    messages.push_back(std::move(listed.message));
  }
  return messages;
}

// A copy is asked, so that nothing is written and nobody waits.
HeldQueue::Look HeldQueue::look(const Active& policy,
                                const ramp::FlowKey& key,
                                std::uint32_t units,
                                base::WallTime now) const {
  ramp::Flow flow;
  ramp::HostFlow host;
  with_.flows.read(key, [&](const LiveFlow& live, const LiveHost& live_host) {
    flow = live.state;
    host.flow = live_host.state.flow;
  });
  ramp::Health health = with_.senders.health(key.sender);
  const ramp::Context flow_context = with_.in_force.context(policy, key, now);
  Look found;
  found.allowance = ramp::allowance(flow, health, flow_context);
  found.admission = ramp::admit({flow, host, health, key.sender}, flow_context,
                                with_.in_force.host_context(policy, now), units);
  return found;
}

void HeldQueue::describe(Status& status) const {
  {
    const base::MutexLock lock(books_.book_mutex);
    const HeldBook::Counts& counts = books_.held.counts();
    status.held_for_volume = counts.volume;
    status.held_for_person = counts.person;
    status.releasing = counts.releasing;
    status.held = counts.volume + counts.person + counts.releasing;
    status.oldest_held = books_.held.oldest();
  }
  {
    const base::MutexLock lock(releaser_mutex_);
    status.releaser = releaser_;
  }
  status.releaser.alive = is_releaser_alive();
  if (status.held_for_person > 0) {
    status.warnings.push_back(messages_wait(status.held_for_person) +
                              " in the hold queue for a person, as a recipient is suppressed or "
                              "the message lacks its mark: rampart hold list");
  }
  if (status.releaser.alive) {
    return;
  }
  const std::string nobody = status.releaser.problem.empty()
                                 ? "nobody releases held mail"
                                 : "nobody releases held mail (" + status.releaser.problem + ")";
  const std::string remedy = status.releaser.configured
                                 ? "start the releaser: systemctl enable --now rampart-releaser"
                                 : "set [hold] releaser and start rampart-releaser";
  if (status.held_for_volume > 0) {
    status.warnings.push_back(nobody + ": " + messages_wait(status.held_for_volume) + " for it; " +
                              remedy + ", or release them by hand: rampart hold release");
  }
  if (missed_releaser_) {
    status.warnings.push_back(nobody +
                              ": mail over its allowance was deferred, or accepted from "
                              "sendmail(1), where over = \"auto\" would hold it; " +
                              remedy);
  } else if (status.releaser.configured && status.held_for_volume == 0) {
    status.warnings.push_back(nobody + ": none can be held for its allowance; " + remedy);
  }
}

// Never waits: it is asked by a milter's thread.
void HeldQueue::not_held(const mail::QueueId& queue_id) {
  std::vector<store::Operation> operations;
  const base::MutexLock lock(books_.book_mutex);
  if (books_.let_go(queue_id.text(), with_.clock.wall_now(), operations)) {
    with_.writer.try_add(std::move(operations));
  }
}

// Never waits: it is asked by a milter's thread.
void HeldQueue::hold_for_person(const mail::QueueId& queue_id) {
  const base::MutexLock lock(books_.book_mutex);
  const ledger::HeldMessage* message = books_.held.find(queue_id.text());
  if (message == nullptr || message->record.state != HeldRecord::State::Waiting) {
    return;
  }
  HeldRecord record = message->record;
  record.waits_for = HeldRecord::WaitsFor::Person;
  record.reason = "suppressed";
  const bool queued = with_.writer.try_add({record});
  books_.held.update(queue_id.text(),
                     [&](ledger::HeldMessage& one) { one.record = std::move(record); });
  telemetry::write(telemetry::Level::Warning,
                   telemetry::Line(queue_id.text())
                       .add("action", "hold")
                       .add("reason", "suppressed")
                       .text(queued ? "a suppressed recipient is still on it: waits for a person"
                                    : "a suppressed recipient is still on it: waits for a person, "
                                      "but the store does not know that yet"));
}

}  // namespace rampart::engine
