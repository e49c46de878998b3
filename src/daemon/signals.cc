#include "signals.h"

#include <array>
#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include "rampart/base/assert.h"

namespace rampart::daemon {
namespace {

std::array<int, 2> wake_pipe{-1, -1};  // a handler can reach nothing but globals

constexpr std::array<int, 3> kSignals{SIGTERM, SIGINT, SIGHUP};

sigset_t signal_set() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : kSignals) {
    sigaddset(&set, signal);
  }
  return set;
}

// Async-signal-safe. A full pipe has events enough.
void send(Event event) noexcept {
  const auto byte = static_cast<unsigned char>(event);
  static_cast<void>(!write(wake_pipe[1], &byte, 1));
}

extern "C" void on_signal(int signal) {
  const int saved = errno;
  send(signal == SIGHUP ? Event::Reload : Event::Stop);
  errno = saved;
}

}  // namespace

Signals::Signals() {
  block();
  RAMPART_ASSERT(pipe2(wake_pipe.data(), O_CLOEXEC) == 0);
  fcntl(wake_pipe[1], F_SETFL, O_NONBLOCK);
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  for (const int signal : kSignals) {
    sigaction(signal, &action, nullptr);
  }
  std::signal(SIGPIPE, SIG_IGN);
}

void Signals::block() {
  const sigset_t set = signal_set();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

bool Signals::is_stop_pending() {
  sigset_t pending;
  sigemptyset(&pending);
  return sigpending(&pending) == 0 &&
         (sigismember(&pending, SIGTERM) == 1 || sigismember(&pending, SIGINT) == 1);
}

void Signals::unblock() {
  const sigset_t set = signal_set();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

void Signals::wake(Event event) {
  send(event);
}

Event Signals::next() {
  unsigned char byte = 0;
  for (;;) {
    // Waits in poll(): ThreadSanitizer delivers no signal to a thread that waits in read().
    pollfd readable{wake_pipe[0], POLLIN, 0};
    if (poll(&readable, 1, -1) < 0) {
      RAMPART_ASSERT(errno == EINTR);
      continue;
    }
    const ssize_t size = ::read(wake_pipe[0], &byte, 1);
    RAMPART_ASSERT(size == 1 || (size < 0 && errno == EINTR));
    if (size == 1) {
      return static_cast<Event>(byte);
    }
  }
}

}  // namespace rampart::daemon
