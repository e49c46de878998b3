#include "listen.h"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string>
#include <utility>

#include <libmilter/mfapi.h>
#include <sys/stat.h>

#include "rampart/base/text.h"
#include "rampart/base/unix_socket.h"

namespace rampart::milter {
namespace {

using Kind = base::Error::Kind;

constexpr std::size_t kHostBytesMax = 255;
constexpr int kBacklog = 511;  // MTAs connect all at once after a restart

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
  if (path.size() > base::kUnixPathBytesMax) {
    return base::Error{Kind::InvalidInput, "the path of a unix socket has at most " +
                                               std::to_string(base::kUnixPathBytesMax) + " bytes"};
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

// To the members of a group or, without one, to those of our own.
base::Result<> open_to(const std::string& path, const std::string& group) {
  if (!group.empty()) {
    const auto admitted = base::admit_group(path, group);
    return admitted ? base::Result<>(base::Ok{}) : admitted.error();
  }
  return chmod(path.c_str(), 0660) == 0 ? base::Result<>(base::Ok{})
                                        : base::system_error("mode of " + path, errno);
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

base::Result<> open_listener(const Options& options) {
  const auto path = unix_path(options.listen);
  std::optional<base::SocketPlace> place;
  if (path) {
    auto claimed = base::SocketPlace::claim(std::string(*path));
    if (!claimed) {
      return claimed.error();
    }
    place.emplace(std::move(*claimed));
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
    return error != 0 ? base::system_error("cannot listen on " + options.listen, error)
                      : base::Error{Kind::Unavailable, "cannot listen on " + options.listen};
  }
  return path ? open_to(std::string(*path), options.socket_group) : base::Result<>(base::Ok{});
}

}  // namespace rampart::milter
