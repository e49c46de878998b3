// What a report says of the recipient itself: suppression, its evidence, and the guards.
//
// Threads: under the writer's gate.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rampart/ledger/ledger.h"
#include "rampart/mail/address.h"
#include "rampart/policy/active.h"
#include "rampart/ramp/flow.h"
#include "rampart/reply/table.h"
#include "rampart/store/records.h"

namespace rampart::learner {

using ledger::log_suppressions;

inline constexpr std::size_t kReplyBytesMax = 300;  ///< of a reply, where it is shown

/// One classified report about one recipient.
struct Lesson {
  mail::Address recipient;
  ramp::FlowKey flow;
  reply::Classification found;
  bool final = true;                         ///< the recipient has left the queue
  std::uint32_t transaction_recipients = 0;  ///< of the message; 0 unknown
  bool soft_only = false;                    ///< whoever told it is not to be believed further
  std::string_view text;                     ///< the reply
  std::string queue_id;
  base::WallTime time{};
};

/// Adds the resulting operations.
void learn_recipient(ledger::Ledger& ledger,
                     const policy::Active& active,
                     const Lesson& lesson,
                     std::vector<store::Operation>& operations);

/// What follows when guards have turned: entries become pending, or pending ones go.
void apply_turns(ledger::Ledger& ledger,
                 const policy::Active& active,
                 const std::vector<ledger::Guards::Turned>& turns,
                 base::WallTime now,
                 std::vector<store::Operation>& operations);

/// Pending entries whose guard has not leapt go: its fall was missed, by a stop or a person's word.
void clear_leftovers(ledger::Ledger& ledger,
                     base::WallTime now,
                     std::vector<store::Operation>& operations);

}  // namespace rampart::learner
