#include "bus_error.h"

#include <csignal>
#include <cstdint>
#include <mutex>

#include <sys/mman.h>
#include <unistd.h>

namespace rampart::feed {
namespace {

struct State {
  volatile std::sig_atomic_t active = 0;
  volatile std::sig_atomic_t happened = 0;
};

// Of the thread, because a fault is delivered to the thread that made it.
thread_local State state;
std::uintptr_t page_size = 0;

void handle(int /*signal*/, siginfo_t* info, void* /*context*/) {
  if (state.active != 0 && info->si_code == BUS_ADRERR && info->si_addr != nullptr) {
    const auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
    void* page = reinterpret_cast<void*>(address & ~(page_size - 1));  // NOLINT: as mmap(2) asks
    if (::mmap(page, page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
               0) == page) {
      state.happened = 1;
      return;
    }
  }
  // Not ours: the same fault comes again at once, and then ends the process.
  struct sigaction action {};
  action.sa_handler = SIG_DFL;
  ::sigaction(SIGBUS, &action, nullptr);
}

void install() {
  page_size = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  struct sigaction action {};
  action.sa_sigaction = handle;
  action.sa_flags = SA_SIGINFO;
  ::sigaction(SIGBUS, &action, nullptr);
}

}  // namespace

BusErrorGuard::BusErrorGuard() noexcept {
  static std::once_flag once;
  std::call_once(once, install);
  state.happened = 0;
  state.active = 1;
}

BusErrorGuard::~BusErrorGuard() {
  state.active = 0;
}

bool BusErrorGuard::happened() const noexcept {
  return state.happened != 0;
}

}  // namespace rampart::feed
