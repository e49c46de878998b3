#include "listen.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string>
#include <system_error>

#include <grp.h>
#include <libmilter/mfapi.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "rampart/base/text.h"

namespace rampart::milter {
namespace {

using Kind = base::Error::Kind;

constexpr mode_t kSocketMode = 0660;
constexpr std::size_t kUnixPathBytesMax = sizeof(sockaddr_un::sun_path) - 1;
constexpr std::size_t kHostBytesMax = 255;
constexpr int kBacklog = 511;  // MTAs connect all at once after a restart

std::string reason(int error) {
  return std::generic_category().message(error);
}

base::Error failure(std::string_view what, int error) {
  return {Kind::Unavailable, std::string(what) + ": " + reason(error)};
}

std::optional<std::string_view> unix_path(std::string_view listen) noexcept {
  for (const std::string_view scheme : {"unix:", "local:"}) {
    if (listen.starts_with(scheme)) {
      return listen.substr(scheme.size());
    }
  }
  return std::nullopt;
}

base::Result<> check_unix(std::string_view path) {
  if (!path.starts_with('/') || path.ends_with('/')) {
    return base::Error{Kind::InvalidInput,
                       "\"" + base::printable(path) + "\" is not the absolute path of a socket"};
  }
  if (path.size() > kUnixPathBytesMax) {
    return base::Error{Kind::InvalidInput, "the path of a unix socket has at most " +
                                               std::to_string(kUnixPathBytesMax) + " bytes"};
  }
  if (base::printable(path) != path) {
    return base::Error{Kind::InvalidInput, "the path of the socket has strange characters: \"" +
                                               base::printable(path) + "\""};
  }
  return base::Ok{};
}

bool is_host_character(char c) noexcept {
  return base::is_alnum(c) || c == '.' || c == '-' || c == ':' || c == '[' || c == ']';
}

base::Result<> check_inet(std::string_view port_at_host) {
  const std::size_t at = port_at_host.find('@');
  if (at == std::string_view::npos) {
    return base::Error{
        Kind::InvalidInput,
        "needs \"port@host\", as in \"inet:8895@127.0.0.1\", so that it is not open to "
        "every network"};
  }
  const auto port = base::parse_uint(port_at_host.substr(0, at));
  if (!port || *port == 0 || *port > 65535) {
    return base::Error{Kind::InvalidInput, "\"" + base::printable(port_at_host.substr(0, at), 64) +
                                               "\" is not a port number from 1 to 65535"};
  }
  const std::string_view host = port_at_host.substr(at + 1);
  if (host.empty() || host.size() > kHostBytesMax ||
      !std::all_of(host.begin(), host.end(), is_host_character)) {
    return base::Error{Kind::InvalidInput,
                       "\"" + base::printable(host, 64) + "\" is not a host name or address"};
  }
  return base::Ok{};
}

// @return nullopt for "not listened to", otherwise true
bool is_listened_to(const std::string& path) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) {
    return true;  // nothing is known, so nothing is removed
  }
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::copy(path.begin(), path.end(), std::begin(address.sun_path));
  const int result = connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const bool refused = result != 0 && errno == ECONNREFUSED;
  close(fd);
  return !refused;
}

base::Result<> give_to_group(const std::string& path, const std::string& name) {
  if (!name.empty()) {
    std::array<char, 16384> buffer{};
    group entry{};
    group* found = nullptr;
    getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
    if (found == nullptr) {
      return base::Error{Kind::InvalidInput, "there is no group \"" + base::printable(name) + "\""};
    }
    if (chown(path.c_str(), static_cast<uid_t>(-1), found->gr_gid) != 0) {
      return failure("cannot give " + path + " to group " + name, errno);
    }
  }
  if (chmod(path.c_str(), kSocketMode) != 0) {
    return failure("cannot set the mode of " + path, errno);
  }
  return base::Ok{};
}

}  // namespace

base::Result<> check_listen(std::string_view listen) {
  if (const auto path = unix_path(listen)) {
    return check_unix(*path);
  }
  for (const std::string_view scheme : {"inet:", "inet6:"}) {
    if (listen.starts_with(scheme)) {
      return check_inet(listen.substr(scheme.size()));
    }
  }
  return base::Error{Kind::InvalidInput, "\"" + base::printable(listen, 128) +
                                             "\" is neither \"unix:/path\" nor \"inet:port@host\""};
}

base::Result<> remove_stale_socket(const std::string& path) {
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) {
    return errno == ENOENT ? base::Result<>(base::Ok{}) : failure("cannot look at " + path, errno);
  }
  if (!S_ISSOCK(status.st_mode)) {
    return base::Error{Kind::Unavailable, path + " exists and is not a socket"};
  }
  if (is_listened_to(path)) {
    return base::Error{Kind::Unavailable, "another process listens on " + path};
  }
  if (unlink(path.c_str()) != 0) {
    return failure("cannot remove the old socket " + path, errno);
  }
  return base::Ok{};
}

base::Result<> open_listener(const Options& options) {
  const auto path = unix_path(options.listen);
  if (path) {
    if (auto removed = remove_stale_socket(std::string(*path)); !removed) {
      return removed;
    }
  }
  std::string connection = options.listen;  // smfi_setconn copies it
  if (smfi_setconn(connection.data()) != MI_SUCCESS) {
    return base::Error{Kind::Unavailable, "libmilter does not take \"" + options.listen + "\""};
  }
  smfi_setbacklog(kBacklog);
  // Until its mode is set, nobody but us can connect.
  const mode_t mask = umask(0177);
  errno = 0;
  const int opened = smfi_opensocket(false);
  const int error = errno;
  umask(mask);
  if (opened != MI_SUCCESS) {
    return error != 0 ? failure("cannot listen on " + options.listen, error)
                      : base::Error{Kind::Unavailable, "cannot listen on " + options.listen};
  }
  return path ? give_to_group(std::string(*path), options.socket_group)
              : base::Result<>(base::Ok{});
}

}  // namespace rampart::milter
