// The token that goes out with a message and by which notices about it are believed.
//
// Source: getrandom(2).
// Threads: any.

#pragma once

#include <string>

namespace rampart::ledger {

/// 128 random bits as 32 lower-case hexadecimal digits.
std::string random_token();

}  // namespace rampart::ledger
