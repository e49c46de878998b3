// Unix sockets: listening where nobody else listens, and connecting with a deadline.
//
// Source: unix(7), flock(2).
// Threads: a UnixListener belongs to one thread at a time; the functions may be called from any.
// Errors: name the path. Unavailable: somebody listens there already (for SocketPlace and
// UnixListener), nobody does (for connect_unix), or the system refuses; Denied: not permitted.
//
// A socket file outlives its process. One is taken for stale only if a connection is refused
// (ECONNREFUSED): a full backlog is a living listener, and one that we may not connect to may be.
// What is no socket is never removed. Two programs that start at once take turns by a lock on
// PATH.lock, which exists for that moment only.

#pragma once

#include <cstddef>
#include <string>

#include <sys/types.h>

#include "rampart/base/descriptor.h"
#include "rampart/base/result.h"
#include "rampart/base/time.h"

namespace rampart::base {

inline constexpr std::size_t kUnixPathBytesMax = 107;  ///< sun_path without its NUL

/// The right to make a socket at a path, as long as it lives; at first nothing is at the path. For
/// libraries that bind for themselves; everybody else opens a UnixListener.
class SocketPlace {
 public:
  /// Removes a stale socket. Waits at most 5 s for another program that claims the same place.
  static Result<SocketPlace> claim(const std::string& path);
  ~SocketPlace();
  SocketPlace(SocketPlace&&) noexcept = default;
  SocketPlace& operator=(SocketPlace&&) = delete;

 private:
  SocketPlace(std::string lock_path, Descriptor lock)
      : lock_path_(std::move(lock_path)), lock_(std::move(lock)) {}
  std::string lock_path_;
  Descriptor lock_;
};

/// A listening socket that removes its file at the end, unless another one has taken its place.
class UnixListener {
 public:
  /// Listens with mode 0600 from the beginning.
  static Result<UnixListener> open(const std::string& path, int backlog);
  ~UnixListener();
  UnixListener(UnixListener&&) noexcept = default;
  UnixListener& operator=(UnixListener&&) = delete;

  [[nodiscard]] int get() const noexcept { return fd_.get(); }
  /// @return the next connection, non-blocking, or invalid with errno telling why
  [[nodiscard]] Descriptor accept() const noexcept;

 private:
  UnixListener(std::string path, Descriptor fd, dev_t device, ino_t inode)
      : path_(std::move(path)), fd_(std::move(fd)), device_(device), inode_(inode) {}
  std::string path_;
  Descriptor fd_;
  dev_t device_;
  ino_t inode_;
};

/// Lets the members of a group connect as well: mode 0660.
/// @return the group; InvalidInput if there is none of that name
Result<gid_t> admit_group(const std::string& path, const std::string& name);

/// Who connected, as of that time.
struct PeerCredentials {
  uid_t user = 0;
  gid_t group = 0;
  pid_t process = 0;
};
Result<PeerCredentials> find_peer_credentials(int fd);

/// Connects; waits while the backlog is full.
/// @param stop  readable when the wait shall end at once; -1: none
/// @return a non-blocking socket, or Unavailable, Denied, Timeout
Result<Descriptor> connect_unix(const std::string& path, SteadyTime deadline, int stop = -1);

}  // namespace rampart::base
