#include "socket.h"

#include <algorithm>
#include <cerrno>
#include <iterator>

#include <sys/socket.h>

namespace rampart::release {

using base::Error;

base::Result<sockaddr_un> socket_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return Error{Error::Kind::InvalidInput, "\"" + path + "\" is no path of a unix socket"};
  }
  std::copy(path.begin(), path.end(), std::begin(address.sun_path));
  return address;
}

base::Result<Descriptor> connect_to(const std::string& path) {
  const auto address = socket_address(path);
  if (!address) {
    return address.error();
  }
  Descriptor fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.is_open() ||
      connect(fd.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0) {
    const int error = errno;
    return Error{error == EACCES || error == EPERM ? Error::Kind::Denied : Error::Kind::Unavailable,
                 path + ": " + error_text(error)};
  }
  return fd;
}

}  // namespace rampart::release
