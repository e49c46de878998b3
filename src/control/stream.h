// Lines over a non-blocking socket, with a deadline and a bound, and file descriptors that close
// themselves.
//
// Threads: a Stream belongs to one thread.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "rampart/base/result.h"
#include "rampart/base/time.h"

namespace rampart::control {

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) noexcept : fd_(fd) {}
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  [[nodiscard]] int get() const noexcept { return fd_; }
  int release() noexcept;

 private:
  int fd_;
};

/// "No such file or directory" of an errno.
std::string error_text(int error);

class Stream {
 public:
  /// @param fd    non-blocking, stays the caller's
  /// @param stop  readable when every wait shall end; -1: none
  Stream(int fd, int stop) noexcept : fd_(fd), stop_(stop) {}

  /// The next line without its end. @return NotFound at the end of the stream, InvalidInput for a
  /// longer line, Corrupt for a stream that ends within a line, Timeout, Unavailable when told to
  /// stop or broken.
  base::Result<std::string> read_line(std::size_t bytes_max, base::SteadyTime deadline);
  base::Result<> write(std::string_view bytes, base::SteadyTime deadline);

 private:
  base::Result<> wait(short events, base::SteadyTime deadline) const;

  int fd_;
  int stop_;
  std::string buffer_;
};

}  // namespace rampart::control
