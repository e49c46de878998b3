// A file descriptor with one owner, and the system's own words for what goes wrong with it.
//
// Source: close(2), pipe(2), eventfd(2).
// Threads: a plain value; distinct objects may be used from distinct threads. Wake::set() from any.

#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "rampart/base/result.h"

namespace rampart::base {

/// "No such file or directory": an errno in words.
std::string error_text(int error);

/// "WHAT: No such file or directory", or the words alone if `what` is "".
/// @return NotFound for what is not there, Denied for what is not permitted, else Unavailable
Error system_error(std::string_view what, int error);

/// Closed when its owner ends.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  ~Descriptor() { reset(); }
  Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) {
      reset(other.release());
    }
    return *this;
  }

  [[nodiscard]] bool valid() const noexcept { return fd_ >= 0; }
  [[nodiscard]] int get() const noexcept { return fd_; }
  /// Gives it away. @return what is no longer closed here
  int release() noexcept { return std::exchange(fd_, -1); }
  /// Closes it, and owns `fd` from then on. errno stays.
  void reset(int fd = -1) noexcept;

 private:
  int fd_ = -1;
};

/// Both ends of a pipe; programs that are started do not inherit them.
struct Pipe {
  Descriptor read;
  Descriptor write;
};
Result<Pipe> open_pipe();

/// A descriptor to poll(2) for: readable from the first set() on, for good.
class Wake {
 public:
  Wake();
  void set() noexcept;
  /// -1 where the system has no descriptor left: poll(2) passes over it
  [[nodiscard]] int get() const noexcept { return event_.get(); }
  [[nodiscard]] bool valid() const noexcept { return event_.valid(); }

 private:
  Descriptor event_;
};

}  // namespace rampart::base
