#include "rampart/history/suppressed.h"

#include <algorithm>

#include "rampart/base/text.h"
#include "rampart/policy/bounce.h"
#include "rampart/suppression/entry.h"

namespace rampart::history {
namespace {

using reply::ReplyClass;

constexpr std::size_t kReplyBytesMax = 300;
constexpr base::Micros kAgeEvery = std::chrono::minutes{1};  // all guards are looked at

}  // namespace

Suppressed::Suppressed(std::shared_ptr<const policy::Active> active)
    : active_(std::move(active)), guards_(active_->options().suppression.guard) {}

Suppressed::Judged Suppressed::add(const Outcome& outcome, base::WallTime asked, bool acts) {
  age_guards(outcome.log_time);
  Judged judged;
  if (outcome.kind != Outcome::Kind::Reply || outcome.delivery->recipient.domain.empty()) {
    return judged;
  }
  const policy::Options& options = active_->options();
  const report::Delivery& delivery = *outcome.delivery;
  std::string key;  // what for is asked, and what is delivered to, as a rule the same
  if (acts && outcome.attempts == 1 && !known_.empty()) {
    key = suppression::canonical_key(
        delivery.original_recipient ? *delivery.original_recipient : delivery.recipient,
        options.suppression);
    judged.refused = refuse(key, asked);
  }
  const bool delivered = outcome.found.reply_class == ReplyClass::Delivered;
  judged.doubted = reply::blames_address(outcome.found.reply_class) &&
                   guards_.doubts(outcome.flow->provider, outcome.time);
  if (!outcome.reported.final || (delivered && options.smarthost)) {
    return judged;  // the next hop's 250 says nothing of the recipient
  }
  const bool dead = !delivered && suppression::judge(policy::bounce_of(
                                      outcome.found, outcome.transaction_recipients)) ==
                                      suppression::Judgement::Hard;
  if (!delivered && !dead) {
    return judged;
  }
  if ((dead || !known_.empty()) && (key.empty() || delivery.original_recipient)) {
    key = suppression::canonical_key(delivery.recipient, options.suppression);
  }
  judged.turned =
      guards_.observe(outcome.flow->provider, outcome.flow->sender,
                      {std::max(outcome.time, outcome.log_time), dead, dead ? key : std::string()});
  for (const suppression::Guards::Turned& turned : judged.turned) {
    turn(turned, outcome.time);
  }
  if (dead) {
    on_dead(outcome, key, judged.refused);
  } else {
    on_delivered(key, outcome.time);
  }
  return judged;
}

// A failure may end with silence, before the answer that comes next.
void Suppressed::age_guards(base::WallTime now) {
  if (leaping_ == 0 || now < aged_at_ + kAgeEvery) {
    return;
  }
  aged_at_ = now;
  for (const suppression::Guards::Turned& turned : guards_.tick(now)) {
    turn(turned, now);
  }
}

// Counts it, if the address that was asked for is suppressed by then.
bool Suppressed::refuse(const std::string& key, base::WallTime asked) {
  const auto known = known_.find(key);
  if (known == known_.end() || !known->second.in_force) {
    return false;
  }
  SuppressedAddress& address = known->second.address;
  if (asked < address.since ||
      asked >= address.told_at + active_->options().suppression.hard_expiry) {
    return false;
  }
  ++address.refused;
  return true;
}

// Entries become pending, or pending ones go, as in the service.
void Suppressed::turn(const suppression::Guards::Turned& turned, base::WallTime now) {
  leaping_ += turned.leapt ? 1U : -1U;
  if (!turned.leapt) {
    std::erase_if(known_, [&](const auto& one) { return one.second.pending == turned.provider; });
    for (MassFailure& failure : failures_) {
      if (failure.provider == turned.provider && failure.until == base::WallTime{}) {
        failure.until = now;
      }
    }
    return;
  }
  if (failures_.size() < kFailuresMax) {
    failures_.push_back({turned.provider, now, {}, 0});
  }
  for (const std::string& key : turned.dead) {
    const auto known = known_.find(key);
    if (known != known_.end() && known->second.in_force) {
      known->second.in_force = false;
      known->second.pending = turned.provider;
      doubt(turned.provider);
    }
  }
}

void Suppressed::doubt(const std::string& provider) {
  ++doubted_;
  for (auto failure = failures_.rbegin(); failure != failures_.rend(); ++failure) {
    if (failure->provider == provider && failure->until == base::WallTime{}) {
      ++failure->doubted;
      return;
    }
  }
}

void Suppressed::on_dead(const Outcome& outcome, const std::string& key, bool refused) {
  const std::string pending(guards_.pending_for(outcome.flow->provider, outcome.time));
  if (!pending.empty()) {
    doubt(pending);
  }
  auto known = known_.find(key);
  if (known == known_.end()) {
    if (known_.size() >= kAddressesMax) {
      ++passed_over_;
      return;
    }
    known = known_.emplace(key, Known{}).first;
  }
  Known& entry = known->second;
  SuppressedAddress& address = entry.address;
  ++entry.bounces;
  ++entry.since_delivery;
  if (!entry.in_force && entry.bounces >= active_->options().suppression.hard_bounces) {
    entry.in_force = pending.empty();
    entry.pending = pending;
    address.since = outcome.time;
  }
  if (!refused) {
    address.key = key;
    address.rule = active_->policy().replies.rule(outcome.found.rule).name;
    address.reply = base::printable(outcome.text, kReplyBytesMax);
    address.queue_id = outcome.queue_id;
    address.told_at = std::max(address.told_at, outcome.time);
  }
}

void Suppressed::on_delivered(const std::string& key, base::WallTime time) {
  const auto known = known_.find(key);
  if (known == known_.end()) {
    return;
  }
  if (!known->second.in_force) {
    known_.erase(known);
    return;
  }
  known->second.since_delivery = 0;
  if (known->second.address.delivered_at == base::WallTime{}) {
    known->second.address.delivered_at = time;
  }
}

std::vector<SuppressedAddress> Suppressed::addresses() const {
  std::vector<SuppressedAddress> addresses;
  for (const auto& [key, known] : known_) {
    if (known.in_force) {
      addresses.push_back(known.address);
    }
  }
  std::sort(addresses.begin(), addresses.end(),
            [](const SuppressedAddress& a, const SuppressedAddress& b) { return a.key < b.key; });
  return addresses;
}

std::vector<MassFailure> Suppressed::failures() const {
  std::vector<MassFailure> failures = failures_;
  std::erase_if(failures, [](const MassFailure& failure) { return failure.doubted == 0; });
  return failures;
}

std::vector<SuppressedAddress> Suppressed::dead(base::WallTime now) const {
  const suppression::Options& options = active_->options().suppression;
  std::vector<SuppressedAddress> dead = addresses();
  std::erase_if(dead, [&](const SuppressedAddress& address) {
    return known_.at(address.key).since_delivery < options.hard_bounces ||
           address.told_at + options.hard_expiry <= now;
  });
  return dead;
}

}  // namespace rampart::history
