#include "lock_file.h"

#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rampart/base/text.h"

namespace rampart::store::sqlite {
namespace {

constexpr mode_t kMode = 0640;

// " (process 812)", as far as the holder has written it.
std::string holder(int fd) {
  std::array<char, 24> bytes{};
  const ssize_t size = pread(fd, bytes.data(), bytes.size(), 0);
  if (size <= 0) {
    return "";
  }
  const std::string_view text{bytes.data(), static_cast<std::size_t>(size)};
  const auto pid = base::parse_uint(base::trim(text));
  return pid ? " (process " + std::to_string(*pid) + ")" : "";
}

}  // namespace

base::Result<LockFile> LockFile::acquire(const std::string& path) {
  const std::string name = path + ".lock";
  const int fd = open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kMode);
  if (fd < 0) {
    const int code = errno;
    return base::Error{base::Error::Kind::Unavailable,
                       name + ": cannot open: " + std::generic_category().message(code)};
  }
  LockFile lock(fd);
  int result = 0;
  do {
    result = flock(fd, LOCK_EX | LOCK_NB);
  } while (result != 0 && errno == EINTR);
  if (result != 0) {
    const int code = errno;
    if (code == EWOULDBLOCK) {
      return base::Error{base::Error::Kind::Unavailable,
                         path + ": another rampart" + holder(fd) + " has this file open"};
    }
    return base::Error{base::Error::Kind::Unavailable,
                       name + ": cannot lock: " + std::generic_category().message(code)};
  }
  // Only for the message above: the lock holds whether this succeeds or not.
  const std::string pid = std::to_string(getpid()) + "\n";
  if (ftruncate(fd, 0) == 0) {
    static_cast<void>(pwrite(fd, pid.data(), pid.size(), 0) < 0);
  }
  return lock;
}

LockFile::~LockFile() {
  if (fd_ >= 0) {
    close(fd_);
  }
}

}  // namespace rampart::store::sqlite
