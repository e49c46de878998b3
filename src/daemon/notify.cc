#include "notify.h"

#include <chrono>
#include <string>

#include <systemd/sd-daemon.h>

namespace rampart::daemon {

void notify_starting(base::Micros more) {
  sd_notify(0, ("EXTEND_TIMEOUT_USEC=" + std::to_string(more.count())).c_str());
}

void notify_ready() {
  sd_notify(0, "READY=1");
}

void notify_reloading() {
  // The manager wants CLOCK_MONOTONIC, which is what steady time is here.
  const auto now = base::SystemClock().steady_now().time_since_epoch().count();
  sd_notify(0, ("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(now)).c_str());
}

void notify_stopping() {
  sd_notify(0, "STOPPING=1");
}

void notify_alive() {
  sd_notify(0, "WATCHDOG=1");
}

}  // namespace rampart::daemon
