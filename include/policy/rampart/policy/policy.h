// Policy: everything that a reload replaces, as one immutable whole.
//
// Threads: shared as shared_ptr<const Policy>, captured once per transaction or batch.

#pragma once

#include <memory>

#include "rampart/policy/options.h"
#include "rampart/provider/sender.h"
#include "rampart/provider/table.h"
#include "rampart/reply/table.h"
#include "rampart/report/phrases.h"

namespace rampart::policy {

struct Policy {
  Options options;
  provider::Table providers;
  provider::SenderTable senders;
  reply::Table replies;
  report::Phrases phrases{};  ///< of mails about mails
};

}  // namespace rampart::policy
