// What the submitting client and the log are told. Replies name the flow and when to come back,
// never another sender.
//
// Pure: any thread.

#pragma once

#include <string>
#include <string_view>

#include "rampart/base/result.h"
#include "rampart/base/time.h"
#include "rampart/engine/transaction.h"
#include "rampart/ramp/flow.h"
#include "rampart/suppression/entry.h"

namespace rampart::engine {

/// "rampart: example.org to microsoft is at its limit; try again after 15:05 UTC". A wait above
/// `warn_wait` says so, because the MTA that queues the mail gives it up after some days.
std::string text_of_over(const ramp::FlowKey& key,
                         ramp::Reason reason,
                         base::WallTime until,
                         base::WallTime now,
                         base::Micros warn_wait);

/// "rampart: bob@example.com is suppressed (550 5.1.1 on 2026-11-02); ask postmaster".
std::string text_of_suppressed(std::string_view address, const suppression::Entry& entry);

/// A verdict with its codes, class 4 or 5 in both.
Verdict make_defer(std::string text);
Verdict make_reject(std::string text, std::string_view enhanced);
/// The store does not answer: 451 4.3.0.
Verdict make_unavailable();

/// What people are told when the store cannot be read.
base::Error unreadable(const base::Error& error);

/// "550 5.1.1" of evidence that begins "550 5.1.1 ..." or "550-5.1.1 ..."; "" if it begins with no
/// code.
std::string codes_of(std::string_view evidence);

}  // namespace rampart::engine
