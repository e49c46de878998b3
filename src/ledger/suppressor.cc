#include "rampart/ledger/suppressor.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "rampart/store/state_store.h"
#include "rampart/telemetry/counter.h"
#include "rampart/telemetry/log.h"

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

// The best of several entries for a sender.
std::optional<Entry> choose(const std::vector<Entry>& entries,
                            std::string_view sender,
                            base::WallTime now) {
  const auto rank = [](const Entry& entry) {
    return (entry.pending.empty() ? 2 : 0) + (entry.sender.empty() ? 1 : 0);
  };
  const Entry* best = nullptr;
  for (const Entry& entry : entries) {
    const bool concerns = entry.sender.empty() || entry.sender == sender;
    if (concerns && is_in_force(entry, now) && (best == nullptr || rank(entry) > rank(*best))) {
      best = &entry;
    }
  }
  return best == nullptr ? std::nullopt : std::optional(*best);
}

base::Result<std::optional<Entry>> choose(const base::Result<std::vector<Entry>>& entries,
                                          std::string_view sender,
                                          base::WallTime now) {
  if (!entries) {
    return entries.error();
  }
  return choose(*entries, sender, now);
}

// The store will say the same the next time.
bool is_lasting(const base::Error& error) noexcept {
  return error.kind != base::Error::Kind::Unavailable && error.kind != base::Error::Kind::Timeout;
}

void note_lost(const base::Error& error) {
  static telemetry::Counter& lost = telemetry::counter("suppression_lessons_lost_total");
  lost.add();
  telemetry::write(telemetry::Level::Warning,
                   telemetry::Line("suppression").add("change", "lost").text(error.what));
}

void log_suppressions(const std::vector<store::Operation>& operations) {
  for (const store::Operation& operation : operations) {
    if (const auto* entry = std::get_if<Entry>(&operation)) {
      ledger::log_suppressions(mail::parse_address(entry->key).value_or(mail::Address{}), {*entry});
    }
  }
}

void append(std::vector<store::Operation>& to, std::vector<store::Operation> from) {
  std::move(from.begin(), from.end(), std::back_inserter(to));
}

}  // namespace

void log_suppressions(const mail::Address& recipient,
                      const std::vector<store::Operation>& operations) {
  for (const store::Operation& operation : operations) {
    const auto* added = std::get_if<Entry>(&operation);
    if (added == nullptr) {
      continue;
    }
    telemetry::write(telemetry::Level::Info,
                     telemetry::Line("suppression")
                         .add("change", added->pending.empty() ? "added" : "pending")
                         .recipient("to", recipient)
                         .add("reason", suppression::to_string(added->reason))
                         .add("rule", added->rule)
                         .add("until", added->until ? base::format_utc(*added->until) : "never")
                         .add("queue_id", added->queue_id)
                         .text(added->evidence));
  }
}

Suppressor::Suppressor(store::StateStore& store)
    : store_(store), index_(store.hash_key()), evidence_index_(store.hash_key()), lookups_(store) {}

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
  return store_.for_each_suppression_key([this](std::string_view key)
                                             RAMPART_REQUIRES(mutex_) { index_.insert(key); });
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

std::optional<Suppressor::Entries> Suppressor::find_in_memory(std::string_view key) const {
  const base::MutexLock lock(mutex_);
  const auto changed = changed_.find(std::string(key));
  if (changed != changed_.end()) {
    return changed->second.entries;
  }
  return index_.may_contain(key) ? std::nullopt : std::optional(Entries{});
}

base::Result<Suppressor::Entries> Suppressor::entries(std::string_view key) const {
  if (auto known = find_in_memory(key)) {
    return std::move(*known);
  }
  return store_.find_suppressions(key);
}

base::Result<std::optional<Entry>> Suppressor::find(std::string_view key,
                                                    std::string_view sender,
                                                    base::WallTime now) const {
  return choose(entries(key), sender, now);
}

base::Result<std::optional<Entry>> Suppressor::find_within(base::Micros deadline,
                                                           std::string_view key,
                                                           std::string_view sender,
                                                           base::WallTime now) {
  if (const auto known = find_in_memory(key)) {
    return choose(*known, sender, now);
  }
  return choose(
      deadline == base::Micros{0} ? store_.find_suppressions(key) : lookups_.find(key, deadline),
      sender, now);
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

base::Result<Suppressor::Operations> Suppressor::add_entry(const Entry& entry,
                                                           std::string_view origin,
                                                           base::WallTime now) {
  auto known = this->entries(entry.key);
  if (!known) {
    return known.error();
  }
  Entries entries = std::move(*known);
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
      return Operations{};
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
  return Operations{entry, change_of(entry, kind, origin, now)};
}

base::Result<Suppressor::Operations> Suppressor::remove_entry(std::string_view key,
                                                              std::string_view sender,
                                                              Change::Kind kind,
                                                              std::string_view origin,
                                                              base::WallTime now) {
  auto known = this->entries(key);
  if (!known) {
    return known.error();
  }
  Entries entries = std::move(*known);
  const std::size_t before = entries.size();
  const auto found = std::find_if(entries.begin(), entries.end(),
                                  [&](const Entry& e) { return e.sender == sender; });
  if (found == entries.end()) {
    return Operations{};
  }
  const Change change = change_of(*found, kind, origin, now);
  entries.erase(found);
  put(std::string(key), std::move(entries), before);
  // weigh() goes on counting from its evidence: with it the next bounce would find it full.
  Evidence none;
  none.key = key;
  none.sender = sender;
  put(none);
  return Operations{store::EraseSuppression{none.key, none.sender}, change,
                    store::EraseEvidence{none.key, none.sender}};
}

base::Result<Suppressor::Operations> Suppressor::clear_entry(std::string_view key,
                                                             std::string_view origin,
                                                             base::WallTime now) {
  return pending_for(key).empty() ? Operations{}
                                  : remove_entry(key, {}, Change::Kind::Cleared, origin, now);
}

std::string Suppressor::evidence_key(std::string_view key, std::string_view sender) {
  return std::string(key) + '\n' + std::string(sender);
}

// Most addresses have none, and that is known without asking the store.
base::Result<Evidence> Suppressor::find_evidence(std::string_view key,
                                                 std::string_view sender) const {
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
  if (!stored) {
    return stored.error();
  }
  return stored->value_or(none);
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

base::Result<Suppressor::Operations> Suppressor::weigh(suppression::Judgement judgement,
                                                       const Entry& entry,
                                                       const suppression::Options& options,
                                                       base::WallTime now) {
  auto evidence = find_evidence(entry.key, entry.sender);
  if (!evidence) {
    return evidence.error();
  }
  const auto result = suppression::weigh(*evidence, judgement, entry, options, now);
  auto made = result ? add_entry(*result, "reply", now) : Operations{};
  if (made) {
    put(*evidence);
    made->insert(made->begin(), *evidence);
  }
  return made;
}

// All that the store must answer comes before anything is changed.
base::Result<Suppressor::Operations> Suppressor::note_delivery(const std::string& key,
                                                               const std::string& sender,
                                                               const suppression::Options& options,
                                                               base::WallTime now) {
  std::vector<Evidence> outdated;
  for (const std::string& whose : {std::string{}, sender}) {
    auto evidence = find_evidence(key, whose);
    if (!evidence) {
      return evidence.error();
    }
    if (!is_empty(*evidence)) {
      outdated.push_back({key, whose, 0, {}, {}});
    }
  }
  auto operations = clear_entry(key, "delivery", now);
  if (!operations) {
    return operations;
  }
  const auto entry = find(key, sender, now);
  if (!entry) {
    return entry.error();
  }
  if (*entry && is_learned(**entry)) {
    auto made = options.lift_on_delivery
                    ? remove_entry(key, (*entry)->sender, Change::Kind::Lifted, "delivery", now)
                    : Operations{change_of(**entry, Change::Kind::Contradicted, "delivery", now)};
    if (!made) {
      return made;
    }
    append(*operations, std::move(*made));
  }
  for (const Evidence& none : outdated) {
    operations->emplace_back(store::EraseEvidence{none.key, none.sender});
    put(none);
  }
  return operations;
}

// Only hard entries, which are everyone's, are ever pending.
template <class Change>
base::Result<std::optional<Entry>> Suppressor::change(std::string_view key, Change&& change) {
  auto known = this->entries(key);
  if (!known) {
    return known.error();
  }
  Entries entries = std::move(*known);
  const auto found =
      std::find_if(entries.begin(), entries.end(), [](const Entry& e) { return e.sender.empty(); });
  if (found == entries.end() || !change(*found)) {
    return std::optional<Entry>{};
  }
  const Entry changed = *found;
  const std::size_t size = entries.size();
  put(std::string(key), std::move(entries), size);
  return std::optional(changed);
}

base::Result<Suppressor::Operations> Suppressor::add(const Entry& entry,
                                                     std::string_view origin,
                                                     base::WallTime now) {
  const base::MutexLock writing(writers_);
  return add_entry(entry, origin, now);
}

base::Result<Suppressor::Operations> Suppressor::remove(std::string_view key,
                                                        std::string_view sender,
                                                        Change::Kind kind,
                                                        std::string_view origin,
                                                        base::WallTime now) {
  const base::MutexLock writing(writers_);
  return remove_entry(key, sender, kind, origin, now);
}

base::Result<Suppressor::Operations> Suppressor::confirm(std::string_view key,
                                                         std::string_view origin,
                                                         base::WallTime now) {
  const base::MutexLock writing(writers_);
  const auto changed = change(key, [](Entry& entry) {
    const bool waits = !entry.pending.empty();
    entry.pending.clear();
    return waits;
  });
  if (!changed) {
    return changed.error();
  }
  return *changed
             ? Operations{**changed, change_of(**changed, Change::Kind::Confirmed, origin, now)}
             : Operations{};
}

base::Result<Suppressor::Operations> Suppressor::clear(std::string_view key,
                                                       std::string_view origin,
                                                       base::WallTime now) {
  const base::MutexLock writing(writers_);
  return clear_entry(key, origin, now);
}

template <class Now>
Suppressor::Operations Suppressor::attempt(Now&& lesson) {
  const base::MutexLock writing(writers_);
  if (!is_behind()) {
    auto made = lesson();
    if (made) {
      return std::move(*made);
    }
    if (is_lasting(made.error())) {
      note_lost(made.error());
      return {};
    }
  }
  static telemetry::Counter& delayed = telemetry::counter("suppression_lessons_delayed_total");
  delayed.add();
  const base::MutexLock lock(mutex_);
  waiting_.emplace_back(std::forward<Now>(lesson));
  return {};
}

bool Suppressor::is_behind() const {
  const base::MutexLock lock(mutex_);
  return !waiting_.empty();
}

Suppressor::Operations Suppressor::retry() {
  const base::MutexLock writing(writers_);
  Operations operations;
  for (;;) {
    Lesson lesson;
    {
      const base::MutexLock lock(mutex_);
      if (waiting_.empty()) {
        return operations;
      }
      lesson = waiting_.front();
    }
    auto made = lesson();
    if (!made && !is_lasting(made.error())) {
      return operations;
    }
    if (made) {
      log_suppressions(*made);
      append(operations, std::move(*made));
    } else {
      note_lost(made.error());
    }
    const base::MutexLock lock(mutex_);
    waiting_.pop_front();
  }
}

Suppressor::Operations Suppressor::learn(suppression::Judgement judgement,
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
  return attempt([this, judgement, entry = std::move(entry), options, now]()
                     RAMPART_REQUIRES(writers_) { return weigh(judgement, entry, options, now); });
}

Suppressor::Operations Suppressor::delivered(std::string_view key,
                                             const std::string& sender,
                                             const suppression::Options& options,
                                             base::WallTime now) {
  return attempt([this, name = std::string(key), sender, options, now]() RAMPART_REQUIRES(
                     writers_) { return note_delivery(name, sender, options, now); });
}

Suppressor::Operations Suppressor::complain(const Entry& entry, base::WallTime now) {
  return attempt([this, entry, now]()
                     RAMPART_REQUIRES(writers_) { return add_entry(entry, "feedback", now); });
}

Suppressor::Operations Suppressor::make_pending(std::string_view key,
                                                std::string_view provider,
                                                base::WallTime now) {
  return attempt([this, name = std::string(key), whose = std::string(provider),
                  now]() RAMPART_REQUIRES(writers_) -> base::Result<Operations> {
    const auto changed = change(name, [&](Entry& entry) {
      if (entry.reason != suppression::Reason::Hard || !entry.pending.empty() ||
          !is_in_force(entry, now)) {
        return false;
      }
      entry.pending = whose;
      return true;
    });
    if (!changed) {
      return changed.error();
    }
    return *changed ? Operations{**changed,
                                 change_of(**changed, Change::Kind::Pending, "mass failure", now)}
                    : Operations{};
  });
}

Suppressor::Operations Suppressor::absolve(std::string_view key, base::WallTime now) {
  return attempt([this, name = std::string(key), now]() RAMPART_REQUIRES(writers_) {
    return clear_entry(name, "the share fell", now);
  });
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

void Suppressor::begin_round() {
  const base::MutexLock lock(mutex_);
  ++round_;
}

void Suppressor::end_round(bool stored) {
  const base::MutexLock lock(mutex_);
  if (!stored) {
    return;
  }
  const auto settled = [now = round_](const auto& item) {
    return item.second.round < now;
  };
  std::erase_if(changed_, settled);
  std::erase_if(evidence_, settled);
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
