// What the service manager is told.
//
// Source: sd_notify(3), sd_watchdog_enabled(3). Without NOTIFY_SOCKET every call does nothing.
// Threads: any function from any thread.

#pragma once

namespace rampart::daemon {

void notify_ready();
void notify_reloading();
void notify_stopping();
void notify_alive();

}  // namespace rampart::daemon
