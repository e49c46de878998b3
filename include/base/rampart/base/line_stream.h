// Lines over a non-blocking socket, with a deadline and a bound.
//
// Threads: a LineStream belongs to one thread.
// Errors: Timeout; Unavailable when told to stop, or for a broken connection.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "rampart/base/result.h"
#include "rampart/base/time.h"

namespace rampart::base {

/// The error of every wait that was ended by `stop`: "the service stops".
Error told_to_stop();

class LineStream {
 public:
  /// @param fd    non-blocking, stays the caller's
  /// @param stop  readable when every wait shall end; -1: none
  LineStream(int fd, int stop) noexcept : fd_(fd), stop_(stop) {}

  /// The next line without its end. @return NotFound at the end of the stream, InvalidInput for a
  /// line of `bytes_max` bytes or more, Corrupt for a stream that ends within a line
  Result<std::string> read_line(std::size_t bytes_max, SteadyTime deadline);
  /// Everything up to the end of the stream. @return InvalidInput for more than `bytes_max` bytes
  Result<std::string> read_rest(std::size_t bytes_max, SteadyTime deadline);
  Result<> write(std::string_view bytes, SteadyTime deadline);

 private:
  Result<> wait(short events, SteadyTime deadline) const;
  Result<bool> receive(SteadyTime deadline);

  int fd_;
  int stop_;
  std::string buffer_;
};

}  // namespace rampart::base
