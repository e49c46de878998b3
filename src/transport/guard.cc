#include <array>
#include <cerrno>
#include <csignal>
#include <string_view>

#include <poll.h>
#include <unistd.h>

#include "rampart/telemetry/log.h"
#include "rampart/transport/keeper.h"
#include "rampart/transport/table.h"

namespace rampart::transport {
namespace {

constexpr int kParentEvery = 1000;  // ms
constexpr int kTriesAtTheEnd = 10;
/// The service removes what is over by itself: only if it hangs is the guard needed for that.
constexpr base::Micros kGrace = std::chrono::seconds{15};

// @return false once the process that started this one has gone
bool wait_for_end() {
  pollfd watched{STDIN_FILENO, POLLIN, 0};
  if (poll(&watched, 1, kParentEvery) <= 0) {
    return true;
  }
  std::array<char, 256> bytes{};
  const ssize_t size = read(STDIN_FILENO, bytes.data(), bytes.size());
  return size > 0 || (size < 0 && errno == EINTR);
}

void log_problem(const base::Error& error) {
  telemetry::write(telemetry::Level::Error, telemetry::Line("transport").text(error.what));
}

}  // namespace

int run_guard(const Options& options, const base::Clock& clock) {
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
    std::signal(signal, SIG_IGN);
  }
  const auto table = Table::open(options);
  if (!table) {
    log_problem(table.error());
    return 2;
  }
  bool failed = false;
  while (wait_for_end()) {
    const auto expired = table->expire(clock.wall_now() - kGrace);
    if (!expired && !failed) {
      log_problem(expired.error());
    } else if (expired && *expired) {
      telemetry::write(telemetry::Level::Warning,
                       telemetry::Line("transport")
                           .text("the guard removed entries that were over: the service is late"));
    }
    failed = !expired;
  }
  for (int tries = 0; tries < kTriesAtTheEnd; ++tries) {
    // Also where the text says that it is empty: only the index counts for Postfix.
    const auto emptied = table->write({});
    if (emptied) {
      return 0;
    }
    log_problem(emptied.error());
    poll(nullptr, 0, kParentEvery);
  }
  return 1;
}

}  // namespace rampart::transport
