// Mails about other mails as facts: bounces, delay notices, delivery reports, abuse reports,
// automatic replies.
//
// Source: RFC 3462 (multipart/report), RFC 3464 (delivery status), RFC 6533 (its international
// form), RFC 5965 (abuse reports), RFC 3834 (automatic replies), RFC 2045 to 2047 (MIME); Postfix
// 3.7 and Sendmail 8.17 as measured. Mails of other systems, which follow no standard, are read by
// their structure: what precedes the returned message is searched for addresses with reasons.
// Pure: no clock, no zone, no state. Any thread.
// Errors: none. Every sequence of bytes is some message, if only MessageKind::Other; nothing throws
// for content.
// Limits: the first MiB of a mail is looked at, 64 parts, nested 8 deep; 1,000 recipients; a field
// or a reply is cut at 4 KiB; 64 KiB of a notice for people. Linear time; memory a small multiple
// of what is looked at. Texts are taken as bytes, of which only ASCII is understood: UTF-16 is not.
//
// All of a mail is its author's word, and anybody can write one: nothing here says that it is true.
// Whoever acts on a message must first find its token, or its queue ID, among what this host sent.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rampart/base/time.h"
#include "rampart/mail/address.h"
#include "rampart/mail/enhanced_status_code.h"
#include "rampart/mail/queue_id.h"
#include "rampart/mail/reply.h"
#include "rampart/mail/report.h"
#include "rampart/report/phrases.h"

namespace rampart::report {

/// The header that outgoing mail carries: its value is the message's token, 32 lower-case
/// hexadecimal digits.
inline constexpr std::string_view kTokenHeader = "X-Rampart-Id";
inline constexpr std::size_t kTokenDigits = 32;

inline constexpr std::size_t kMessageBytesMax = 1024UL * 1024UL;
inline constexpr std::size_t kMessagePartsMax = 64;
inline constexpr std::size_t kMessageDepthMax = 8;
inline constexpr std::size_t kMessageRecipientsMax = 1000;
inline constexpr std::size_t kMessageTokensMax = 16;

enum class MessageKind : std::uint8_t {
  Bounce,     ///< at least one recipient failed
  Delay,      ///< still in a queue
  Success,    ///< delivered, relayed or expanded, and nothing failed
  Feedback,   ///< somebody says what he thinks of the message: see feedback_type
  AutoReply,  ///< a person's program answers: absence, challenge, receipt
  Other,      ///< ordinary mail
};

/// "bounce", "delay", "success", "feedback", "autoreply", "other".
std::string_view to_string(MessageKind kind) noexcept;

/// Action field of RFC 3464 2.3.3. Failed does not mean hard: mail that expired in a queue failed
/// with a status of 4.x.x.
enum class Action : std::uint8_t { Failed, Delayed, Delivered, Relayed, Expanded, Unknown };

/// "failed", "delayed", "delivered", "relayed", "expanded", "unknown".
std::string_view to_string(Action action) noexcept;

/// What a message says of one recipient.
struct MessageRecipient {
  mail::Address recipient;                ///< final address
  std::optional<mail::Address> original;  ///< what the sender wrote, where it is told and differs
  Action action = Action::Unknown;
  std::optional<mail::EnhancedStatusCode> status;  ///< Status field; without one the reply's
  /// Diagnostic-Code, or the reason given beside the address; all its lines where the notice for
  /// people has them (Sendmail's Diagnostic-Code has only the first). Text "" if nothing is said.
  mail::Reply reply;
  mail::Relay remote;  ///< Remote-MTA
  /// "Diagnostic-Code: smtp; ...": the words of a server. Others are the reporting program's own,
  /// or not known to be a server's.
  bool diagnostic_is_smtp = false;
  base::WallTime last_attempt;  ///< zero if not said

  friend bool operator==(const MessageRecipient&, const MessageRecipient&) = default;
};

struct Message {
  MessageKind kind = MessageKind::Other;
  std::vector<MessageRecipient> recipients;  ///< only of Bounce, Delay and Success
  /// Token of the returned message, in lower case; "" if it has none, a cut one, or if there are
  /// several. Never of the message itself.
  std::string token;
  /// All different ones in the returned message, in its order, at most kMessageTokensMax: of a
  /// message that passed several hosts, or whose author put in one of his own. Who made them knows
  /// which is his.
  std::vector<std::string> tokens;
  mail::QueueId original_queue_id;   ///< X-Postfix-Queue-ID: of the returned message at its host
  std::string reporting_mta;         ///< "mta1.example.org", lower case
  std::string original_envelope_id;  ///< ENVID as the sender gave it
  std::string original_message_id;   ///< Message-ID of the returned message, "<...>"
  std::string feedback_type;         ///< lower case: "abuse", "fraud", "not-spam", ...
  /// Original-Rcpt-To of an abuse report. Header fields of the reported message are not used: they
  /// are its author's choice.
  std::vector<mail::Address> feedback_recipients;
  base::WallTime arrival;  ///< of the original message at the reporting host; zero if not said
  bool truncated = false;  ///< a limit cut something off
};

/// Reads a whole mail, header and body, with any line ends.
/// @param phrases  tell apart what comes without a delivery status; used during the call only
Message read_message(std::string_view bytes, const Phrases& phrases);

}  // namespace rampart::report
