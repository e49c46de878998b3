#include "rampart/ledger/suppressor.h"

#include <algorithm>

#include "rampart/telemetry/counter.h"

namespace rampart::ledger {
namespace {

using suppression::Change;
using suppression::Entry;
using suppression::Evidence;

bool is_in_force(const Entry& entry, base::WallTime now) noexcept {
  return !entry.until || *entry.until > now;
}

bool lasts_longer(const Entry& a, const Entry& b) noexcept {
  return !a.until || (b.until && *a.until >= *b.until);
}

bool is_learned(const Entry& entry) noexcept {
  return entry.reason == suppression::Reason::Hard || entry.reason == suppression::Reason::Soft;
}

bool is_empty(const Evidence& evidence) noexcept {
  return evidence.hard_bounces == 0 && evidence.unknown_domain_days.empty() &&
         evidence.soft_days.empty();
}

Change change_of(const Entry& entry,
                 Change::Kind kind,
                 std::string_view origin,
                 base::WallTime now) {
  return {kind, entry.key, entry.sender, entry.reason, now, std::string(origin), entry.evidence};
}

}  // namespace

Suppressor::Suppressor(store::StateStore& store)
    : store_(store), index_(store.hash_key()), evidence_index_(store.hash_key()) {}

base::Result<> Suppressor::load(const std::vector<Evidence>& evidence) {
  const auto count = store_.count_suppressions();
  if (!count) {
    return count.error();
  }
  if (const auto loaded = load_pending(); !loaded) {
    return loaded;
  }
  const base::MutexLock lock(mutex_);
  index_.reserve(*count);
  entries_ = *count;
  for (const Evidence& item : evidence) {
    evidence_index_.insert(evidence_key(item.key, item.sender));
  }
  return store_.for_each_suppression_key([this](std::string_view key) { index_.insert(key); });
}

base::Result<> Suppressor::load_pending() {
  store::SuppressionFilter filter;
  filter.pending = true;
  for (;;) {
    const auto page = store_.list_suppressions(filter);
    if (!page) {
      return page.error();
    }
    const base::MutexLock lock(mutex_);
    for (const Entry& entry : *page) {
      pending_[entry.key] = entry.pending;
      filter.after = entry.key;
    }
    if (page->size() < filter.limit) {
      return base::Ok{};
    }
  }
}

base::Result<Suppressor::Entries> Suppressor::current(std::string_view key) const {
  {
    const base::MutexLock lock(mutex_);
    const auto changed = changed_.find(std::string(key));
    if (changed != changed_.end()) {
      return changed->second.entries;
    }
    if (!index_.may_contain(key)) {
      return Entries{};
    }
  }
  return store_.find_suppressions(key);
}

std::optional<Entry> Suppressor::find(std::string_view key,
                                      std::string_view sender,
                                      base::WallTime now) const {
  const auto found = current(key);
  if (!found) {
    static telemetry::Counter& failed = telemetry::counter("suppression_lookups_failed_total");
    failed.add();
    return std::nullopt;
  }
  const auto rank = [](const Entry& entry) {
    return (entry.pending.empty() ? 2 : 0) + (entry.sender.empty() ? 1 : 0);
  };
  const Entry* best = nullptr;
  for (const Entry& entry : *found) {
    const bool concerns = entry.sender.empty() || entry.sender == sender;
    if (concerns && is_in_force(entry, now) && (best == nullptr || rank(entry) > rank(*best))) {
      best = &entry;
    }
  }
  return best == nullptr ? std::nullopt : std::optional(*best);
}

base::Result<Suppressor::Entries> Suppressor::entries(std::string_view key) const {
  return current(key);
}

// The index counts entries, not keys: one key may be suppressed for several senders.
void Suppressor::put(const std::string& key, Entries entries, std::size_t before) {
  const base::MutexLock lock(mutex_);
  for (std::size_t i = before; i < entries.size(); ++i) {
    index_.insert(key);
  }
  for (std::size_t i = entries.size(); i < before; ++i) {
    index_.erase(key);
  }
  entries_ += entries.size();
  entries_ -= before;
  const auto waits = std::find_if(entries.begin(), entries.end(),
                                  [](const Entry& entry) { return !entry.pending.empty(); });
  if (waits == entries.end()) {
    pending_.erase(key);
  } else {
    pending_[key] = waits->pending;
  }
  changed_[key] = Changed{std::move(entries), round_};
}

std::vector<store::Operation> Suppressor::add(const Entry& entry,
                                              std::string_view origin,
                                              base::WallTime now) {
  const base::MutexLock writing(writers_);
  auto known = current(entry.key);
  Entries entries = known ? std::move(*known) : Entries{};
  const std::size_t before = entries.size();
  const auto same = std::find_if(entries.begin(), entries.end(),
                                 [&](const Entry& e) { return e.sender == entry.sender; });
  if (same != entries.end()) {
    const bool stronger = !entry.pending.empty() && same->pending.empty();
    const bool by_complaint = entry.reason == suppression::Reason::Complaint;
    const bool weaker = entry.pending.empty() && !same->pending.empty();
    const bool same_again = same->reason == entry.reason && same->until == entry.until &&
                            same->evidence == entry.evidence;
    const bool outlasts = is_learned(entry) && (lasts_longer(*same, entry) || !is_learned(*same));
    const bool by_person = same->reason == suppression::Reason::Operator ||
                           same->reason == suppression::Reason::Import;
    const bool kept = is_in_force(*same, now) && !weaker &&
                      (stronger || same_again || outlasts || (by_complaint && by_person));
    if (kept) {
      return {};
    }
    *same = entry;
  } else {
    entries.push_back(entry);
  }
  put(entry.key, std::move(entries), before);
  {
    const base::MutexLock lock(mutex_);
    ++added_;
  }
  const Change::Kind kind = entry.pending.empty() ? Change::Kind::Added : Change::Kind::Pending;
  return {entry, change_of(entry, kind, origin, now)};
}

std::vector<store::Operation> Suppressor::remove(std::string_view key,
                                                 std::string_view sender,
                                                 Change::Kind kind,
                                                 std::string_view origin,
                                                 base::WallTime now) {
  const base::MutexLock writing(writers_);
  auto known = current(key);
  Entries entries = known ? std::move(*known) : Entries{};
  const std::size_t before = entries.size();
  const auto found = std::find_if(entries.begin(), entries.end(),
                                  [&](const Entry& e) { return e.sender == sender; });
  if (found == entries.end()) {
    return {};
  }
  const Change change = change_of(*found, kind, origin, now);
  entries.erase(found);
  put(std::string(key), std::move(entries), before);
  return {store::EraseSuppression{std::string(key), std::string(sender)}, change};
}

std::string Suppressor::evidence_key(std::string_view key, std::string_view sender) {
  return std::string(key) + '\n' + std::string(sender);
}

// Most addresses have none, and that is known without asking the store.
Evidence Suppressor::find_evidence(std::string_view key, std::string_view sender) const {
  Evidence none;
  none.key = key;
  none.sender = sender;
  {
    const std::string name = evidence_key(key, sender);
    const base::MutexLock lock(mutex_);
    const auto changed = evidence_.find(name);
    if (changed != evidence_.end()) {
      return changed->second.evidence;
    }
    if (!evidence_index_.may_contain(name)) {
      return none;
    }
  }
  const auto stored = store_.find_evidence(key, sender);
  return stored && *stored ? **stored : none;
}

void Suppressor::put(const Evidence& evidence) {
  const std::string name = evidence_key(evidence.key, evidence.sender);
  const base::MutexLock lock(mutex_);
  if (is_empty(evidence)) {
    evidence_index_.erase(name);
  } else if (!evidence_index_.may_contain(name)) {
    evidence_index_.insert(name);
  }
  evidence_[name] = {evidence, round_};
}

std::vector<store::Operation> Suppressor::learn(suppression::Judgement judgement,
                                                Entry entry,
                                                const suppression::Options& options,
                                                base::WallTime now) {
  if (judgement == suppression::Judgement::None) {
    return {};
  }
  // What the address itself is to blame for is everyone's; soft causes are this sender's only.
  if (judgement != suppression::Judgement::Soft) {
    entry.sender.clear();
  }
  Evidence evidence = find_evidence(entry.key, entry.sender);
  auto result = suppression::weigh(evidence, judgement, entry, options, now);
  std::vector<store::Operation> operations{evidence};
  put(evidence);
  if (result) {
    for (store::Operation& operation : add(*result, "reply", now)) {
      operations.push_back(std::move(operation));
    }
  }
  return operations;
}

std::vector<store::Operation> Suppressor::delivered(std::string_view key,
                                                    const std::string& sender,
                                                    const suppression::Options& options,
                                                    base::WallTime now) {
  std::vector<store::Operation> operations;
  for (const std::string& whose : {std::string{}, sender}) {
    const Evidence evidence = find_evidence(key, whose);
    if (is_empty(evidence)) {
      continue;
    }
    operations.emplace_back(store::EraseEvidence{std::string(key), whose});
    forget_evidence(key, whose);
  }
  for (store::Operation& operation : clear(key, "delivery", now)) {
    operations.push_back(std::move(operation));
  }
  const auto entry = find(key, sender, now);
  if (!entry || !is_learned(*entry)) {
    return operations;
  }
  if (!options.lift_on_delivery) {
    operations.emplace_back(change_of(*entry, Change::Kind::Contradicted, "delivery", now));
    return operations;
  }
  for (store::Operation& operation :
       remove(key, entry->sender, Change::Kind::Lifted, "delivery", now)) {
    operations.push_back(std::move(operation));
  }
  return operations;
}

// Only hard entries, which are everyone's, are ever pending.
template <class Change>
std::optional<Entry> Suppressor::change(std::string_view key, Change&& change) {
  const base::MutexLock writing(writers_);
  auto known = current(key);
  Entries entries = known ? std::move(*known) : Entries{};
  const auto found =
      std::find_if(entries.begin(), entries.end(), [](const Entry& e) { return e.sender.empty(); });
  if (found == entries.end() || !change(*found)) {
    return std::nullopt;
  }
  const Entry changed = *found;
  const std::size_t size = entries.size();
  put(std::string(key), std::move(entries), size);
  return changed;
}

std::vector<store::Operation> Suppressor::make_pending(std::string_view key,
                                                       std::string_view provider,
                                                       base::WallTime now) {
  const auto changed = change(key, [&](Entry& entry) {
    if (entry.reason != suppression::Reason::Hard || !entry.pending.empty() ||
        !is_in_force(entry, now)) {
      return false;
    }
    entry.pending = provider;
    return true;
  });
  if (!changed) {
    return {};
  }
  return {*changed, change_of(*changed, Change::Kind::Pending, "mass failure", now)};
}

std::vector<std::string> Suppressor::pending_keys(std::string_view provider) const {
  std::vector<std::string> keys;
  const base::MutexLock lock(mutex_);
  for (const auto& [key, whose] : pending_) {
    if (provider.empty() || whose == provider) {
      keys.push_back(key);
    }
  }
  return keys;
}

std::string Suppressor::pending_for(std::string_view key) const {
  const base::MutexLock lock(mutex_);
  const auto found = pending_.find(std::string(key));
  return found == pending_.end() ? std::string{} : found->second;
}

std::vector<store::Operation> Suppressor::confirm(std::string_view key,
                                                  std::string_view origin,
                                                  base::WallTime now) {
  const auto changed = change(key, [](Entry& entry) {
    const bool waits = !entry.pending.empty();
    entry.pending.clear();
    return waits;
  });
  if (!changed) {
    return {};
  }
  return {*changed, change_of(*changed, Change::Kind::Confirmed, origin, now)};
}

std::vector<store::Operation> Suppressor::clear(std::string_view key,
                                                std::string_view origin,
                                                base::WallTime now) {
  if (pending_for(key).empty()) {
    return {};
  }
  return remove(key, {}, Change::Kind::Cleared, origin, now);
}

void Suppressor::forget_evidence(std::string_view key, std::string_view sender) {
  Evidence none;
  none.key = key;
  none.sender = sender;
  put(none);
}

void Suppressor::begin_round() {
  const base::MutexLock lock(mutex_);
  ++round_;
}

void Suppressor::end_round(bool stored) {
  const base::MutexLock lock(mutex_);
  if (!stored) {
    return;
  }
  std::erase_if(changed_, [&](const auto& item) { return item.second.round < round_; });
  std::erase_if(evidence_, [&](const auto& item) { return item.second.round < round_; });
}

std::uint64_t Suppressor::size() const {
  const base::MutexLock lock(mutex_);
  return entries_;
}

std::uint64_t Suppressor::pending() const {
  const base::MutexLock lock(mutex_);
  return pending_.size();
}

std::uint64_t Suppressor::added() const {
  const base::MutexLock lock(mutex_);
  return added_;
}

}  // namespace rampart::ledger
