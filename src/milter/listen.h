// The listening socket: checked, cleared of a dead predecessor, opened, and given to its group.
//
// Source: libmilter's smfi_setconn documentation for the spellings; unix(7) for the length of a
// path.
// Threads: start-up only (the umask, which belongs to the whole process, is changed for a moment).

#pragma once

#include "rampart/base/result.h"
#include "rampart/milter/options.h"
#include "rampart/milter/server.h"

namespace rampart::milter {

/// Hands Options::listen to libmilter and opens it, with mode 0660 and Options::socket_group if it
/// is a unix socket. The address has passed check_listen(), and the callbacks are registered.
/// @return Unavailable with the reason, also if another process listens there
base::Result<> open_listener(const Options& options);

}  // namespace rampart::milter
