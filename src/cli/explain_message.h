// What a whole bounce mail says, and what rampart would do about each of its recipients.
//
// Pure.

#pragma once

#include <string>
#include <string_view>

#include "rampart/policy/policy.h"
#include "rampart/report/message.h"

#include "json_fwd.h"

namespace rampart::cli {

/// {"kind","token","queue_id","reporting_mta","recipients":[...]}; of an abuse report also
/// "feedback_type" and "feedback_recipients".
Json message_json(const policy::Policy& policy, const report::Message& message);

/// The same for people.
std::string render_message(const policy::Policy& policy,
                           const report::Message& message,
                           bool colours);

}  // namespace rampart::cli
