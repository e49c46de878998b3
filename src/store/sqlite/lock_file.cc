#include "lock_file.h"

#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rampart/base/text.h"

namespace rampart::store::sqlite {
namespace {

constexpr mode_t kLockMode = 0640;

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
  base::Descriptor fd(open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kLockMode));
  if (!fd.valid()) {
    return base::Error{base::Error::Kind::Unavailable,
                       name + ": cannot open: " + base::error_text(errno)};
  }
  int result = 0;
  do {
    result = flock(fd.get(), LOCK_EX | LOCK_NB);
  } while (result != 0 && errno == EINTR);
  if (result != 0) {
    const int code = errno;
    return base::Error{base::Error::Kind::Unavailable,
                       code == EWOULDBLOCK
                           ? path + ": another rampart" + holder(fd.get()) + " has this file open"
                           : name + ": cannot lock: " + base::error_text(code)};
  }
  // Only for the message above: the lock holds whether this succeeds or not.
  const std::string pid = std::to_string(getpid()) + "\n";
  if (ftruncate(fd.get(), 0) == 0) {
    static_cast<void>(pwrite(fd.get(), pid.data(), pid.size(), 0) < 0);
  }
  return LockFile(std::move(fd));
}

}  // namespace rampart::store::sqlite
