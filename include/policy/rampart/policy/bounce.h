// What suppression is to judge, made of a classified reply.
//
// Pure: may be called from any thread.

#pragma once

#include <cstdint>

#include "rampart/reply/table.h"
#include "rampart/suppression/entry.h"

namespace rampart::policy {

/// @param transaction_recipients  of the message; 0 unknown
inline suppression::Bounce bounce_of(const reply::Classification& found,
                                     std::uint32_t transaction_recipients) noexcept {
  suppression::Bounce bounce;
  bounce.reply_class = found.reply_class;
  bounce.permanent = found.permanence == reply::Permanence::Permanent;
  bounce.stage = found.stage;
  bounce.rule_suppresses = found.suppress;
  bounce.names_mailbox = found.blames_address;
  bounce.transaction_recipients = transaction_recipients;
  bounce.null_mx = found.null_mx;
  return bounce;
}

}  // namespace rampart::policy
