// Sendmail's delivery lines: "to=<a>,<b>, [ctladdr=..,] delay=.., xdelay=.., mailer=.., pri=..,
// relay=.., dsn=.., [reply=..,] stat=..".
//
// Source: Sendmail 8.17 as measured.
// Pure.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rampart/report/event.h"

namespace rampart::report {

struct SendmailDeliveries {
  std::string mailer;                ///< "esmtp"; empty if the message never came to one
  std::vector<Delivery> deliveries;  ///< one for each recipient; empty if not understood
};

/// @param text  From "to=" on.
SendmailDeliveries parse_sendmail_deliveries(std::string_view text);

}  // namespace rampart::report
