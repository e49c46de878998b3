#include "rampart/release/key_file.h"

#include <cerrno>
#include <cstdio>
#include <string_view>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rampart/base/file.h"
#include "rampart/base/random.h"

namespace rampart::release {
namespace {

using base::Error;

constexpr std::size_t kFileBytes = 65;

Error bad(const std::string& path, const std::string& why) {
  return {Error::Kind::Denied, "hold key " + path + " " + why};
}

Error key_failure(const std::string& path, int error) {
  return base::system_error("hold key " + path, error);
}

mail::HoldKey make_key() {
  mail::HoldKey key;
  base::fill_random(key.data(), sizeof key);
  return key;
}

// A whole file of its final content appears under the name, or none; never one over another.
base::Result<> make_file(const std::string& path) {
  const std::string part = path + ".new." + mail::to_string(make_key()).substr(0, 16);
  const base::Descriptor fd(open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd.valid()) {
    return base::system_error("cannot make the hold key: " + part, errno);
  }
  const bool linked = base::write_all(fd.get(), part, mail::to_string(make_key()) + '\n') &&
                      fsync(fd.get()) == 0 && link(part.c_str(), path.c_str()) == 0;
  const int error = errno;
  unlink(part.c_str());
  if (!linked && error != EEXIST) {
    return base::system_error("cannot make the hold key " + path, error);
  }
  const base::Descriptor directory(
      open(path.substr(0, path.rfind('/') + 1).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.valid()) {
    fsync(directory.get());
  }
  return base::Ok{};
}

}  // namespace

base::Result<KeyFile> read_hold_key(const std::string& path) {
  const base::Descriptor fd(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!fd.valid()) {
    return errno == ELOOP ? bad(path, "is a link") : key_failure(path, errno);
  }
  struct stat status {};
  if (fstat(fd.get(), &status) != 0) {
    return key_failure(path, errno);
  }
  if (!S_ISREG(status.st_mode)) {
    return bad(path, "is no regular file");
  }
  if ((status.st_mode & 077U) != 0) {
    return bad(path, "can be read by others: chmod 600 " + path);
  }
  const auto text = base::read_at_most(fd.get(), "hold key " + path, kFileBytes + 1);
  if (!text) {
    return text.error();
  }
  const auto key = text->ends_with('\n')
                       ? mail::parse_hold_key(std::string_view(*text).substr(0, text->size() - 1))
                       : std::nullopt;
  if (!key) {
    return Error{Error::Kind::Corrupt,
                 "hold key " + path +
                     " does not hold 64 hexadecimal digits: remove it and restart "
                     "rampart; mail that is held now can then be released by root alone"};
  }
  return KeyFile{*key, status.st_uid};
}

base::Result<mail::HoldKey> open_hold_key(const std::string& path) {
  auto file = read_hold_key(path);
  if (!file && file.error().kind == Error::Kind::NotFound) {
    if (const auto made = make_file(path); !made) {
      return made.error();
    }
    file = read_hold_key(path);
  }
  if (!file) {
    return file.error();
  }
  if (file->owner != geteuid()) {
    return bad(path, "belongs to another user than the service runs as");
  }
  return file->key;
}

}  // namespace rampart::release
