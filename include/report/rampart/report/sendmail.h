// Lines of Sendmail's log as events: "6AL04F8B001427: to=<a@b.example>,<c@b.example>, delay=...,
// stat=Sent (Ok)" is a Delivery to a@b.example and one to c@b.example.
//
// Source: Sendmail 8.17 at LogLevel 9 as measured; Sendmail Installation and Operation Guide 2.1.1.
// Pure: no state. Any thread.
// Errors: none. Every sequence of bytes is some event; text that no shape knows is NotUnderstood.
// Limits: a line is cut at 64 KiB, a field at 4 KiB; at most 1000 recipients a line, else it is
// NotUnderstood; linear time. Sendmail itself shortens fields, texts of about 200 bytes in their
// middle; of a relay's name that it shortened only the last labels are kept.
//
// Addresses, remote text and client commands are written by strangers. Fields are taken by position
// from the left, with the quoting in mind that Sendmail itself checks before it accepts an address,
// and a line with an address that does not end is not understood as a whole: Sendmail breaks long
// lists of recipients at commas, also at one inside quotes.
//
// What Sendmail does not say or says wrongly:
// - "stat=User unknown" stands for every 550, 551 and 553 to RCPT, block lists included. Only
//   "reply=" is the remote's, and only its first line. Versions before 8.16 have none: what the
//   remote said is then not known, and reply.text is empty rather than one of these phrases.
// - "dsn=" is kept where the remote said so or where it is what Sendmail found by itself (5.1.2, no
//   such host). Otherwise it is made up, as 5.1.1 of "550 blocked".
// - Of "250 2.0.0 Ok" it logs "Ok"; the reply is given as "250 Ok".
// - No stage is logged. Sent is the end of data, "User unknown" RCPT; a class x.5.0 in place of the
//   remote's own code shows the greeting or EHLO, 4.4.1 that no connection came about, 5.2.0 for a
//   550 without enhanced code the end of data. All else is unknown.
// - A 5xx greeting is a bounce, where Postfix defers.
// - After a failed connection other messages for the same host are logged as failed, too, without
//   an address in "relay=": attempted is false.
// - Of an alias only the target is logged, never the address that the milter saw.
// - Below LogLevel 10 nothing is logged when a message is done with: Removed is never seen.
// - A message that the submission queue hands to the daemon of this host (mailer "relay" at a
//   loopback address) is "forwarded" as the ID the daemon gave it.

#pragma once

#include <string_view>
#include <vector>

#include "rampart/report/event.h"

namespace rampart::report {

/// Whether a program is Sendmail by its name: "sendmail", "sm-mta", "sm-msp-queue". An operator may
/// choose any other with -L.
bool is_sendmail_program(std::string_view name) noexcept;

/// Appends what an entry says, at least one LogLine.
/// @param message  What follows "sm-mta[983]: ".
/// @param known    The program is Sendmail. Otherwise it is taken for it only where the line has
///                 the shape of a delivery or of an accepted message, and is Foreign else.
/// Leaves time, host and pid for the caller to fill in.
void read_sendmail_entry(std::string_view message, bool known, std::vector<LogLine>& out);

}  // namespace rampart::report
