// Who submits mail, and to whom: what the rules on outbound mail look at.
//
// Pure: plain values.

#pragma once

#include <string>

#include "rampart/mail/address.h"

namespace rampart::mail {

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
  std::string spelling;    ///< as the MTA gave it, for smfi_delrcpt
  std::string mailer;      ///< {rcpt_mailer}; "" if the MTA gave none
  std::string queue_id{};  ///< "" as long as the MTA has given none
};

}  // namespace rampart::mail
