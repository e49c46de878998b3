// libmilter's callbacks: each one turns a C call into a call of Session and its answer into
// SMFIS_*.
//
// Source: libmilter API (mfapi.h, mfdef.h of Sendmail 8.17).
// Threads: start_service() before serve(), on one thread. libmilter gives its
// callbacks nothing of ours but the connection's private pointer, hence one service per process.
// Errors: no exception leaves a callback. What goes wrong is logged, counted
// (internal_errors_total) and answered as Options::on_error says; always with "accept" for null
// senders and non-SMTP sessions.
//
// What libmilter keeps of the strings it is given: smfi_setconn, smfi_register (the name),
// smfi_setsymlist and smfi_setreply copy; smfi_addheader, smfi_delrcpt and smfi_quarantine have
// sent when they return; what smfi_getsymval and the callbacks' arguments point to dies with the
// callback. So nothing has to outlive a call, and Session copies what it remembers.

#pragma once

#include "rampart/base/result.h"
#include "rampart/milter/options.h"

#include "decider.h"

namespace rampart::milter {

/// Opens the listening socket and registers the callbacks. `decider` must outlive serve().
base::Result<> start_service(const Options& options, Decider& decider);

/// Runs libmilter until stop_service(). When it returns no callback uses the decider any more.
/// @return false if libmilter failed.
bool serve();

/// From any thread, also before serve(): libmilter cannot be started again in this process.
void stop_service();

}  // namespace rampart::milter
