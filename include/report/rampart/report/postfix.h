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
// What the events mean here: MilterReject is also "milter-discard"; Requeued, Deleted,
// ReleasedFromHold and PlacedOnHold are postsuper(1)'s -r, -d, -H and -h, the last also HOLD in an
// access(5) or header_checks(5) table; Deferred is also "SOFTBOUNCE" (soft_bounce = yes), as the
// message stays in the queue; RefusedToTalk is "host X refused to talk to me: 421 ..." without a
// recipient, also "host X said: ... (in reply to MAIL FROM command)". No one was asked by error(8),
// retry and cleanup(8), nor if "delivery temporarily suspended".
//
// Instance and service: of "postfix/smtp" the instance is "postfix" and the service "smtp". Of a
// longer name the instance is what precedes the first slash and the service what follows the last,
// because master.cf's "-o syslog_name=postfix/submission" names a service of the same instance,
// with the same queue: "postfix/submission/smtpd" is instance "postfix", service "smtpd".

#pragma once

#include <string_view>

#include "rampart/report/event.h"
#include "rampart/report/stamp.h"

namespace rampart::report {

/// Reads one line of a log file, with or without its line end.
/// @param stamps  Of this source of lines; told the time of every line that has a stamp.
LogLine parse_line(std::string_view line, StampReader& stamps);

/// Reads an entry that comes in parts, as from the journal.
/// @param program  "postfix/smtp" (SYSLOG_IDENTIFIER).
/// @param message  What follows "postfix/smtp[983]: ".
/// @return         As parse_line, with time, host and pid left for the caller to fill in.
LogLine parse_entry(std::string_view program, std::string_view message);

}  // namespace rampart::report
