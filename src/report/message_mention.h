// Addresses in a text, and how likely each is that of a failed recipient.
//
// Pure, linear time.

#pragma once

#include <string_view>
#include <vector>

#include "rampart/mail/address.h"

namespace rampart::report {

/// An address in a line of text.
struct Mention {
  mail::Address address;
  std::size_t line = 0;      ///< index
  std::size_t indent = 0;    ///< blanks at the start of the line
  bool begins_line = false;  ///< only marks stand before it, and it is no part of a reason above
  bool bracketed = false;    ///< "<a@b>"
  bool hinted = false;       ///< known from elsewhere to be a recipient; set by the caller
  int weight = 0;            ///< by what stands around it; kEntryWeight: it begins a line
  std::string_view behind;   ///< the rest of the line
};

constexpr int kEntryWeight = 5;    ///< the line begins with the address
constexpr int kNamedWeight = 4;    ///< "recipient: a@b", "RCPT TO:<a@b>"
constexpr int kWeakWeight = 3;     ///< "to a@b", "To: a@b"
constexpr int kPlainWeight = 1;    ///< anywhere else
constexpr int kOthersWeight = -5;  ///< "From: a@b", "contact a@b"

/// True if the words that end a text announce somebody who is no recipient: "please contact".
bool announces_others(std::string_view text);

/// The mentions in one line, from the left.
std::vector<Mention> find_mentions(std::string_view line, std::size_t index);

}  // namespace rampart::report
