#include "rampart/control/client.h"

#include "rampart/base/line_stream.h"
#include "rampart/base/unix_socket.h"

namespace rampart::control {
namespace {

using base::Error;

constexpr std::size_t kAnswerBytesMax = std::size_t{256} << 20;

}  // namespace

base::Result<std::string> request(const std::string& socket,
                                  std::string_view json_text,
                                  base::Micros timeout) {
  if (json_text.size() >= kRequestBytesMax) {
    return Error{Error::Kind::InvalidInput,
                 "the request has more than " + std::to_string(kRequestBytesMax >> 20U) + " MiB"};
  }
  const base::SteadyTime deadline = base::SystemClock().steady_now() + timeout;
  const auto fd = base::connect_unix(socket, deadline);
  if (!fd) {
    return fd.error();
  }
  base::LineStream stream(fd->get(), -1);
  // A service that refuses may close before it has read all: its answer is there all the same.
  const auto written = stream.write(std::string(json_text) + '\n', deadline);
  auto answer = stream.read_line(kAnswerBytesMax, deadline);
  if (!answer && !written) {
    return written.error();
  }
  return answer;
}

}  // namespace rampart::control
