// Held mail on its way in, and as people see it.

#include <algorithm>
#include <map>
#include <tuple>

#include "rampart/telemetry/counter.h"
#include "rampart/telemetry/log.h"

#include "data.h"

namespace rampart::engine {
namespace {

using ledger::HeldBook;
using store::HeldRecord;

constexpr base::Micros kAlive = std::chrono::minutes{5};
constexpr std::size_t kPage = 1000;  // copied under one lock
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

void Engine::Data::hold(Transaction::Data& open,
                        const mail::QueueId& queue_id,
                        base::WallTime now,
                        Ending& ending) {
  store::HeldRecord record;
  record.queue_id = queue_id.text();
  record.sender = open.sender;
  record.held_at = now;
  ramp::FlowKey lacks;
  for (const TransactionRecipient& recipient : open.recipients) {
    // Of several reasons the one that no waiting mends is told.
    if (!recipient.reason.empty() &&
        (record.reason.empty() || recipient.reason == "suppressed" ||
         (recipient.reason == "pending" && record.reason != "suppressed"))) {
      record.reason = recipient.reason;
    }
    if (recipient.flow.provider.empty()) {
      continue;  // stays on this host
    }
    record.recipients.push_back(to_string(recipient.recipient.address));
    record.providers.push_back(recipient.flow.provider);
    record.transactional =
        record.transactional || open.active->rule_for(recipient.flow).transactional;
    if (lacks.provider.empty() || recipient.lacks_volume) {
      lacks = recipient.flow;
    }
  }
  if (record.reason == "suppressed" || record.reason == "pending") {
    record.waits_for = store::HeldRecord::WaitsFor::Person;
  }
  const bool queued = queue_id.empty() || remember(record, lacks);
  if (!queued && record.waits_for == HeldRecord::WaitsFor::Volume) {
    return accept_unheld(open, queue_id, now);
  }
  for (TransactionRecipient& recipient : open.recipients) {
    give_back(*open.active, recipient, now);
    if (!recipient.flow.provider.empty()) {
      note(recipient, queue_id, "held", recipient.reason, now);
    }
  }
  telemetry::Line line(queue_id.empty() ? "NOQUEUE" : queue_id.text());
  line.address("from", open.envelope_sender)
      .add("sender", record.sender)
      .add("recipients", record.recipients.size())
      .add("action", "hold")
      .add("reason", record.reason);
  telemetry::write(telemetry::Level::Info, line);
  static telemetry::Counter& counted = telemetry::counter("held_messages_total");
  counted.add();
  ending.hold = true;
  ending.hold_reason = "rampart: " + record.sender + ", " + record.reason;
  // A held message that nobody remembers would lie there for ever, so this is worth a wait.
  if (!queue_id.empty() &&
      (!queued || !writer->wait_round(open.active->options().store_deadline))) {
    telemetry::write(telemetry::Level::Warning,
                     telemetry::Line(record.queue_id)
                         .add("action", "hold")
                         .text("held, but not yet in the store; see postqueue -p"));
  }
}

// One that waits for a person is known at least until a restart. @return whether it goes into the
// store
bool Engine::Data::remember(const HeldRecord& record, const ramp::FlowKey& lacks) {
  const base::MutexLock lock(book_mutex);
  const bool queued = writer->try_add({record});
  if (queued || record.waits_for == HeldRecord::WaitsFor::Person) {
    held.insert(record, lacks);
  }
  return queued;
}

// The store is so far behind that it takes no record: after a restart nobody would know of the
// message, and it would lie in the hold queue until it is too old.
void Engine::Data::accept_unheld(Transaction::Data& open,
                                 const mail::QueueId& queue_id,
                                 base::WallTime now) {
  for (TransactionRecipient& recipient : open.recipients) {
    recipient.action = Action::Accept;
    if (!recipient.reserved && !recipient.flow.provider.empty()) {
      take(*open.active, recipient, now);
    }
  }
  enter(open, queue_id, now);
  telemetry::write(telemetry::Level::Warning,
                   telemetry::Line(queue_id.text())
                       .address("from", open.envelope_sender)
                       .add("sender", open.sender)
                       .add("action", "accept")
                       .text("not held: the store takes no record of it; over its allowance"));
}

// How many held messages go before new mail of a flow. What a transaction has begun goes on
// together.
std::size_t Engine::Data::count_ahead(const Transaction::Data& open,
                                      const ramp::FlowKey& flow) const {
  if (held_waiting == 0 || open.active->rule_for(flow).transactional || !is_releaser_alive() ||
      std::any_of(open.recipients.begin(), open.recipients.end(),
                  [&](const TransactionRecipient& r) { return r.reserved && r.flow == flow; })) {
    return 0;
  }
  const base::MutexLock lock(book_mutex);
  return held.waiting_in(flow);
}

bool Engine::Data::is_releaser_alive() const {
  const base::SteadyTime answered = releaser_answered.load();
  return answered != base::SteadyTime::min() && clock.steady_now() - answered <= kAlive;
}

void Engine::set_releaser(const ReleaserStatus& status) {
  if (status.alive) {
    data_->releaser_answered = data_->clock.steady_now();
    data_->missed_releaser = false;
  }
  const base::MutexLock lock(data_->releaser_mutex);
  data_->releaser = status;
}

bool Engine::releaser_alive() const {
  return data_->is_releaser_alive();
}

std::vector<HeldMessage> Engine::held() const {
  const Data& data = *data_;
  std::vector<Listed> all;
  HeldBook::Age after{base::WallTime::min(), {}};
  for (bool more = true; more;) {
    const base::MutexLock lock(data.book_mutex);
    const auto page = data.held.page(after, kPage);
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
  const std::shared_ptr<const Active> policy = data.active();
  const base::WallTime now = data.clock.wall_now();
  std::map<ramp::FlowKey, std::vector<Listed*>> queues;
  for (Listed& listed : all) {
    if (listed.message.record.state == HeldRecord::State::Releasing) {
      listed.message.expected = now;
    } else if (is_waiting(listed) && data.is_releaser_alive()) {
      queues[listed.waits_in].push_back(&listed);
    }
  }
  for (auto& [flow, queue] : queues) {
    const Data::Look found = data.look(*policy, flow, 1, now);
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
Engine::Data::Look Engine::Data::look(const Active& policy,
                                      const ramp::FlowKey& key,
                                      std::uint32_t units,
                                      base::WallTime now) const {
  ramp::Flow flow;
  ramp::HostFlow host;
  flows.read(key, [&](const LiveFlow& live, const LiveHost& live_host) {
    flow = live.state;
    host.flow = live_host.state.flow;
  });
  ramp::Health health = senders.health(key.sender);
  const ramp::Context flow_context = context(policy, key, now);
  Look found;
  found.allowance = ramp::allowance(flow, health, flow_context);
  found.admission =
      ramp::admit({flow, host, health, key.sender}, flow_context, host_context(policy, now), units);
  return found;
}

void Engine::Data::describe_held(Status& status) const {
  {
    const base::MutexLock lock(book_mutex);
    const HeldBook::Counts& counts = held.counts();
    status.held_for_volume = counts.volume;
    status.held_for_person = counts.person;
    status.releasing = counts.releasing;
    status.held = counts.volume + counts.person + counts.releasing;
    status.oldest_held = held.oldest();
  }
  {
    const base::MutexLock lock(releaser_mutex);
    status.releaser = releaser;
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
  if (missed_releaser) {
    status.warnings.push_back(nobody +
                              ": mail over its allowance was deferred, or accepted from "
                              "sendmail(1), where over = \"auto\" would hold it; " +
                              remedy);
  } else if (status.releaser.configured && status.held_for_volume == 0) {
    status.warnings.push_back(nobody + ": none can be held for its allowance; " + remedy);
  }
}

}  // namespace rampart::engine
