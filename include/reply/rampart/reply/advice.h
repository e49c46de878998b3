// What a postmaster should know about each class of reply: meaning, whether to retry, what to do,
// and what rampart does about it by itself.
//
// Pure: constant data; any thread.

#pragma once

#include <cstdint>
#include <string_view>

#include "rampart/reply/class.h"

namespace rampart::reply {

/// Whether sending the same message again helps.
enum class Retry : std::uint8_t {
  AsUsual,   ///< the MTA's queue does the right thing
  Slower,    ///< yes, with less volume
  AfterFix,  ///< not before something has been changed
  Never,     ///< no
};

/// "as usual", "slower", "after a fix", "never".
std::string_view to_string(Retry retry) noexcept;

struct Advice {
  std::string_view meaning;  ///< one sentence: what the other side says
  Retry retry = Retry::AsUsual;
  std::string_view action;        ///< what a person should do
  std::string_view rampart_does;  ///< what rampart does by itself, with its defaults
};

const Advice& advice(ReplyClass reply_class) noexcept;

}  // namespace rampart::reply
