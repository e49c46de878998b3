#include "rampart/history/dead.h"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>

#include "rampart/base/text.h"
#include "rampart/policy/bounce.h"
#include "rampart/suppression/entry.h"

namespace rampart::history {
namespace {

using reply::ReplyClass;
using ProviderDay = std::pair<std::uint32_t, long long>;

constexpr std::size_t kReplyBytesMax = 300;
// Fewer dead ones on a day are a bad list's head, not an outage.
constexpr std::uint32_t kManyDead = 10;
constexpr std::size_t kSpare = 4;

struct Known {
  std::string evidence;
  std::string queue_id;
  base::WallTime time{};
  std::vector<ProviderDay> bounces;  // each with its day, which may turn out to be left out
};

struct Tally {
  long long day = -1;
  std::uint32_t dead = 0;
  std::uint32_t total = 0;

  [[nodiscard]] bool fails() const noexcept { return dead >= kManyDead && dead > total / 2; }
};

}  // namespace

struct Dead::Data {
  void count(const Outcome& outcome, bool dead);
  void note(const Outcome& outcome, const std::string& key);
  [[nodiscard]] std::map<ProviderDay, Tally> all_failed() const;

  std::shared_ptr<const policy::Active> active;
  std::unordered_map<std::string, Known> known;
  std::vector<Tally> today;             // by provider, its latest day
  std::map<ProviderDay, Tally> failed;  // earlier days
  std::uint64_t passed_over = 0;
};

void Dead::Data::count(const Outcome& outcome, bool dead) {
  if (today.size() <= outcome.provider) {
    today.resize(outcome.provider + std::size_t{1});
  }
  Tally& tally = today[outcome.provider];
  if (const long long day = base::day_number(outcome.time); day > tally.day) {
    if (tally.fails()) {
      failed.emplace(ProviderDay{outcome.provider, tally.day}, tally);
    }
    tally = {day, 0, 0};
  }
  tally.dead += dead ? 1 : 0;
  ++tally.total;
}

void Dead::Data::note(const Outcome& outcome, const std::string& key) {
  if (known.size() >= kDeadMax && !known.contains(key)) {
    ++passed_over;
    return;
  }
  Known& dead = known[key];
  dead.evidence = base::printable(outcome.text, kReplyBytesMax);
  dead.queue_id = outcome.queue_id;
  dead.time = std::max(dead.time, outcome.time);
  dead.bounces.emplace_back(outcome.provider, today[outcome.provider].day);
  // More than suffice: some of them may be left out.
  if (dead.bounces.size() > active->options().suppression.hard_bounces + kSpare) {
    dead.bounces.erase(dead.bounces.begin());
  }
}

std::map<ProviderDay, Tally> Dead::Data::all_failed() const {
  std::map<ProviderDay, Tally> all = failed;
  for (std::uint32_t provider = 0; provider < today.size(); ++provider) {
    if (today[provider].fails()) {
      all.emplace(ProviderDay{provider, today[provider].day}, today[provider]);
    }
  }
  return all;
}

Dead::Dead(std::shared_ptr<const policy::Active> active) : data_(std::make_unique<Data>()) {
  data_->active = std::move(active);
}
Dead::~Dead() = default;
Dead::Dead(Dead&&) noexcept = default;
Dead& Dead::operator=(Dead&&) noexcept = default;

void Dead::add(const Outcome& outcome) {
  if (outcome.kind != Outcome::Kind::Reply || outcome.delivery->recipient.domain.empty()) {
    return;
  }
  const bool delivered = outcome.found.reply_class == ReplyClass::Delivered;
  const policy::Options& options = data_->active->options();
  if (delivered && options.smarthost) {
    return;  // the next hop's 250 says nothing of the recipient
  }
  const bool dead = !delivered && outcome.final &&
                    suppression::judge(policy::bounce_of(outcome.found, outcome.recipients)) ==
                        suppression::Judgement::Hard;
  if (!delivered && !dead) {
    return;
  }
  data_->count(outcome, dead);
  if (delivered && data_->known.empty()) {
    return;
  }
  const std::string key =
      suppression::canonical_key(outcome.delivery->recipient, options.suppression);
  if (delivered) {
    data_->known.erase(key);
  } else {
    data_->note(outcome, key);
  }
}

std::vector<DeadRecipient> Dead::recipients(base::WallTime now) const {
  const suppression::Options& options = data_->active->options().suppression;
  const std::map<ProviderDay, Tally> failed = data_->all_failed();
  std::vector<DeadRecipient> dead;
  for (const auto& [key, known] : data_->known) {
    const auto bounces =
        std::count_if(known.bounces.begin(), known.bounces.end(),
                      [&](const ProviderDay& day) { return !failed.contains(day); });
    if (bounces >= static_cast<std::ptrdiff_t>(options.hard_bounces) &&
        known.time + options.hard_expiry > now) {
      dead.push_back({key, known.evidence, known.queue_id, known.time});
    }
  }
  std::sort(dead.begin(), dead.end(),
            [](const DeadRecipient& a, const DeadRecipient& b) { return a.key < b.key; });
  return dead;
}

std::vector<LeftOut> Dead::left_out(const Correlator& correlator) const {
  std::vector<LeftOut> days;
  for (const auto& [day, tally] : data_->all_failed()) {
    days.push_back({correlator.providers().text(day.first),
                    base::WallTime{std::chrono::days{day.second}}, tally.dead, tally.total});
  }
  std::sort(days.begin(), days.end(), [](const LeftOut& a, const LeftOut& b) {
    return std::pair(a.day, a.provider) < std::pair(b.day, b.provider);
  });
  return days;
}

std::uint64_t Dead::passed_over() const noexcept {
  return data_->passed_over;
}

}  // namespace rampart::history
