#include "rampart/engine/engine.h"

#include <algorithm>

#include "rampart/learner/learner.h"
#include "rampart/report/message.h"
#include "rampart/telemetry/counter.h"
#include "rampart/telemetry/log.h"

#include "data.h"

namespace rampart::engine {
namespace {

constexpr base::Micros kHistoryKept = std::chrono::hours{24 * 400};
constexpr base::Micros kSweepEvery = std::chrono::minutes{1};
constexpr base::Micros kIdle = std::chrono::hours{48};
constexpr std::size_t kForgetAtOnce = 500;  // while commits wait for the book
constexpr int kForgetRounds = 20;
constexpr base::Micros kNoticeTimeout = std::chrono::seconds{10};

}  // namespace

Transaction::Transaction() = default;
Transaction::~Transaction() = default;
Transaction::Transaction(Transaction&&) noexcept = default;
Transaction& Transaction::operator=(Transaction&&) noexcept = default;

Engine::Engine(std::unique_ptr<Data> data) : data_(std::move(data)) {}

base::Result<std::unique_ptr<Engine>> Engine::create(std::shared_ptr<const policy::Policy> policy,
                                                     store::StateStore& store,
                                                     const base::Clock& clock) {
  auto data = std::make_unique<Data>(store, clock);
  const auto opened = data->open(std::make_shared<const policy::Active>(std::move(policy)));
  if (!opened) {
    return opened.error();
  }
  return std::unique_ptr<Engine>(new Engine(std::move(data)));
}

Engine::~Engine() = default;

void Engine::reload(std::shared_ptr<const policy::Policy> policy) {
  data_->guards.set_options(policy->options.suppression.guard);
  data_->set_active(std::make_shared<const policy::Active>(std::move(policy)));
}

std::shared_ptr<const policy::Policy> Engine::policy() const {
  return data_->active()->shared_policy();
}

void Engine::set_source_status(const SourceStatus& status) {
  data_->sources.set(status);
}

std::optional<store::CursorRecord> Engine::cursor(std::string_view source) const {
  return data_->sources.cursor(source);
}

void Engine::stop_learning() {
  data_->writer->release();
}

void Engine::learn(std::span<const report::LogLine> lines, const store::CursorRecord& cursor) {
  learner::learn(*data_, lines, cursor);
}

base::Result<learner::NoticeOutcome> Engine::learn_message(std::string_view bytes,
                                                           base::WallTime received,
                                                           std::string_view origin) {
  const auto outcome = learner::learn(
      *data_, report::read_message(bytes, data_->active()->policy().phrases), received, origin);
  // What repeats an earlier one may have been told before that one was durable.
  if (!outcome || (outcome->kind != learner::NoticeOutcome::Kind::Counted &&
                   outcome->kind != learner::NoticeOutcome::Kind::Repeated)) {
    return outcome;
  }
  if (const auto stored = sync(kNoticeTimeout); !stored) {
    return stored.error();
  }
  return outcome;
}

void Engine::offer_message(std::string bytes) {
  const base::MutexLock lock(data_->notices_mutex);
  if (data_->notices.size() >= kNoticesMax ||
      data_->notice_bytes + bytes.size() > kNoticeBytesMax) {
    static telemetry::Counter& dropped = telemetry::counter("notices_dropped_total");
    dropped.add();
    return;
  }
  data_->notice_bytes += bytes.size();
  data_->notices.push_back(std::move(bytes));
}

// Called by tick(), which never waits for a store that is away: the mails wait instead.
void Engine::Data::learn_offered(base::WallTime now) {
  if (!writer->has_room()) {
    return;
  }
  std::vector<std::string> offered;
  {
    const base::MutexLock lock(notices_mutex);
    offered.swap(notices);
    notice_bytes = 0;
  }
  const std::shared_ptr<const Active> policy = active();
  for (std::size_t i = 0; i < offered.size(); ++i) {
    if (learner::learn(*this, report::read_message(offered[i], policy->policy().phrases), now,
                       "milter")) {
      continue;
    }
    const base::MutexLock lock(notices_mutex);
    for (; i < offered.size(); ++i) {
      notice_bytes += offered[i].size();
      notices.push_back(std::move(offered[i]));
    }
  }
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
  const base::Micros lifetime = active()->options().constants.forget_after;
  for (int round = 0; round < kForgetRounds; ++round) {
    std::vector<store::Operation> operations;
    const base::MutexLock lock(book_mutex);
    while (operations.size() < kForgetAtOnce) {
      BookMessage* const old = book.find_due(now, lifetime);
      if (old == nullptr) {
        break;
      }
      forget_recipients(*old);
      operations.emplace_back(store::EraseMessage{old->instance, old->queue_id});
      book.erase(*old);
    }
    if (operations.empty()) {
      return;
    }
    writer->try_add(std::move(operations));
  }
}

// A flow that never delivered anything and has done nothing for days has nothing to remember:
// whoever sends to endless domains must not fill the memory for good.
void Engine::Data::forget_idle_flows(base::WallTime now) {
  const std::shared_ptr<const Active> policy = active();
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
  const std::string problem = data.sources.find_problem(data.active()->options().max_lag);
  const bool healthy = problem.empty();
  if (data.feed_healthy.exchange(healthy) != healthy && data.active()->options().has_log_source) {
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
  data.learn_offered(now);
  learner::age_guards(data);
  data.seen.forget_old(now);
  if (now > data.pruned_at + std::chrono::hours{24}) {
    data.pruned_at = now;
    data.forget_idle_flows(now);
    if (const auto pruned =
            data.store.prune({.history = now - kHistoryKept,
                              .seen_reports = now - std::chrono::days{7},
                              .events = now - data.active()->options().keep,
                              .tokens = now - data.active()->options().token_lifetime,
                              .replies = now - std::chrono::days{90}});
        !pruned) {
      telemetry::counter("store_errors_total").add();
    }
  }
}

base::Result<> Engine::sync(base::Micros timeout) {
  return data_->sync_round(timeout);
}

base::Result<> Engine::Data::sync_round(base::Micros timeout) {
  if (writer->wait_round(timeout)) {
    return base::Ok{};
  }
  const std::string problem = writer->problem();
  return base::Error{base::Error::Kind::Unavailable,
                     problem.empty() ? "the store did not answer in time" : problem};
}

}  // namespace rampart::engine
