#include "rampart/control/client.h"

#include <algorithm>
#include <cerrno>
#include <iterator>

#include <sys/socket.h>
#include <sys/un.h>

#include "stream.h"

namespace rampart::control {
namespace {

using base::Error;

constexpr std::size_t kAnswerBytesMax = std::size_t{256} << 20;

base::Result<Descriptor> connect_to(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return Error{Error::Kind::InvalidInput, path + ": too long for a unix socket"};
  }
  std::copy(path.begin(), path.end(), std::begin(address.sun_path));
  Descriptor fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (fd.get() < 0) {
    return Error{Error::Kind::Unavailable, error_text(errno)};
  }
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const int error = errno;
    return Error{error == EACCES || error == EPERM ? Error::Kind::Denied : Error::Kind::Unavailable,
                 path + ": " + error_text(error)};
  }
  return fd;
}

}  // namespace

base::Result<std::string> request(const std::string& socket,
                                  std::string_view json_text,
                                  base::Micros timeout) {
  if (json_text.size() >= kRequestBytesMax) {
    return Error{Error::Kind::InvalidInput,
                 "the request has more than " + std::to_string(kRequestBytesMax >> 20U) + " MiB"};
  }
  const auto fd = connect_to(socket);
  if (!fd) {
    return fd.error();
  }
  const base::SystemClock clock;
  const base::SteadyTime deadline = clock.steady_now() + timeout;
  Stream stream(fd->get(), -1);
  // A service that refuses may close before it has read all: its answer is there all the same.
  const auto written = stream.write(std::string(json_text) + '\n', deadline);
  auto answer = stream.read_line(kAnswerBytesMax, deadline);
  if (!answer && !written) {
    return written.error();
  }
  return answer;
}

}  // namespace rampart::control
