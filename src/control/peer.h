// Who is at the other end of a unix socket, and whether they may give commands.
//
// Source: unix(7) SO_PEERCRED, socket(7) SO_PEERGROUPS.
// Threads: any function from any thread.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "rampart/base/result.h"

namespace rampart::control {

struct Peer {
  uid_t uid = 0;
  std::vector<gid_t> groups;  ///< primary first
  std::string user;           ///< name, or the number of a user without one
};

/// As of the time the peer connected.
base::Result<Peer> find_peer(int fd);

/// Root, `own`, and members of `group`.
bool may_command(const Peer& peer, uid_t own, std::optional<gid_t> group) noexcept;

}  // namespace rampart::control
