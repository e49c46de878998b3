#include <algorithm>
#include <cstddef>
#include <limits>
#include <utility>

#include "rampart/suppression/entry.h"

namespace rampart::suppression {
namespace {

using mail::Stage;
using reply::RecipientEffect;

constexpr std::size_t kDaysMax = 64;

bool is_message_stage(Stage stage) noexcept {
  return stage == Stage::Data || stage == Stage::EndOfData;
}

// After the recipients a reply is about the message, unless there was only one of them; before
// them it is about the host or the sender.
bool may_concern_recipient(const Bounce& bounce) noexcept {
  if (is_message_stage(bounce.stage)) {
    return bounce.transaction_recipients == 1;
  }
  return bounce.stage == Stage::Rcpt || bounce.stage == Stage::Unknown;
}

Judgement judge_mailbox(const Bounce& bounce) noexcept {
  const bool blames = bounce.stage == Stage::Rcpt || bounce.names_mailbox;
  if (!blames || !may_concern_recipient(bounce)) {
    return Judgement::None;
  }
  const bool is_final = bounce.permanent && bounce.rule_suppresses && bounce.stage != Stage::Data;
  return is_final ? Judgement::Hard : Judgement::Soft;
}

Judgement judge_domain(const Bounce& bounce) noexcept {
  if (!may_concern_recipient(bounce)) {
    return Judgement::None;
  }
  if (!bounce.permanent) {
    return Judgement::Soft;
  }
  return bounce.null_mx ? Judgement::Hard : Judgement::DomainUnknown;
}

// Keeps the first day when full: the span from there must go on growing.
void add_day(std::vector<std::int32_t>& days, std::int32_t day) {
  const auto place = std::lower_bound(days.begin(), days.end(), day);
  if (place != days.end() && *place == day) {
    return;
  }
  days.insert(place, day);
  if (days.size() > kDaysMax) {
    days.erase(days.begin() + 1);
  }
}

bool suffices(const std::vector<std::int32_t>& days, std::uint32_t wanted) noexcept {
  return days.size() >= std::clamp<std::size_t>(wanted, 1, kDaysMax);
}

bool spans(const std::vector<std::int32_t>& days, base::Micros span) noexcept {
  return !days.empty() &&
         std::chrono::days{std::int64_t{days.back()} - std::int64_t{days.front()}} >= span;
}

}  // namespace

Judgement judge(const Bounce& bounce) noexcept {
  switch (reply::traits(bounce.reply_class).recipient) {
    case RecipientEffect::Clears:
      return Judgement::Clears;
    case RecipientEffect::BlamesAddress:
      return judge_mailbox(bounce);
    case RecipientEffect::BlamesDomain:
      return judge_domain(bounce);
    case RecipientEffect::Full:
      return may_concern_recipient(bounce) ? Judgement::Soft : Judgement::None;
    case RecipientEffect::Soft:
      return Judgement::Soft;
    case RecipientEffect::None:
      break;
  }
  return Judgement::None;
}

std::optional<Entry> weigh(Evidence& evidence,
                           Judgement judgement,
                           Entry entry,
                           const Options& options,
                           base::WallTime now) {
  const auto day = static_cast<std::int32_t>(base::day_number(now));
  bool enough = false;
  switch (judgement) {
    case Judgement::None:
      return std::nullopt;
    case Judgement::Clears:
      evidence.hard_bounces = 0;
      evidence.unknown_domain_days.clear();
      evidence.soft_days.clear();
      return std::nullopt;
    case Judgement::Hard:
      if (evidence.hard_bounces < std::numeric_limits<std::uint32_t>::max()) {
        ++evidence.hard_bounces;
      }
      enough = evidence.hard_bounces >= options.hard_bounces;
      break;
    case Judgement::DomainUnknown:
      add_day(evidence.unknown_domain_days, day);
      enough = suffices(evidence.unknown_domain_days, options.domain_unknown_days);
      break;
    case Judgement::Soft:
      add_day(evidence.soft_days, day);
      enough = suffices(evidence.soft_days, options.soft_days) &&
               spans(evidence.soft_days, options.soft_span);
      break;
  }
  if (!enough) {
    return std::nullopt;
  }
  const bool soft = judgement == Judgement::Soft;
  entry.key = entry.key.empty() ? evidence.key : std::move(entry.key);
  entry.sender = soft ? evidence.sender : "";
  entry.reason = soft ? Reason::Soft : Reason::Hard;
  entry.since = now;
  entry.until = now + (soft ? options.soft_expiry : options.hard_expiry);
  return entry;
}

}  // namespace rampart::suppression
