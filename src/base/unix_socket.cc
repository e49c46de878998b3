#include "rampart/base/unix_socket.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "rampart/base/line_stream.h"
#include "rampart/base/text.h"

namespace rampart::base {
namespace {

using Kind = Error::Kind;

static_assert(kUnixPathBytesMax + 1 == sizeof(sockaddr_un::sun_path));

constexpr std::size_t kGroupBuffer = 16UL * 1024UL;
constexpr Micros kClaimTime = std::chrono::seconds{5};
constexpr Micros kLookEvery = std::chrono::milliseconds{20};
constexpr Micros kConnectSlice = std::chrono::milliseconds{100};  // how late a stop is heard

Result<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() > kUnixPathBytesMax) {
    return Error{Kind::InvalidInput, "\"" + path + "\" is no path of a unix socket"};
  }
  std::copy(path.begin(), path.end(), std::begin(address.sun_path));
  return address;
}

int connect_to(int fd, const sockaddr_un& address) noexcept {
  return connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

Result<Descriptor> make_socket(int flags) {
  Descriptor fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
  if (!fd.valid()) {
    return system_error("socket", errno);
  }
  return fd;
}

// Removes what is at the path if that is a socket on which nobody listens.
Result<> remove_stale(const std::string& path, const sockaddr_un& address) {
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) {
    return errno == ENOENT ? Result<>(Ok{}) : system_error(path, errno);
  }
  if (!S_ISSOCK(status.st_mode)) {
    return Error{Kind::Unavailable, path + " exists and is not a socket"};
  }
  const auto probe = make_socket(SOCK_NONBLOCK);
  if (!probe) {
    return probe.error();
  }
  if (connect_to(probe->get(), address) == 0 || errno == EAGAIN) {
    return Error{Kind::Unavailable, "another process listens on " + path};
  }
  if (errno == ENOENT) {
    return Ok{};
  }
  if (errno != ECONNREFUSED) {
    return system_error("cannot tell whether another process listens on " + path, errno);
  }
  return unlink(path.c_str()) == 0 || errno == ENOENT
             ? Result<>(Ok{})
             : system_error("cannot remove the old socket " + path, errno);
}

// Whoever holds the lock may have removed its file since we opened it: then it locks nothing.
Result<Descriptor> take_lock(const std::string& path) {
  const SystemClock clock;
  const SteadyTime deadline = clock.steady_now() + kClaimTime;
  for (;;) {
    Descriptor fd(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600));
    struct stat status {};
    if (!fd.valid()) {
      return system_error(path, errno);
    }
    const bool locked = flock(fd.get(), LOCK_EX | LOCK_NB) == 0;
    if (locked && fstat(fd.get(), &status) == 0 && status.st_nlink > 0) {
      return fd;
    }
    if (!locked && errno != EWOULDBLOCK && errno != EINTR) {
      return system_error(path, errno);
    }
    if (clock.steady_now() >= deadline) {
      return Error{Kind::Unavailable, "another process holds " + path};
    }
    if (!locked) {
      poll(nullptr, 0, static_cast<int>(kLookEvery / std::chrono::milliseconds{1}));
    }
  }
}

}  // namespace

Result<SocketPlace> SocketPlace::claim(const std::string& path) {
  const auto address = address_of(path);
  if (!address) {
    return address.error();
  }
  auto lock = take_lock(path + ".lock");
  if (!lock) {
    return lock.error();
  }
  SocketPlace place(path + ".lock", std::move(*lock));
  if (const auto removed = remove_stale(path, *address); !removed) {
    return removed.error();
  }
  return place;
}

SocketPlace::~SocketPlace() {
  if (lock_.valid()) {
    unlink(lock_path_.c_str());  // ours, as we hold the lock
  }
}

Result<UnixListener> UnixListener::open(const std::string& path, int backlog) {
  const auto address = address_of(path);
  if (!address) {
    return address.error();
  }
  const auto place = SocketPlace::claim(path);
  if (!place) {
    return place.error();
  }
  auto fd = make_socket(SOCK_NONBLOCK);
  if (!fd) {
    return fd.error();
  }
  // The file takes over the mode of the socket: no moment in which others get in, and no umask,
  // which would be that of all threads.
  struct stat status {};
  if (fchmod(fd->get(), 0600) != 0 ||
      bind(fd->get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0) {
    return system_error("cannot make the socket " + path, errno);
  }
  if (lstat(path.c_str(), &status) != 0) {
    return system_error("cannot make the socket " + path, errno);
  }
  UnixListener listener(path, std::move(*fd), status.st_dev, status.st_ino);
  if (listen(listener.get(), backlog) != 0) {
    return system_error("cannot listen on " + path, errno);
  }
  return listener;
}

// Before the descriptor closes: as long as it listens, nobody replaces the file.
UnixListener::~UnixListener() {
  struct stat status {};
  if (fd_.valid() && lstat(path_.c_str(), &status) == 0 && status.st_dev == device_ &&
      status.st_ino == inode_) {
    unlink(path_.c_str());
  }
}

Descriptor UnixListener::accept() const noexcept {
  return Descriptor(accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
}

Result<gid_t> admit_group(const std::string& path, const std::string& name) {
  std::array<char, kGroupBuffer> buffer{};
  group entry{};
  group* found = nullptr;
  getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (found == nullptr) {
    return Error{Kind::InvalidInput, "there is no group \"" + printable(name) + "\""};
  }
  if (chown(path.c_str(), static_cast<uid_t>(-1), found->gr_gid) != 0 ||
      chmod(path.c_str(), 0660) != 0) {
    return system_error("cannot give " + path + " to group " + name, errno);
  }
  return found->gr_gid;
}

Result<PeerCredentials> find_peer_credentials(int fd) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
    return system_error("SO_PEERCRED", errno);
  }
  return PeerCredentials{credentials.uid, credentials.gid, credentials.pid};
}

// A connection is made at once or, with a full backlog, when the listener accepts another one:
// that cannot be polled for, but a blocking connect(2) keeps to SO_SNDTIMEO.
Result<Descriptor> connect_unix(const std::string& path, SteadyTime deadline, int stop) {
  const auto address = address_of(path);
  if (!address) {
    return address.error();
  }
  auto fd = make_socket(0);
  if (!fd) {
    return fd.error();
  }
  const SystemClock clock;
  for (;;) {
    const Micros left = std::clamp(deadline - clock.steady_now(), Micros{1}, kConnectSlice);
    const timeval slice{0, left.count()};
    setsockopt(fd->get(), SOL_SOCKET, SO_SNDTIMEO, &slice, sizeof slice);
    if (connect_to(fd->get(), *address) == 0) {
      if (fcntl(fd->get(), F_SETFL, O_NONBLOCK) != 0) {
        return system_error(path, errno);
      }
      return fd;
    }
    if (errno != EAGAIN && errno != EINTR) {
      Error error = system_error(path, errno);
      // No file is nobody who listens, too.
      error.kind = error.kind == Kind::Denied ? Kind::Denied : Kind::Unavailable;
      return error;
    }
    pollfd stopping{stop, POLLIN, 0};
    if (poll(&stopping, 1, 0) > 0) {
      return told_to_stop();
    }
    if (clock.steady_now() >= deadline) {
      return Error{Kind::Timeout, path + ": too busy to connect"};
    }
  }
}

}  // namespace rampart::base
