#include "rampart/base/file.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace rampart::base {
namespace {

constexpr std::size_t kReadBytes = 64UL * 1024UL;

// One more than there seems to be, so that the end shows without a second round.
std::size_t likely_size(int fd) noexcept {
  struct stat status {};
  const bool known = fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0;
  return known ? static_cast<std::size_t>(status.st_size) + 1 : kReadBytes;
}

Error too_large(std::string_view name, std::size_t bytes_max) {
  constexpr std::size_t kMiB = std::size_t{1} << 20;
  std::string text(name);
  text += name.empty() ? "larger than " : ": larger than ";
  text += bytes_max % kMiB == 0 ? std::to_string(bytes_max / kMiB) + " MiB"
                                : std::to_string(bytes_max) + " bytes";
  return {Error::Kind::InvalidInput, std::move(text)};
}

}  // namespace

Descriptor open_regular(const std::string& path) noexcept {
  Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat status {};
  if (!file.valid() || fstat(file.get(), &status) != 0) {
    return Descriptor();
  }
  if (!S_ISREG(status.st_mode)) {
    errno = EINVAL;
    return Descriptor();
  }
  return file;
}

std::string open_error_text(int error) {
  return error == EINVAL ? "not a regular file" : error_text(error);
}

Result<std::string> read_file(const std::string& path, std::size_t bytes_max) {
  const Descriptor file = open_regular(path);
  if (!file.valid()) {
    const int number = errno;
    return Error{system_error("", number).kind, path + ": " + open_error_text(number)};
  }
  return read_all(file.get(), path, bytes_max);
}

Result<std::string> read_all(int fd, std::string_view name, std::size_t bytes_max) {
  auto bytes = read_at_most(fd, name, bytes_max + 1);
  if (bytes && bytes->size() > bytes_max) {
    return too_large(name, bytes_max);
  }
  return bytes;
}

Result<std::string> read_at_most(int fd, std::string_view name, std::size_t bytes_max) {
  std::string bytes;
  std::size_t have = 0;
  for (std::size_t want = likely_size(fd); have < bytes_max; want = have + kReadBytes) {
    bytes.resize(std::min(std::max(want, 2 * have), bytes_max));
    while (have < bytes.size()) {
      const ssize_t size = read(fd, bytes.data() + have, bytes.size() - have);
      if (size < 0 && errno == EINTR) {
        continue;
      }
      if (size < 0) {
        return system_error(name, errno);
      }
      if (size == 0) {
        bytes.resize(have);
        return bytes;
      }
      have += static_cast<std::size_t>(size);
    }
  }
  return bytes;
}

Result<> write_all(int fd, std::string_view name, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t size = write(fd, bytes.data(), bytes.size());
    if (size < 0 && errno != EINTR) {
      return system_error(name, errno);
    }
    bytes.remove_prefix(size > 0 ? static_cast<std::size_t>(size) : 0);
  }
  return Ok{};
}

}  // namespace rampart::base
