#include "stream.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <system_error>
#include <utility>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace rampart::control {
namespace {

using base::Error;

constexpr std::size_t kReadBytes = 64 * 1024;

Error broken(int error) {
  return {Error::Kind::Unavailable, error_text(error)};
}

int milliseconds_until(base::SteadyTime deadline) {
  const base::SystemClock clock;
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - clock.steady_now()).count();
  return static_cast<int>(std::clamp<long long>(left, 0, std::numeric_limits<int>::max()));
}

}  // namespace

std::string error_text(int error) {
  return std::generic_category().message(error);
}

Descriptor::~Descriptor() {
  if (fd_ >= 0) {
    close(fd_);
  }
}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) {
      close(fd_);
    }
    fd_ = other.release();
  }
  return *this;
}

int Descriptor::release() noexcept {
  return std::exchange(fd_, -1);
}

base::Result<> Stream::wait(short events, base::SteadyTime deadline) const {
  std::array<pollfd, 2> watched{pollfd{fd_, events, 0}, pollfd{stop_, POLLIN, 0}};
  for (;;) {
    const int timeout = milliseconds_until(deadline);
    const int ready =
        poll(watched.data(), watched.size(), timeout);  // a negative fd is passed over
    if (ready < 0 && errno != EINTR) {
      return broken(errno);
    }
    if (ready > 0 && watched[1].revents != 0) {
      return Error{Error::Kind::Unavailable, "the service stops"};
    }
    if (ready > 0) {
      return base::Ok{};
    }
    if (ready == 0 && milliseconds_until(deadline) == 0) {
      return Error{Error::Kind::Timeout, "no answer in time"};
    }
  }
}

base::Result<std::string> Stream::read_line(std::size_t bytes_max, base::SteadyTime deadline) {
  std::size_t searched = 0;
  for (;;) {
    const std::size_t end = buffer_.find('\n', searched);
    if (end != std::string::npos && end < bytes_max) {
      std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      return line;
    }
    searched = buffer_.size();
    if (searched >= bytes_max) {
      return Error{Error::Kind::InvalidInput,
                   "longer than " + std::to_string(bytes_max) + " bytes"};
    }
    if (const auto ready = wait(POLLIN, deadline); !ready) {
      return ready.error();
    }
    std::array<char, kReadBytes> bytes{};
    const ssize_t size = recv(fd_, bytes.data(), bytes.size(), 0);
    if (size < 0 && errno != EAGAIN && errno != EINTR) {
      return broken(errno);
    }
    if (size == 0) {
      return buffer_.empty() ? Error{Error::Kind::NotFound, "closed"}
                             : Error{Error::Kind::Corrupt, "closed within a line"};
    }
    if (size > 0) {
      buffer_.append(bytes.data(), static_cast<std::size_t>(size));
    }
  }
}

base::Result<> Stream::write(std::string_view bytes, base::SteadyTime deadline) {
  while (!bytes.empty()) {
    const ssize_t size = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (size >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(size));
      continue;
    }
    if (errno != EAGAIN && errno != EINTR) {
      return broken(errno);
    }
    if (const auto ready = wait(POLLOUT, deadline); !ready) {
      return ready.error();
    }
  }
  return base::Ok{};
}

}  // namespace rampart::control
