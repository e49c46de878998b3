// rampart releaser: the root helper that releases held mail for the service.

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>

#include <poll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rampart/base/time.h"
#include "rampart/release/helper.h"
#include "rampart/release/key_file.h"
#include "rampart/telemetry/log.h"

#include "commands.h"
#include "options_for.h"

namespace rampart::cli {
namespace {

constexpr int kKeyWaitMilliseconds = 1000;

// A descriptor that is readable once the service manager or a person wants this to end; the
// program it runs for a request is not interrupted.
int stop_descriptor() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
    sigaddset(&signals, signal);
  }
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

// What the MTA's programs shall not inherit from who started this one. POSIX lets a program replace
// its environment as a whole; there is one thread.
void drop_what_was_inherited() {
  umask(077);
  const char* zone = std::getenv("TZ");  // NOLINT(concurrency-mt-unsafe): see above
  static std::array<std::string, 3> texts{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C",
                                          std::string("TZ=") + (zone == nullptr ? "" : zone)};
  static std::array<char*, 4> variables{texts[0].data(), texts[1].data(),
                                        zone == nullptr ? nullptr : texts[2].data(), nullptr};
  environ = variables.data();
}

void log_sentence(telemetry::Level level, const std::string& text) {
  telemetry::write(level, telemetry::Line("releaser").text(text));
}

// The service makes the key at its first start; until then there is nobody to serve.
// @return false if told to stop
bool wait_for_key(const std::string& path, int stop) {
  for (std::string told;;) {
    const auto key = release::read_hold_key(path);
    if (key) {
      return true;
    }
    if (told != key.error().what) {
      told = key.error().what;
      log_sentence(telemetry::Level::Warning, "waiting for the service's key: " + told);
    }
    pollfd watched{stop, POLLIN, 0};
    if (poll(&watched, 1, kKeyWaitMilliseconds) > 0) {
      return false;
    }
  }
}

}  // namespace

int run_releaser(const Arguments& arguments, const Output& /*output*/) {
  if (geteuid() != 0) {
    throw Failure{kNotPermitted, "denied",
                  "only root can run the releaser: the MTA serves nobody "
                  "else"};
  }
  const auto config = load_file_config(arguments);
  if (config->release.socket.empty()) {
    throw Failure{kUsage, "usage", "hold.releaser is \"\": no releaser is wanted"};
  }
  telemetry::configure_log(config->log);
  release::MtaOptions mta = arguments.mta;
  mta.may_deliver = false;
  drop_what_was_inherited();
  const int stop = stop_descriptor();
  if (!wait_for_key(config->release.key_file, stop)) {
    return kDone;
  }
  const base::SystemClock clock;
  auto helper = release::Helper::open(config->release, release::make_mta_tools(mta), clock);
  if (!helper) {
    throw Failure{kRefused, "unavailable", helper.error().what};
  }
  log_sentence(telemetry::Level::Info, "ready on " + config->release.socket);
  if (const auto served = (*helper)->run(stop); !served) {
    throw Failure{kRefused, "unavailable", served.error().what};
  }
  log_sentence(telemetry::Level::Info, "stopped");
  return kDone;
}

}  // namespace rampart::cli
