// The service: everything wired together, from the configuration to an orderly stop.
//
// Threads: run() once per process, on the main thread, before any other thread.
// Errors: exit codes of sysexits.h: 78 for a bad configuration, 75 for a store or socket that
// cannot be opened and for a milter that ends by itself; 0 after SIGTERM or SIGINT.
//
// Signals: SIGTERM and SIGINT stop in order (milter, feeds, control, engine, store), SIGHUP takes
// over a changed configuration, all of it or nothing.
// Source: sd_notify(3): READY, RELOADING, STOPPING, WATCHDOG; without NOTIFY_SOCKET none of them is
// sent.

#pragma once

#include <string>

#include "rampart/config/config.h"

namespace rampart::daemon {

/// Serves until told to stop. @return the exit code
int run(const config::Where& where, const std::string& version);

}  // namespace rampart::daemon
