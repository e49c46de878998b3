// One mail transaction as the engine sees it, from MAIL to end of message, and its verdicts.
//
// Threads: a Transaction belongs to one session, whose callbacks do not overlap; no lock of its
// own.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "rampart/mail/client.h"

namespace rampart::engine {

using mail::Client;
using mail::Recipient;

/// The answer for one recipient at RCPT. Hold, tag and drop are accepted here and take effect at
/// end of message.
struct Verdict {
  enum class Answer : std::uint8_t { Continue, Defer, Reject };
  Answer answer = Answer::Continue;
  std::string code;      ///< "451", when not Continue
  std::string enhanced;  ///< "4.7.1"
  std::string text;      ///< starts with "rampart:"; printable ASCII, no '%', at most 400 bytes
};

/// What to do at end of message.
struct Ending {
  bool hold = false;
  std::string hold_reason;        ///< printable ASCII, no '%'
  std::vector<std::string> drop;  ///< spellings for smfi_delrcpt
  std::string tag;                ///< value of X-Rampart, or ""
  std::string token;              ///< value of X-Rampart-Id, 32 hexadecimal digits, or ""
};

class Decider;

/// State between MAIL and the end; made by Engine::begin, ended by Engine::commit or Engine::abort.
class Transaction {
 public:
  Transaction();
  ~Transaction();
  Transaction(Transaction&&) noexcept;
  Transaction& operator=(Transaction&&) noexcept;

  struct Data;
  [[nodiscard]] bool is_open() const noexcept { return data_ != nullptr; }

 private:
  friend class Decider;
  std::unique_ptr<Data> data_;
};

}  // namespace rampart::engine
