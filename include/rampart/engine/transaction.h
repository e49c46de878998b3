// One mail transaction as the engine sees it, from MAIL to end of message, and its verdicts.
//
// Threads: a Transaction belongs to one session, whose callbacks do not overlap; no lock of its
// own.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rampart/base/time.h"
#include "rampart/engine/options.h"
#include "rampart/mail/address.h"
#include "rampart/mail/queue_id.h"
#include "rampart/ramp/flow.h"

namespace rampart::engine {

struct Policy;

/// Who submits.
struct Client {
  std::string host;
  std::string address;    ///< IP address as text; "" if unknown
  std::string auth;       ///< SASL name; "" if none
  bool non_smtp = false;  ///< Postfix sendmail(1) or bounce: nothing may be refused at RCPT
};

/// What is asked at RCPT.
struct Recipient {
  mail::Address address;
  std::string spelling;  ///< as the MTA gave it, for smfi_delrcpt
  std::string mailer;    ///< {rcpt_mailer}; "" if the MTA gave none
};

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
};

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
  friend class Engine;
  std::unique_ptr<Data> data_;
};

}  // namespace rampart::engine
