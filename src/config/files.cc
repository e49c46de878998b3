#include "files.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rampart/base/text.h"
#include "rampart/mail/domain.h"

namespace rampart::config {
namespace {

constexpr unsigned kPermissionBits = 07777;
constexpr std::size_t kChunkBytes = 65536;
constexpr std::size_t kHostNameBytesMax = 256;  // HOST_NAME_MAX is 64 on Linux

class Descriptor {
 public:
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) {
      close(fd_);
    }
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const noexcept { return fd_; }

 private:
  int fd_;
};

base::Error last_error() {
  const int number = errno;
  const auto kind = number == ENOENT || number == ENOTDIR ? base::Error::Kind::NotFound
                    : number == EACCES || number == EPERM ? base::Error::Kind::Denied
                                                          : base::Error::Kind::Unavailable;
  return {kind, std::generic_category().message(number)};
}

// Looks at the open file, not at the name: the two could be exchanged in between.
base::Result<> check_open(int fd, Trust trust) {
  struct stat status {};
  if (fd < 0 || fstat(fd, &status) != 0) {
    return last_error();
  }
  if (!S_ISREG(status.st_mode)) {
    return base::Error{base::Error::Kind::InvalidInput, "not a plain file"};
  }
  std::string problem = find_trust_problem(status.st_mode & kPermissionBits, status.st_uid,
                                           status.st_gid, geteuid(), trust);
  if (!problem.empty()) {
    return base::Error{base::Error::Kind::Denied, std::move(problem)};
  }
  return base::Ok{};
}

int open_for_reading(const std::string& path) {
  return open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

}  // namespace

std::string find_trust_problem(
    unsigned mode, unsigned owner, unsigned group, unsigned self, Trust trust) {
  if ((mode & S_IWOTH) != 0) {
    return fmt::format("mode {:04o}: everyone may write to it; chmod o-w it", mode);
  }
  if (trust == Trust::Any) {
    return "";
  }
  if ((mode & S_IWGRP) != 0 && group != 0) {
    return fmt::format("mode {:04o}: group {} may write to it; chmod g-w it", mode, group);
  }
  if (owner != 0 && owner != self) {
    return fmt::format("owned by user {}: must be owned by root or by the user rampart runs as",
                       owner);
  }
  return "";
}

base::Result<std::string> RealFiles::read(const std::string& path, Trust trust) const {
  const Descriptor file(open_for_reading(path));
  if (const auto good = check_open(file.get(), trust); !good) {
    return good.error();
  }
  std::string text;
  for (;;) {
    const std::size_t size = text.size();
    text.resize(size + kChunkBytes);
    const ssize_t count = ::read(file.get(), text.data() + size, kChunkBytes);
    if (count < 0 && errno != EINTR) {
      return last_error();
    }
    text.resize(size + static_cast<std::size_t>(count < 0 ? 0 : count));
    if (text.size() > kFileBytesMax) {
      return base::Error{base::Error::Kind::InvalidInput, "larger than 16 MiB"};
    }
    if (count == 0) {
      return text;
    }
  }
}

base::Result<> RealFiles::probe(const std::string& path, Trust trust) const {
  const Descriptor file(open_for_reading(path));
  return check_open(file.get(), trust);
}

std::vector<std::string> RealFiles::table_directories() const {
  std::vector<std::string> directories;
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (!error) {
    directories.push_back((program.parent_path().parent_path() / "share" / "rampart").string());
  }
  const std::string usual = "/usr/share/rampart";
  if (directories.empty() || directories.front() != usual) {
    directories.push_back(usual);
  }
  return directories;
}

std::vector<std::string> find_host_names(std::string_view name, std::string_view hosts) {
  const std::string own = base::to_lower(name);
  std::vector<std::string> names;
  if (own.empty()) {
    return names;
  }
  names.push_back(own);
  for (const std::string_view line : base::split(hosts, '\n')) {
    std::string words = base::to_lower(line.substr(0, line.find('#')));
    std::replace(words.begin(), words.end(), '\t', ' ');
    const auto all = base::split(base::trim(words), ' ');
    if (std::find(all.begin(), all.end(), own) == all.end()) {
      continue;
    }
    for (const std::string_view word : all) {
      const bool is_new = std::find(names.begin(), names.end(), word) == names.end();
      if (is_new && word.size() > own.size() + 1 && word.starts_with(own + '.') &&
          mail::parse_domain(word)) {
        names.emplace_back(word);
      }
    }
  }
  return names;
}

std::vector<std::string> RealFiles::host_names() const {
  std::array<char, kHostNameBytesMax> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) {
    return {};
  }
  const auto hosts = read("/etc/hosts", Trust::Any);
  return find_host_names(name.data(), hosts ? *hosts : std::string());
}

}  // namespace rampart::config
