#include "recipient.h"

#include <iterator>
#include <map>
#include <utility>

#include "rampart/base/text.h"
#include "rampart/policy/bounce.h"
#include "rampart/telemetry/log.h"

namespace rampart::learner {
namespace {

using Operations = std::vector<store::Operation>;

void append(Operations& to, Operations from) {
  std::move(from.begin(), from.end(), std::back_inserter(to));
}

suppression::Judgement judge(const Lesson& lesson) {
  const suppression::Judgement judgement =
      suppression::judge(policy::bounce_of(lesson.found, lesson.transaction_recipients));
  const bool strong = judgement == suppression::Judgement::Hard ||
                      judgement == suppression::Judgement::DomainUnknown;
  return lesson.soft_only && strong ? suppression::Judgement::Soft : judgement;
}

// The senders are not to blame for those that were called dead.
void forgive(ledger::Ledger& ledger,
             const policy::Active& active,
             const std::map<std::string, std::uint32_t>& senders,
             base::WallTime now) {
  for (const auto& [sender, count] : senders) {
    ledger.senders.change(sender, [&, number = count](ramp::Health& health) {
      ramp::forgive(health, ledger.host_context(active, now), number);
      return 0;
    });
  }
}

}  // namespace

void clear_leftovers(ledger::Ledger& ledger, base::WallTime now, Operations& operations) {
  for (const std::string& key : ledger.suppressor.pending_keys({})) {
    if (!ledger.guards.leaping(ledger.suppressor.pending_for(key), now)) {
      append(operations, ledger.suppressor.absolve(key, now));
    }
  }
}

void apply_turns(ledger::Ledger& ledger,
                 const policy::Active& active,
                 const std::vector<ledger::Guards::Turned>& turns,
                 base::WallTime now,
                 Operations& operations) {
  for (const ledger::Guards::Turned& turn : turns) {
    std::size_t changed = 0;
    const auto take = [&](Operations made) {
      changed += made.empty() ? 0U : 1U;
      append(operations, std::move(made));
    };
    if (turn.leapt) {
      for (const std::string& key : turn.dead) {
        take(ledger.suppressor.make_pending(key, turn.provider, now));
      }
      forgive(ledger, active, turn.blamed, now);
    } else {
      for (const std::string& key : ledger.suppressor.pending_keys(turn.provider)) {
        take(ledger.suppressor.absolve(key, now));
      }
    }
    telemetry::write(turn.leapt ? telemetry::Level::Warning : telemetry::Level::Info,
                     telemetry::Line("guard")
                         .add("state", turn.leapt ? "leapt" : "fell")
                         .add("provider", turn.provider)
                         .add(turn.leapt ? "pending" : "cleared", changed)
                         .text(turn.text));
  }
}

void learn_recipient(ledger::Ledger& ledger,
                     const policy::Active& active,
                     const Lesson& lesson,
                     Operations& operations) {
  const suppression::Options& options = active.options().suppression;
  const std::string key = suppression::canonical_key(lesson.recipient, options);
  const bool delivered = lesson.found.reply_class == reply::ReplyClass::Delivered;
  const suppression::Judgement judgement =
      delivered ? suppression::Judgement::Clears : judge(lesson);
  const bool dead = judgement == suppression::Judgement::Hard;
  if (lesson.final && (delivered || dead)) {
    const auto turns = ledger.guards.observe(lesson.flow.provider, lesson.flow.sender,
                                             {lesson.time, dead, dead ? key : std::string{}});
    apply_turns(ledger, active, turns, lesson.time, operations);
  }
  if (delivered) {
    append(operations, ledger.suppressor.delivered(key, lesson.flow.sender, options, lesson.time));
    return;
  }
  suppression::Entry entry;
  entry.key = key;
  entry.sender = lesson.flow.sender;
  entry.evidence = base::printable(lesson.text, kReplyBytesMax);
  entry.queue_id = lesson.queue_id;
  entry.rule = active.policy().replies.rule(lesson.found.rule).name;
  if (dead) {
    entry.pending = ledger.guards.pending_for(lesson.flow.provider, lesson.time);
  }
  Operations made = ledger.suppressor.learn(judgement, entry, options, lesson.time);
  log_suppressions(lesson.recipient, made);
  append(operations, std::move(made));
}

}  // namespace rampart::learner
