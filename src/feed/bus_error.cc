#include "bus_error.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <mutex>

#include <sys/mman.h>
#include <unistd.h>

namespace rampart::feed {
namespace {

// Threads that have a guard. A fault is delivered to the thread that made it.
struct Guarded {
  std::atomic<pid_t> thread{0};
  std::atomic<bool> happened{false};
};

std::array<Guarded, 16> guarded;
std::uintptr_t page_size = 0;

Guarded* find_guarded(pid_t thread) {
  const auto found = std::find_if(guarded.begin(), guarded.end(), [thread](const Guarded& entry) {
    return entry.thread.load() == thread;
  });
  return found == guarded.end() ? nullptr : &*found;
}

void handle(int /*signal*/, siginfo_t* info, void* /*context*/) {
  Guarded* const entry = find_guarded(::gettid());
  if (entry != nullptr && info->si_code == BUS_ADRERR && info->si_addr != nullptr) {
    const auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
    void* page = reinterpret_cast<void*>(address & ~(page_size - 1));  // NOLINT: as mmap(2) asks
    if (::mmap(page, page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
               0) == page) {
      entry->happened = true;
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
  for (std::size_t i = 0; i < guarded.size() && place_ == kNoPlace; ++i) {
    pid_t free = 0;
    if (guarded[i].thread.compare_exchange_strong(free, ::gettid())) {
      guarded[i].happened = false;
      place_ = i;
    }
  }
}

BusErrorGuard::~BusErrorGuard() {
  if (place_ != kNoPlace) {
    guarded[place_].thread = 0;
  }
}

bool BusErrorGuard::happened() const noexcept {
  return place_ != kNoPlace && guarded[place_].happened;
}

}  // namespace rampart::feed
