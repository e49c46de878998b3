#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "rampart/base/hex.h"
#include "rampart/base/mutex.h"
#include "rampart/base/text.h"
#include "rampart/base/time.h"
#include "rampart/store/state_store.h"

#include "fault.h"
#include "rules.h"

namespace rampart::store {
namespace {

using Pair = std::pair<std::string, std::string>;
using Triple = std::tuple<std::string, std::string, std::string>;

struct Tables {
  std::map<ramp::FlowKey, FlowRecord> flows;
  std::map<std::string, HostFlowRecord> host_flows;
  std::map<std::string, SenderRecord> senders;
  std::map<Triple, QueuedRecord> queued;   // instance, queue ID, recipient
  std::map<Pair, MessageRecord> messages;  // instance, queue ID
  std::map<std::string, HeldRecord> held;
  std::map<std::string, CursorRecord> cursors;
  std::map<std::string, DomainProviderRecord> domain_providers;
  std::map<std::uint64_t, SeenReportRecord> seen_reports;
  std::map<TokenBytes, TokenRecord> tokens;
  std::vector<EventsRecord> events;
  std::map<Pair, ReplyRecord> replies;  // provider, text
  std::map<std::string, GuardRecord> guards;
  std::map<Pair, suppression::Entry> suppressions;                  // key, sender
  std::map<Pair, suppression::Evidence> evidence;                   // key, sender
  std::map<std::string, std::vector<suppression::Change>> history;  // by time, oldest first
};

template <class Map>
auto values(const Map& map) {
  std::vector<typename Map::mapped_type> all;
  all.reserve(map.size());
  for (const auto& [key, value] : map) {
    all.push_back(value);
  }
  return all;
}

// Applies one operation of a batch that has been checked; nothing here can fail.
struct Apply {
  Tables& tables;

  void operator()(const FlowRecord& r) const { tables.flows.insert_or_assign(r.key, r); }
  void operator()(const HostFlowRecord& r) const {
    tables.host_flows.insert_or_assign(r.provider, r);
  }
  void operator()(const SenderRecord& r) const { tables.senders.insert_or_assign(r.sender, r); }
  void operator()(const QueuedRecord& r) const {
    tables.queued.insert_or_assign(Triple{r.instance, r.queue_id, r.recipient}, r);
  }
  void operator()(const MessageRecord& r) const {
    tables.messages.insert_or_assign(Pair{r.instance, r.queue_id}, r);
  }
  void operator()(const HeldRecord& r) const { tables.held.insert_or_assign(r.queue_id, r); }
  void operator()(const CursorRecord& r) const { tables.cursors.insert_or_assign(r.source, r); }
  void operator()(const DomainProviderRecord& r) const {
    tables.domain_providers.insert_or_assign(r.domain, r);
  }
  void operator()(const SeenReportRecord& r) const {
    tables.seen_reports.insert_or_assign(r.identity, r);
  }
  void operator()(const TokenRecord& r) const {
    const TokenBytes bytes = *parse_token(r.token);
    TokenRecord& kept = tables.tokens.insert_or_assign(bytes, r).first->second;
    kept.token = base::encode_hex({bytes.data(), bytes.size()});
  }
  void operator()(const EventsRecord& r) const { tables.events.push_back(r); }
  void operator()(const ReplyRecord& r) const {
    tables.replies.insert_or_assign(Pair{r.provider, r.text}, r);
  }
  void operator()(const GuardRecord& r) const { tables.guards.insert_or_assign(r.provider, r); }
  void operator()(const suppression::Entry& r) const {
    tables.suppressions.insert_or_assign(Pair{r.key, r.sender}, r);
  }
  void operator()(const suppression::Evidence& r) const {
    tables.evidence.insert_or_assign(Pair{r.key, r.sender}, r);
  }
  void operator()(const suppression::Change& r) const {
    std::vector<suppression::Change>& lines = tables.history[r.key];
    const auto later = [](base::WallTime time, const suppression::Change& line) {
      return time < line.time;
    };
    lines.insert(std::upper_bound(lines.begin(), lines.end(), r.time, later), r);
    if (lines.size() > kHistoryMax) {
      lines.erase(lines.begin());
    }
  }
  void operator()(const EraseFlow& e) const { tables.flows.erase(e.key); }
  void operator()(const EraseQueued& e) const {
    tables.queued.erase(Triple{e.instance, e.queue_id, e.recipient});
  }
  void operator()(const EraseMessage& e) const {
    tables.messages.erase(Pair{e.instance, e.queue_id});
    auto it = tables.queued.lower_bound(Triple{e.instance, e.queue_id, ""});
    while (it != tables.queued.end() && it->second.instance == e.instance &&
           it->second.queue_id == e.queue_id) {
      it = tables.queued.erase(it);
    }
  }
  void operator()(const EraseHeld& e) const { tables.held.erase(e.queue_id); }
  void operator()(const EraseSuppression& e) const {
    tables.suppressions.erase(Pair{e.key, e.sender});
  }
  void operator()(const EraseEvidence& e) const { tables.evidence.erase(Pair{e.key, e.sender}); }
  void operator()(const EraseReply& e) const { tables.replies.erase(Pair{e.provider, e.text}); }
  void operator()(const EraseGuard& e) const { tables.guards.erase(e.provider); }
};

bool has_entry(const Tables& tables, const std::string& key) {
  const auto it = tables.suppressions.lower_bound(Pair{key, ""});
  return it != tables.suppressions.end() && it->second.key == key;
}

class MemoryStore final : public StateStore {
 public:
  explicit MemoryStore(FaultPoint fault) : fault_(std::move(fault)), key_(random_key()) {}

  base::Result<> commit(const Batch& batch) override {
    if (auto valid = check(batch); !valid) {
      return valid;
    }
    const base::MutexLock lock(mutex_);
    if (fault_ && !batch.operations.empty()) {
      return commit_with_faults(batch);
    }
    for (const Operation& operation : batch.operations) {
      std::visit(Apply{tables_}, operation);
    }
    return base::Ok{};
  }

  base::Result<Snapshot> load() override {
    const base::MutexLock lock(mutex_);
    Snapshot snapshot;
    snapshot.flows = values(tables_.flows);
    snapshot.host_flows = values(tables_.host_flows);
    snapshot.senders = values(tables_.senders);
    snapshot.queued = values(tables_.queued);
    snapshot.messages = values(tables_.messages);
    snapshot.held = values(tables_.held);
    snapshot.cursors = values(tables_.cursors);
    snapshot.domain_providers = values(tables_.domain_providers);
    snapshot.seen_reports = values(tables_.seen_reports);
    snapshot.evidence = values(tables_.evidence);
    snapshot.replies = values(tables_.replies);
    snapshot.guards = values(tables_.guards);
    return snapshot;
  }

  base::HashKey hash_key() const noexcept override { return key_; }

  base::Result<std::vector<suppression::Entry>> find_suppressions(std::string_view key) override {
    const base::MutexLock lock(mutex_);
    std::vector<suppression::Entry> found;
    auto it = tables_.suppressions.lower_bound(Pair{std::string(key), ""});
    for (; it != tables_.suppressions.end() && it->second.key == key; ++it) {
      found.push_back(it->second);
    }
    return found;
  }

  base::Result<std::optional<suppression::Evidence>> find_evidence(
      std::string_view key, std::string_view sender) override {
    const base::MutexLock lock(mutex_);
    const auto it = tables_.evidence.find(Pair{std::string(key), std::string(sender)});
    if (it == tables_.evidence.end()) {
      return std::optional<suppression::Evidence>{};
    }
    return std::optional<suppression::Evidence>{it->second};
  }

  base::Result<std::vector<suppression::Change>> history(std::string_view key) override {
    const base::MutexLock lock(mutex_);
    const auto it = tables_.history.find(std::string(key));
    return it == tables_.history.end() ? std::vector<suppression::Change>{} : it->second;
  }

  base::Result<std::vector<suppression::Entry>> list_suppressions(
      const SuppressionFilter& filter) override {
    const base::MutexLock lock(mutex_);
    std::vector<suppression::Entry> page;
    for (auto it = tables_.suppressions.lower_bound(Pair{filter.after, ""});
         it != tables_.suppressions.end(); ++it) {
      const suppression::Entry& entry = it->second;
      if (page.size() >= filter.limit && (page.empty() || page.back().key != entry.key)) {
        break;
      }
      if (entry.key > filter.after && is_wanted(filter, entry.reason, entry.pending) &&
          base::contains_ignoring_case(entry.key, filter.contains)) {
        page.push_back(entry);
      }
    }
    return page;
  }

  base::Result<> for_each_suppression_key(
      const std::function<void(std::string_view key)>& visit) override {
    std::vector<std::string> keys;
    {
      const base::MutexLock lock(mutex_);
      keys.reserve(tables_.suppressions.size());
      for (const auto& [key, entry] : tables_.suppressions) {
        keys.push_back(entry.key);
      }
    }
    for (const std::string& key : keys) {
      visit(key);
    }
    return base::Ok{};
  }

  base::Result<std::uint64_t> count_suppressions() override {
    const base::MutexLock lock(mutex_);
    return std::uint64_t{tables_.suppressions.size()};
  }

  base::Result<std::optional<TokenRecord>> find_token(std::string_view token) override {
    const auto bytes = parse_token(token);
    const base::MutexLock lock(mutex_);
    const auto it = bytes ? tables_.tokens.find(*bytes) : tables_.tokens.end();
    return it == tables_.tokens.end() ? std::optional<TokenRecord>{} : std::optional{it->second};
  }

  base::Result<std::vector<std::string>> find_events(std::uint32_t id,
                                                     base::WallTime since) override {
    const base::MutexLock lock(mutex_);
    std::vector<const EventsRecord*> found;
    for (const EventsRecord& record : tables_.events) {
      if (record.last >= since && std::binary_search(record.ids.begin(), record.ids.end(), id)) {
        found.push_back(&record);
      }
    }
    std::stable_sort(found.begin(), found.end(),
                     [](const auto* a, const auto* b) { return a->first < b->first; });
    std::vector<std::string> data;
    for (const EventsRecord* record : found) {
      data.push_back(record->data);
    }
    return data;
  }

  base::Result<> prune(const Horizons& horizons) override {
    const base::MutexLock lock(mutex_);
    std::erase_if(tables_.seen_reports,
                  [&](const auto& item) { return item.second.time < horizons.seen_reports; });
    std::erase_if(tables_.events,
                  [&](const EventsRecord& record) { return record.last < horizons.events; });
    std::erase_if(tables_.tokens,
                  [&](const auto& item) { return item.second.time < horizons.tokens; });
    std::erase_if(tables_.replies,
                  [&](const auto& item) { return item.second.last < horizons.replies; });
    const base::WallTime before = horizons.history;
    std::erase_if(tables_.messages, [&](const auto& item) { return item.second.seen_at < before; });
    for (const auto& [key, entry] : tables_.suppressions) {
      if (entry.until && *entry.until < before) {
        const auto it = tables_.evidence.find(key);
        if (it != tables_.evidence.end() && is_over(it->second, *entry.until)) {
          tables_.evidence.erase(it);
        }
      }
    }
    for (auto& [key, lines] : tables_.history) {
      if (!has_entry(tables_, key)) {
        std::erase_if(lines, [&](const suppression::Change& line) { return line.time < before; });
      }
    }
    std::erase_if(tables_.history, [](const auto& item) { return item.second.empty(); });
    return base::Ok{};
  }

  std::string describe() const override { return "memory"; }

 private:
  // Works on a copy that takes the place of the tables at the end.
  base::Result<> commit_with_faults(const Batch& batch) RAMPART_REQUIRES(mutex_) {
    Tables copy = tables_;
    std::size_t step = 0;
    bool failed = fault_(step++);
    for (const Operation& operation : batch.operations) {
      failed = failed || fault_(step++);
      std::visit(Apply{copy}, operation);
    }
    if (failed || fault_(step)) {
      return base::Error{base::Error::Kind::Unavailable, "memory: fault injected"};
    }
    tables_ = std::move(copy);
    return base::Ok{};
  }

  const FaultPoint fault_;
  const base::HashKey key_;
  base::Mutex mutex_;
  Tables tables_ RAMPART_GUARDED_BY(mutex_);
};

}  // namespace

std::unique_ptr<StateStore> open_memory() {
  return open_memory_with(nullptr);
}

std::unique_ptr<StateStore> open_memory_with(FaultPoint fault) {
  return std::make_unique<MemoryStore>(std::move(fault));
}

}  // namespace rampart::store
