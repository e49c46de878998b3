// The part of a notification that is written for people: where it ends, whom it names, and why.
//
// Pure. Linear in the text but for the number of recipients (at most 1,000) times the number of
// lines that name one.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rampart/mail/address.h"
#include "rampart/report/message.h"

namespace rampart::report {

constexpr std::size_t kNoticeBytesMax = 64UL * 1024UL;

/// A text with the returned message behind it.
struct Notice {
  std::string_view people;    ///< what is said
  std::string_view returned;  ///< what is quoted, from its header on; "" if nothing is
};

/// Finds where the returned message begins: behind a line that announces it, or at what looks like
/// the header of a mail.
Notice split_notice(std::string_view text);

/// What else is known and helps to tell recipients from other addresses.
struct NoticeHints {
  std::vector<mail::Address> failed;    ///< X-Failed-Recipients
  std::vector<mail::Address> returned;  ///< To and Cc of the returned message
  std::vector<mail::Address> authors;   ///< From of the notification
  std::vector<mail::Address> readers;   ///< To of the notification: as a rule the sender
};

/// The recipients that the notice names, with the reply each has got. Actions are left Unknown.
std::vector<MessageRecipient> find_recipients(std::string_view people, const NoticeHints& hints);

/// All addresses in a header field: "A <a@x.example>, b@x.example".
std::vector<mail::Address> addresses_in(std::string_view value);

/// Completes what a delivery status says of a recipient with what the notice says: the stage, and
/// all lines of a reply of which Diagnostic-Code has the first.
void complete_from_notice(std::string_view people, std::vector<MessageRecipient>& recipients);

}  // namespace rampart::report
