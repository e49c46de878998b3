#include "upkeep.h"

#include <algorithm>
#include <iterator>

#include "rampart/engine/engine.h"
#include "rampart/learner/learner.h"
#include "rampart/ledger/ledger.h"
#include "rampart/store/state_store.h"
#include "rampart/telemetry/counter.h"
#include "rampart/telemetry/log.h"

namespace rampart::engine {

using ledger::BookMessage;
using ledger::LiveFlow;
using ledger::Suppressor;
using policy::Active;

namespace {

constexpr base::Micros kHistoryKept = std::chrono::hours{24 * 400};
constexpr base::Micros kSweepEvery = std::chrono::minutes{1};
constexpr base::Micros kIdle = std::chrono::hours{48};
constexpr std::size_t kForgetAtOnce = 500;  // while commits wait for the book
constexpr int kForgetRounds = 20;

void count_store_error() {
  static telemetry::Counter& errors = telemetry::counter("store_errors_total");
  errors.add();
}

}  // namespace

void Upkeep::offer(std::string bytes) {
  const base::MutexLock lock(notices_mutex_);
  if (notices_.size() >= Engine::kNoticesMax ||
      notice_bytes_ + bytes.size() > Engine::kNoticeBytesMax) {
    static telemetry::Counter& dropped = telemetry::counter("notices_dropped_total");
    dropped.add();
    return;
  }
  notice_bytes_ += bytes.size();
  notices_.push_back(std::move(bytes));
}

// It never waits for a store that is away: the mails wait instead.
void Upkeep::learn_offered(base::WallTime now) {
  if (!ledger_.writer->has_room() || ledger_.suppressor.is_behind()) {
    return;
  }
  std::vector<std::string> offered;
  {
    const base::MutexLock lock(notices_mutex_);
    offered.swap(notices_);
    notice_bytes_ = 0;
  }
  for (std::size_t i = 0; i < offered.size(); ++i) {
    if (learner::learn(ledger_,
                       report::read_message(offered[i], ledger_.active()->policy().phrases), now,
                       "milter")) {
      continue;
    }
    const base::MutexLock lock(notices_mutex_);
    for (; i < offered.size(); ++i) {
      notice_bytes_ += offered[i].size();
      notices_.push_back(std::move(offered[i]));
    }
  }
}

// One page of entries at each call, round and round: entries that are over count no more anyhow, so
// there is no hurry.
void Upkeep::expire_suppressions(base::WallTime now) {
  if (ledger_.suppressor.size() == 0) {
    return;
  }
  store::SuppressionFilter filter;
  filter.after = expiry_place_;
  const auto page = ledger_.store.list_suppressions(filter);
  if (!page) {
    count_store_error();
    return;
  }
  expiry_place_ = page->size() < filter.limit ? std::string{} : page->back().key;
  const base::MutexLock gate(ledger_.writer->gate());
  Suppressor::Operations operations;
  for (const suppression::Entry& entry : *page) {
    if (!entry.until || *entry.until > now) {
      continue;
    }
    // Looked at again, because it may have been renewed since it was stored.
    const auto present = ledger_.suppressor.entries(entry.key);
    if (!present || std::find(present->begin(), present->end(), entry) == present->end()) {
      continue;
    }
    if (auto removed = ledger_.suppressor.remove(entry.key, entry.sender,
                                                 suppression::Change::Kind::Expired, "time", now)) {
      std::move(removed->begin(), removed->end(), std::back_inserter(operations));
    }
  }
  if (!operations.empty()) {
    ledger_.writer->add(std::move(operations));
  }
}

// The MTA has returned them by now, or we missed their end.
void Upkeep::forget_old_messages(base::WallTime now) {
  const base::Micros lifetime = ledger_.active()->options().constants.forget_after;
  for (int round = 0; round < kForgetRounds; ++round) {
    std::vector<store::Operation> operations;
    const base::MutexLock lock(ledger_.book_mutex);
    while (operations.size() < kForgetAtOnce) {
      BookMessage* const old = ledger_.book.find_due(now, lifetime);
      if (old == nullptr) {
        break;
      }
      ledger_.forget_recipients(*old);
      operations.emplace_back(store::EraseMessage{old->instance, old->queue_id});
      ledger_.book.erase(*old);
    }
    if (operations.empty()) {
      return;
    }
    ledger_.writer->try_add(std::move(operations));
  }
}

// A flow that never delivered anything and has done nothing for days has nothing to remember:
// whoever sends to endless domains must not fill the memory for good.
void Upkeep::forget_idle_flows(base::WallTime now) {
  const std::shared_ptr<const Active> policy = ledger_.active();
  const base::MutexLock gate(ledger_.writer->gate());
  std::vector<store::Operation> operations;
  const auto idle = [&](const LiveFlow& flow) {
    const ramp::Allowance numbers =
        ramp::allowance(flow.state, ramp::Health{}, ledger_.context(*policy, flow.key, now));
    return flow.state.touched + kIdle < now && flow.state.reported_at + kIdle < now &&
           numbers.level == 0 && numbers.used_day == 0 && numbers.got_day == 0 &&
           flow.state.in_flight == 0 && flow.state.deferred == 0 &&
           std::max(flow.state.pause_until, flow.state.manual_pause_until) < now;
  };
  for (const ramp::FlowKey& key : ledger_.flows.erase_idle(idle)) {
    operations.emplace_back(store::EraseFlow{key});
  }
  if (!operations.empty()) {
    ledger_.writer->add(std::move(operations));
  }
}

void Upkeep::watch_feed() {
  const std::shared_ptr<const Active> active = ledger_.active();
  const std::string problem = ledger_.sources.find_problem(active->options().max_lag);
  const bool healthy = problem.empty();
  if (ledger_.feed_healthy.exchange(healthy) != healthy && active->options().has_log_source) {
    telemetry::write(healthy ? telemetry::Level::Info : telemetry::Level::Warning,
                     telemetry::Line("feed")
                         .add("state", healthy ? "healthy" : "unhealthy")
                         .text(healthy ? "limits on mail in flight are in force" : problem));
  }
}

void Upkeep::prune(base::WallTime now) {
  const policy::Options& options = ledger_.active()->options();
  if (!ledger_.store.prune({.history = now - kHistoryKept,
                            .seen_reports = now - std::chrono::days{7},
                            .events = now - options.keep,
                            .tokens = now - options.token_lifetime,
                            .replies = now - std::chrono::days{90}})) {
    count_store_error();
  }
}

void Upkeep::run() {
  watch_feed();
  ledger_.flows.expire_leases(ledger_.clock.steady_now());
  ledger_.writer->poke();
  const base::WallTime now = ledger_.clock.wall_now();
  if (now > swept_at_ + kSweepEvery || now < swept_at_) {
    swept_at_ = now;
    forget_old_messages(now);
  }
  ledger_.learn_delayed();
  expire_suppressions(now);
  learn_offered(now);
  learner::age_guards(ledger_);
  ledger_.seen.forget_old(now);
  if (now > pruned_at_ + std::chrono::hours{24}) {
    pruned_at_ = now;
    forget_idle_flows(now);
    prune(now);
  }
}

}  // namespace rampart::engine
