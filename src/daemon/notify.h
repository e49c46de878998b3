// What the service manager is told.
//
// Source: sd_notify(3), sd_watchdog_enabled(3). Without NOTIFY_SOCKET every call does nothing.
// Threads: any function from any thread.

#pragma once

#include "rampart/base/time.h"

namespace rampart::daemon {

/// The start goes on and will take up to `more` from now.
void notify_starting(base::Micros more);
void notify_ready();
void notify_reloading();
void notify_stopping();
void notify_alive();

}  // namespace rampart::daemon
