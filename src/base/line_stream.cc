#include "rampart/base/line_stream.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <utility>

#include <poll.h>
#include <sys/socket.h>

#include "rampart/base/descriptor.h"

namespace rampart::base {
namespace {

constexpr std::size_t kReceiveBytes = 64UL * 1024UL;

Error broken(int error) {
  return {Error::Kind::Unavailable, error_text(error)};
}

Error too_long(std::size_t bytes_max) {
  return {Error::Kind::InvalidInput, "longer than " + std::to_string(bytes_max) + " bytes"};
}

int milliseconds_until(SteadyTime deadline) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - SystemClock().steady_now()).count();
  return static_cast<int>(std::clamp<long long>(left, 0, std::numeric_limits<int>::max()));
}

}  // namespace

Error told_to_stop() {
  return {Error::Kind::Unavailable, "the service stops"};
}

Result<> LineStream::wait(short events, SteadyTime deadline) const {
  std::array<pollfd, 2> watched{pollfd{fd_, events, 0}, pollfd{stop_, POLLIN, 0}};
  for (;;) {
    const int timeout = milliseconds_until(deadline);
    const int ready =
        poll(watched.data(), watched.size(), timeout);  // a negative fd is passed over
    if (ready < 0 && errno != EINTR) {
      return broken(errno);
    }
    if (ready > 0 && watched[1].revents != 0) {
      return told_to_stop();
    }
    if (ready > 0) {
      return Ok{};
    }
    if (ready == 0 && milliseconds_until(deadline) == 0) {
      return Error{Error::Kind::Timeout, "no answer in time"};
    }
  }
}

// Adds what comes to the buffer. @return false at the end of the stream
Result<bool> LineStream::receive(SteadyTime deadline) {
  for (;;) {
    if (const auto ready = wait(POLLIN, deadline); !ready) {
      return ready.error();
    }
    std::array<char, kReceiveBytes> bytes{};
    const ssize_t size = recv(fd_, bytes.data(), bytes.size(), 0);
    if (size >= 0) {
      buffer_.append(bytes.data(), static_cast<std::size_t>(size));
      return size > 0;
    }
    if (errno == ECONNRESET) {
      return false;  // it closed before it had read everything; what it said came through
    }
    if (errno != EAGAIN && errno != EINTR) {
      return broken(errno);
    }
  }
}

Result<std::string> LineStream::read_line(std::size_t bytes_max, SteadyTime deadline) {
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
      return too_long(bytes_max);
    }
    const auto more = receive(deadline);
    if (!more) {
      return more.error();
    }
    if (!*more) {
      return buffer_.empty() ? Error{Error::Kind::NotFound, "closed"}
                             : Error{Error::Kind::Corrupt, "closed within a line"};
    }
  }
}

Result<std::string> LineStream::read_rest(std::size_t bytes_max, SteadyTime deadline) {
  for (;;) {
    if (buffer_.size() > bytes_max) {
      return too_long(bytes_max);
    }
    const auto more = receive(deadline);
    if (!more) {
      return more.error();
    }
    if (!*more) {
      return std::exchange(buffer_, {});
    }
  }
}

Result<> LineStream::write(std::string_view bytes, SteadyTime deadline) {
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
  return Ok{};
}

}  // namespace rampart::base
