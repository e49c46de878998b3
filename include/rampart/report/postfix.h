// Lines of Postfix's log as events: "postfix/smtp[983]: 02353A9A9CD: to=<a@b.example>, relay=..."
// is a Delivery to a@b.example.
//
// Source: Postfix 3.7 as measured; smtp(8), qmgr(8), cleanup(8), bounce(8), pickup(8),
// postsuper(1).
// Pure: apart from the StampReader passed in, no state. Any thread.
// Errors: none. Every sequence of bytes is some event; text that no shape knows is NotUnderstood.
// Limits: a line is cut at 64 KiB, a field at 4 KiB; linear time. Postfix itself ends lines at
// about 2 KiB, and with them "(in reply to ...)": the stage of a very long reply is unknown.
//
// Both addresses and remote text are written by strangers. Fields are therefore taken by position
// from the left, with quoted local parts in mind, and nothing is ever searched for further right.
// With info_log_address_format = internal (and before Postfix 3.5) quoted local parts are logged
// without quotes; such addresses may then end early at a '>' of their own, and match no real
// recipient.
//
// Instance and service: of "postfix/smtp" the instance is "postfix" and the service "smtp". Of a
// longer name the instance is what precedes the first slash and the service what follows the last,
// because master.cf's "-o syslog_name=postfix/submission" names a service of the same instance,
// with the same queue: "postfix/submission/smtpd" is instance "postfix", service "smtpd".

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "rampart/base/time.h"
#include "rampart/mail/address.h"
#include "rampart/mail/queue_id.h"
#include "rampart/mail/reply.h"
#include "rampart/mail/report.h"
#include "rampart/report/stamp.h"

namespace rampart::report {

/// What became of one recipient: a line with "to=<...>, ..., status=...".
struct Delivery {
  mail::Address recipient;                          ///< final address
  std::optional<mail::Address> original_recipient;  ///< orig_to=, logged where it differs
  mail::Relay relay;        ///< host "local", "virtual", "dovecot" without address: no host at all
  bool relay_none = false;  ///< "relay=none": no host was reached
  /// "SOFTBOUNCE" (soft_bounce = yes) is Deferred: the message stays in the queue.
  mail::DeliveryStatus status = mail::DeliveryStatus::Sent;
  /// As logged. Postfix rewrites its class: a 554 greeting is status=deferred, dsn=4.7.1.
  std::optional<mail::EnhancedStatusCode> dsn;
  /// What the remote said, without what Postfix puts around it, and the stage. Where the remote
  /// said nothing, code 0 and Postfix's own words.
  mail::Reply reply;
  std::string text;  ///< all that is in the parentheses
  /// False if the mail stays on this host: local transports, a relay at a loopback address or a
  /// socket in the file system, error(8) and retry, refusals by cleanup(8), "forwarded as".
  bool leaves_host = false;
  /// False if nobody was asked: error(8) and retry, "delivery temporarily suspended", cleanup(8).
  bool attempted = true;
  bool own = false;  ///< the text contains "rampart:", so it is our own refusal that came back
  /// The next ID of the same message: "forwarded as X" of local(8), "queued as X" of a relay on
  /// this host (content filter).
  std::optional<mail::QueueId> forwarded_as;
};

/// What a host said for which Postfix went on to the next one: "host X refused to talk to me: 421
/// ..." without a recipient. A Delivery follows. Also "host X said: ... (in reply to MAIL FROM
/// command)".
struct RefusedToTalk {
  mail::Relay relay;
  mail::Reply reply;
};

/// qmgr took a message up, at arrival and at every retry. `recipients` counts those still to be
/// delivered, and also those that a milter deleted.
struct QueueActive {
  mail::Address sender;
  std::uint32_t recipients = 0;
};

/// The message got too old, or an operator had it expire: every recipient left is returned to the
/// sender.
struct Expired {
  mail::Address sender;
};

struct Removed {};  ///< qmgr: the message is done with

/// pickup: a message that postsuper -r had put back; this line's queue ID is the new one.
struct Requeued {
  mail::QueueId old_id;
};

struct Picked {};            ///< pickup: new mail of sendmail(1)
struct Deleted {};           ///< postsuper -d
struct ReleasedFromHold {};  ///< postsuper -H
struct PlacedOnHold {};      ///< postsuper -h; HOLD in an access(5) or header_checks(5) table

/// A milter, any milter, refused a command or the message; or dropped it, which Postfix calls
/// "milter-discard". Without queue ID before Postfix has assigned one.
struct MilterReject {
  /// "CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "END-OF-MESSAGE"; "HEADER": by
  /// milter_header_checks.
  std::string stage;
  std::string text;
  mail::Address sender;
  std::optional<mail::Address> recipient;  ///< at the end of the message: only one of them
};

/// A milter, or milter_header_checks (stage "HEADER"), had the message held.
struct MilterHold {
  std::string stage;
  mail::Address sender;
  std::optional<mail::Address> recipient;
};

struct Accepted {
  std::string client;  ///< "host.example[203.0.113.7]"
};

struct MessageId {
  std::string text;  ///< "<...>" as written, the sender's choice
};

/// bounce: a notification was queued under an ID of its own; this line's queue ID is the
/// original's.
struct BounceSent {
  enum class Kind : std::uint8_t { Failure, Delay, Status };
  mail::QueueId dsn_id;
  Kind kind = Kind::Failure;
  bool to_postmaster = false;
};

struct Ignored {
};  ///< Postfix says something that is nothing to us: connections, TLS, warnings, ...
struct NotUnderstood {};  ///< Postfix says something that no shape knows
struct Foreign {};        ///< a line of another program, or no log line at all

using Event = std::variant<Foreign,
                           Ignored,
                           NotUnderstood,
                           Delivery,
                           RefusedToTalk,
                           QueueActive,
                           Expired,
                           Removed,
                           Requeued,
                           Picked,
                           Deleted,
                           ReleasedFromHold,
                           PlacedOnHold,
                           MilterReject,
                           MilterHold,
                           Accepted,
                           MessageId,
                           BounceSent>;

struct LogLine {
  base::WallTime time;   ///< zero if the line has no stamp
  std::string host;      ///< this and the next three are empty (0) for Foreign lines
  std::string instance;  ///< "postfix"
  std::string service;   ///< "smtp"
  std::uint32_t pid = 0;
  mail::QueueId queue_id;  ///< empty if the line has none
  Event event;
};

/// Reads one line of a log file, with or without its line end.
/// @param stamps  Of this source of lines; told the time of every line that has a stamp.
LogLine parse_line(std::string_view line, StampReader& stamps);

/// Reads an entry that comes in parts, as from the journal.
/// @param program  "postfix/smtp" (SYSLOG_IDENTIFIER).
/// @param message  What follows "postfix/smtp[983]: ".
/// @return         As parse_line, with time, host and pid left for the caller to fill in.
LogLine parse_entry(std::string_view program, std::string_view message);

}  // namespace rampart::report
