#include "rampart/history/suppressed.h"

#include <algorithm>

#include "rampart/base/text.h"
#include "rampart/policy/bounce.h"
#include "rampart/suppression/entry.h"

namespace rampart::history {
namespace {

using reply::ReplyClass;

constexpr std::size_t kReplyBytesMax = 300;

}  // namespace

Suppressed::Suppressed(std::shared_ptr<const policy::Active> active) : active_(std::move(active)) {}

bool Suppressed::is_hard(const Outcome& outcome) const {
  return suppression::judge(policy::bounce_of(outcome.found, outcome.recipients)) ==
         suppression::Judgement::Hard;
}

bool Suppressed::add(const Outcome& outcome, base::WallTime asked, bool acts) {
  if (outcome.kind != Outcome::Kind::Reply || outcome.delivery->recipient.domain.empty()) {
    return false;
  }
  const policy::Options& options = active_->options();
  const report::Delivery& delivery = *outcome.delivery;
  std::string key;  // what for is asked, and what is delivered to, as a rule the same
  bool refused = false;
  if (acts && outcome.attempts == 1 && !known_.empty()) {
    key = suppression::canonical_key(
        delivery.original_recipient ? *delivery.original_recipient : delivery.recipient,
        options.suppression);
    refused = refuse(key, asked);
  }
  const bool delivered = outcome.found.reply_class == ReplyClass::Delivered;
  if (!outcome.final || (delivered && options.smarthost)) {
    return refused;  // the next hop's 250 says nothing of the recipient
  }
  const bool dead = !delivered && is_hard(outcome);
  if (!delivered && !dead) {
    return refused;
  }
  if ((dead || !known_.empty()) && (key.empty() || delivery.original_recipient)) {
    key = suppression::canonical_key(delivery.recipient, options.suppression);
  }
  const bool doubted = doubts(outcome, dead, key);
  if (dead) {
    doubted_ += doubted ? 1 : 0;
    if (!doubted) {
      note(outcome, key);
    }
    return refused;
  }
  const auto known = known_.find(key);
  if (known == known_.end()) {
    return refused;
  }
  if (!known->second.in_force) {
    known_.erase(known);
  } else if (known->second.address.delivered_at == base::WallTime{}) {
    known->second.address.delivered_at = outcome.time;
  }
  return refused;
}

// Counts it, if the address that was asked for is suppressed by then.
bool Suppressed::refuse(const std::string& key, base::WallTime asked) {
  const auto known = known_.find(key);
  if (known == known_.end() || !known->second.in_force) {
    return false;
  }
  SuppressedAddress& address = known->second.address;
  if (asked < address.since ||
      asked >= address.since + active_->options().suppression.hard_expiry) {
    return false;
  }
  ++address.refused;
  return true;
}

// Tells the provider's guard. @return whether what it says of addresses is in doubt
bool Suppressed::doubts(const Outcome& outcome, bool dead, const std::string& key) {
  auto guard = guards_.find(outcome.provider);
  if (guard == guards_.end()) {
    if (guards_.size() >= kGuardsMax) {
      return false;
    }
    guard = guards_.emplace(outcome.provider, active_->options().suppression.guard).first;
  }
  const auto turn = guard->second.observe({outcome.time, dead, dead ? key : std::string()});
  if (turn == suppression::FailureGuard::Turn::Leapt) {
    for (const std::string& recent : guard->second.recent_dead()) {
      doubted_ += known_.erase(recent);
    }
  }
  return dead && guard->second.leaping(outcome.time);
}

void Suppressed::note(const Outcome& outcome, const std::string& key) {
  auto known = known_.find(key);
  if (known == known_.end()) {
    if (known_.size() >= kAddressesMax) {
      ++passed_over_;
      return;
    }
    known = known_.emplace(key, Known{}).first;
  }
  Known& entry = known->second;
  if (entry.in_force) {
    return;
  }
  ++entry.bounces;
  entry.in_force = entry.bounces >= active_->options().suppression.hard_bounces;
  SuppressedAddress& address = entry.address;
  address.key = key;
  address.rule = active_->policy().replies.rule(outcome.found.rule).name;
  address.reply = base::printable(outcome.text, kReplyBytesMax);
  address.queue_id = outcome.queue_id;
  address.since = outcome.time;
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

}  // namespace rampart::history
