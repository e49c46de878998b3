#include "rampart/base/descriptor.h"

#include <array>
#include <cerrno>
#include <cstdint>
#include <system_error>

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace rampart::base {

std::string error_text(int error) {
  return std::generic_category().message(error);
}

Error system_error(std::string_view what, int error) {
  const auto kind = error == ENOENT || error == ENOTDIR ? Error::Kind::NotFound
                    : error == EACCES || error == EPERM ? Error::Kind::Denied
                                                        : Error::Kind::Unavailable;
  return {kind, what.empty() ? error_text(error) : std::string(what) + ": " + error_text(error)};
}

void Descriptor::reset(int fd) noexcept {
  if (fd_ >= 0) {
    const int error = errno;
    close(fd_);
    errno = error;
  }
  fd_ = fd;
}

Result<Pipe> open_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    return system_error("pipe", errno);
  }
  return Pipe{Descriptor(ends[0]), Descriptor(ends[1])};
}

Wake::Wake() : event_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

void Wake::set() noexcept {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(event_.get(), &one, sizeof one);
}

}  // namespace rampart::base
