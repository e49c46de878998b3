// What a line of an MTA's log says, as one of a set of events, whichever MTA wrote it.
//
// Pure: plain values; distinct objects may be used from distinct threads.
// Limits: a text is at most 4 KiB long.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "rampart/base/time.h"
#include "rampart/mail/address.h"
#include "rampart/mail/queue_id.h"
#include "rampart/mail/reply.h"
#include "rampart/mail/report.h"

namespace rampart::report {

/// What became of one recipient at one attempt.
struct Delivery {
  mail::Address recipient;                          ///< final address
  std::optional<mail::Address> original_recipient;  ///< where it differs, if the MTA logs it
  mail::Relay relay;        ///< host "local", "virtual", "dovecot" without address: no host at all
  bool relay_none = false;  ///< no host was reached
  /// Deferred: the message stays in the queue for this recipient.
  mail::DeliveryStatus status = mail::DeliveryStatus::Sent;
  /// As logged. Its class need not be the remote's: of a 554 greeting Postfix logs 4.7.1. Absent
  /// where the MTA made it up altogether.
  std::optional<mail::EnhancedStatusCode> dsn;
  /// What the remote said, without what the MTA puts around it, and the stage. Where the remote
  /// said nothing, code 0 and the MTA's own words.
  mail::Reply reply;
  std::string text;  ///< the MTA's account of the outcome, with the remote's words in it
  /// False if the mail stays on this host: local transports and mailers, a relay at a loopback
  /// address or a socket in the file system, what the MTA settles by itself.
  bool leaves_host = false;
  /// False if nobody was asked: what the MTA settles by itself, or a failure that it met at
  /// another recipient and takes to be this one's too.
  bool attempted = true;
  bool own = false;  ///< the text contains "rampart:", so it is our own refusal that came back
  /// The next ID of the same message, where it goes on in a queue of this host: Postfix's
  /// "forwarded as X" of local(8), "queued as X" of a content filter; the ID that Sendmail's daemon
  /// gave to a message of its submission queue.
  std::optional<mail::QueueId> forwarded_as;
};

/// What a host said for which the MTA went on to the next one. A Delivery follows.
struct RefusedToTalk {
  mail::Relay relay;
  mail::Reply reply;
};

/// The MTA took a message up: at arrival, Postfix also at every retry. `recipients` counts those
/// still to be delivered, and also those that a milter deleted.
struct QueueActive {
  mail::Address sender;
  std::uint32_t recipients = 0;
};

/// The message got too old, or an operator had it expire: every recipient left is returned to the
/// sender.
struct Expired {
  mail::Address sender;  ///< null where the MTA does not log it
};

struct Removed {};  ///< the message is done with

/// The whole message goes on under a new queue ID, this line's (postsuper -r).
struct Requeued {
  mail::QueueId old_id;
};

/// Some recipients of a message go on under a new queue ID, this line's, the others under the old
/// one: Sendmail split the message by list owner or by number of recipients. Which ones, their
/// deliveries tell.
struct Cloned {
  mail::QueueId old_id;
};

struct Picked {};   ///< new mail of a local program
struct Deleted {};  ///< by an operator
/// By an operator.
struct ReleasedFromHold {};
/// By an operator, or by a table of the MTA.
struct PlacedOnHold {};

/// A milter, any milter, refused a command or the message, or dropped it. Without queue ID before
/// the MTA has assigned one.
struct MilterReject {
  /// "CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "END-OF-MESSAGE"; "HEADER": by a table of Postfix
  /// for headers that milters add.
  std::string stage;
  std::string text;
  mail::Address sender;
  std::optional<mail::Address> recipient;  ///< at the end of the message: only one of them
};

/// A milter, or such a table (stage "HEADER"), had the message held.
struct MilterHold {
  std::string stage;
  mail::Address sender;
  std::optional<mail::Address> recipient;
};

/// A milter took a recipient off an accepted message. Only Sendmail tells.
struct RecipientRemoved {
  mail::Address recipient;
};

struct Accepted {
  std::string client;  ///< "host.example[203.0.113.7]"
};

struct MessageId {
  std::string text;  ///< "<...>" as written, the sender's choice
};

/// A notification was queued under an ID of its own; this line's queue ID is the original's.
struct BounceSent {
  enum class Kind : std::uint8_t { Failure, Delay, Status };
  mail::QueueId dsn_id;
  Kind kind = Kind::Failure;
  bool to_postmaster = false;
};

/// The MTA says something that is nothing to us: connections, TLS, warnings, ...
struct Ignored {};
struct NotUnderstood {};  ///< the MTA says something that no shape knows
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
                           Cloned,
                           Picked,
                           Deleted,
                           ReleasedFromHold,
                           PlacedOnHold,
                           MilterReject,
                           MilterHold,
                           RecipientRemoved,
                           Accepted,
                           MessageId,
                           BounceSent>;

/// One event and where it comes from.
struct LogLine {
  base::WallTime time;  ///< zero if the line has no stamp
  std::string host;     ///< this and the next three are empty (0) for Foreign lines
  /// "postfix": tells queues apart whose IDs may be the same. Empty for Sendmail, whose IDs no two
  /// queues of a host share.
  std::string instance;
  std::string service;  ///< "smtp"; of Sendmail the mailer of a Delivery, else empty
  std::uint32_t pid = 0;
  mail::QueueId queue_id;  ///< empty if the line has none
  Event event;
};

}  // namespace rampart::report
