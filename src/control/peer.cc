#include "peer.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <pwd.h>
#include <sys/socket.h>

#include "rampart/base/unix_socket.h"

namespace rampart::control {
namespace {

constexpr std::size_t kNameBuffer = 16 * 1024;

std::string name_of(uid_t uid) {
  std::array<char, kNameBuffer> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found);
  return found != nullptr ? std::string(found->pw_name) : std::to_string(uid);
}

// Kernels before 4.13 do not tell: then the primary group alone counts.
std::vector<gid_t> supplementary_groups(int fd) {
#ifdef SO_PEERGROUPS
  std::vector<gid_t> groups(64);
  for (;;) {
    auto size = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size) == 0) {
      groups.resize(size / sizeof(gid_t));
      return groups;
    }
    if (errno != ERANGE) {
      return {};
    }
    groups.resize(size / sizeof(gid_t));
  }
#else
  static_cast<void>(fd);
  return {};
#endif
}

}  // namespace

base::Result<Peer> find_peer(int fd) {
  const auto credentials = base::find_peer_credentials(fd);
  if (!credentials) {
    return credentials.error();
  }
  Peer peer;
  peer.uid = credentials->user;
  peer.groups = supplementary_groups(fd);
  peer.groups.insert(peer.groups.begin(), credentials->group);
  peer.user = name_of(peer.uid);
  return peer;
}

bool may_command(const Peer& peer, uid_t own, std::optional<gid_t> group) noexcept {
  return peer.uid == 0 || peer.uid == own ||
         (group && std::find(peer.groups.begin(), peer.groups.end(), *group) != peer.groups.end());
}

}  // namespace rampart::control
