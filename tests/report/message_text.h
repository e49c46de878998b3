// Messages as text, for comparison with files.

#pragma once

#include <string>

#include "rampart/report/message.h"

namespace rampart::test {

/// One line for the message, one for each recipient; what says nothing is left out:
///   "bounce token=0123... queue=02353A9A9CD mta=mta1.example.org"
///   "failed to=a@b.example status=5.1.1 code=550 stage=rcpt remote=mx.example smtp: 550 5.1.1 No"
std::string describe(const report::Message& message);

}  // namespace rampart::test
