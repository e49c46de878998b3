#include "files.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rampart/base/file.h"
#include "rampart/base/text.h"
#include "rampart/mail/domain.h"

namespace rampart::config {
namespace {

constexpr unsigned kPermissionBits = 07777;
constexpr std::size_t kHostNameBytesMax = 256;  // HOST_NAME_MAX is 64 on Linux

// Only a file that must not be believed is Denied: one that may not be read is as one on a bad
// disk.
base::Error last_error() {
  base::Error error = base::system_error("", errno);
  error.kind =
      error.kind == base::Error::Kind::Denied ? base::Error::Kind::Unavailable : error.kind;
  return error;
}

// Looks at the open file, not at the name: the two could be exchanged in between.
base::Result<base::Descriptor> open_trusted(const std::string& path, Trust trust) {
  base::Descriptor file = base::open_regular(path);
  struct stat status {};
  if (!file.valid() && errno == EINVAL) {
    return base::Error{base::Error::Kind::InvalidInput, "not a plain file"};
  }
  if (!file.valid() || fstat(file.get(), &status) != 0) {
    return last_error();
  }
  std::string problem = find_trust_problem(status.st_mode & kPermissionBits, status.st_uid,
                                           status.st_gid, geteuid(), trust);
  if (!problem.empty()) {
    return base::Error{base::Error::Kind::Denied, std::move(problem)};
  }
  return file;
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
  const auto file = open_trusted(path, trust);
  return file ? base::read_all(file->get(), "", kFileBytesMax) : file.error();
}

base::Result<> RealFiles::probe(const std::string& path, Trust trust) const {
  const auto file = open_trusted(path, trust);
  return file ? base::Result<>(base::Ok{}) : file.error();
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
