// What a provider says, in its own words.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "rampart/mail/reply.h"
#include "rampart/sim/options.h"

namespace rampart::sim {

enum class Kind : std::uint8_t {
  Accepted,
  Throttled,
  Blocked,
  Dead,  ///< the recipient does not exist
  Full,
  Greylisted,
  Trouble,  ///< the server's own
};

struct Words {
  mail::Stage stage = mail::Stage::Rcpt;
  std::string_view text;  ///< codes and words, as the server sends them
};

/// @param variant  providers of one style differ; the same one always says the same
Words words_of(Provider::Style style, Kind kind, std::uint32_t variant) noexcept;

/// "host mx.example[192.0.2.1] said: 550 ... (in reply to RCPT TO command)": the account that
/// Postfix logs, without the parentheses around it.
std::string account_of(const Words& words, std::string_view relay);

/// The dsn= field that Postfix logs for it.
std::string dsn_of(const Words& words);

}  // namespace rampart::sim
