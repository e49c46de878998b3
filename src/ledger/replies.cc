#include "rampart/ledger/replies.h"

#include <algorithm>

#include "rampart/base/text.h"
#include "rampart/reply/suggest.h"

namespace rampart::ledger {
namespace {

constexpr std::size_t kSampleBytesMax = 500;
constexpr std::size_t kGoAtOnce = Replies::kDifferentMax / 10;

bool is_unknown(const store::ReplyRecord& record) {
  return record.reply_class == reply::to_string(reply::ReplyClass::Undefined);
}

}  // namespace

void Replies::restore(store::ReplyRecord record) {
  const base::MutexLock lock(mutex_);
  Key key{record.provider, record.text};
  different_.insert_or_assign(std::move(key), Live{std::move(record)});
}

void Replies::count(reply::ReplyClass reply_class) {
  const base::MutexLock lock(mutex_);
  ++counts_[std::string(reply::to_string(reply_class))];
}

void Replies::note(std::string_view provider,
                   const mail::Reply& reply,
                   const reply::Classification& found,
                   std::string_view rule,
                   base::WallTime now) {
  std::string text = reply::generalise(reply.text);
  if (text.empty()) {
    return;
  }
  const base::MutexLock lock(mutex_);
  const auto [at, is_new] = different_.try_emplace(Key{provider, std::move(text)});
  Live& live = at->second;
  store::ReplyRecord& record = live.record;
  if (is_new) {
    record.provider = at->first.first;
    record.text = at->first.second;
    record.first = now;
    record.sample = base::printable(reply.text, kSampleBytesMax);
    record.stage = mail::to_string(found.stage);
  }
  // The rules may have changed since it was first seen.
  record.reply_class = reply::to_string(found.reply_class);
  record.rule = rule;
  record.suppress = found.suppress;
  record.last = std::max(record.last, now);
  ++record.count;
  live.dirty = true;
  if (different_.size() > kDifferentMax) {
    make_room();
  }
}

void Replies::make_room() {
  std::vector<std::pair<base::WallTime, const Key*>> ages;
  ages.reserve(different_.size());
  for (const auto& [key, live] : different_) {
    ages.emplace_back(live.record.last, &key);
  }
  std::nth_element(ages.begin(), ages.begin() + kGoAtOnce, ages.end());
  for (std::size_t i = 0; i < kGoAtOnce; ++i) {
    gone_.push_back(*ages[i].second);
    different_.erase(gone_.back());
  }
}

std::map<std::string, std::uint64_t> Replies::counts() const {
  const base::MutexLock lock(mutex_);
  return counts_;
}

std::vector<store::ReplyRecord> Replies::all() const {
  std::vector<store::ReplyRecord> records;
  {
    const base::MutexLock lock(mutex_);
    records.reserve(different_.size());
    for (const auto& [key, live] : different_) {
      records.push_back(live.record);
    }
  }
  std::stable_sort(
      records.begin(), records.end(),
      [](const store::ReplyRecord& a, const store::ReplyRecord& b) { return a.count > b.count; });
  return records;
}

std::uint64_t Replies::unknown() const {
  const base::MutexLock lock(mutex_);
  return static_cast<std::uint64_t>(
      std::count_if(different_.begin(), different_.end(),
                    [](const auto& item) { return is_unknown(item.second.record); }));
}

void Replies::collect(std::vector<store::Operation>& operations) {
  const base::MutexLock lock(mutex_);
  erasing_.insert(erasing_.end(), gone_.begin(), gone_.end());
  gone_.clear();
  for (const Key& key : erasing_) {
    operations.emplace_back(store::EraseReply{key.first, key.second});
  }
  for (auto& [key, live] : different_) {
    if (std::exchange(live.dirty, false)) {
      live.writing = true;
      operations.emplace_back(live.record);
    }
  }
}

void Replies::settle(bool stored) {
  const base::MutexLock lock(mutex_);
  if (stored) {
    erasing_.clear();
  }
  for (auto& [key, live] : different_) {
    if (std::exchange(live.writing, false) && !stored) {
      live.dirty = true;
    }
  }
}

}  // namespace rampart::ledger
