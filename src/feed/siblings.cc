#include "siblings.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <string_view>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rampart/base/file.h"
#include "rampart/base/hash.h"
#include "rampart/base/text.h"

namespace rampart::feed {
namespace {

namespace fs = std::filesystem;

constexpr base::HashKey kFingerprintKey{0x72616d706172742f, 0x66696e6765727072};
constexpr std::size_t kHeadSize = 1024;
constexpr int kNamesMax = 4096;

bool is_compressed(std::string_view name) {
  static constexpr std::array<std::string_view, 8> kEndings{".gz",  ".xz", ".bz2", ".zst",
                                                            ".lz4", ".Z",  ".zip", ".lzma"};
  return std::any_of(kEndings.begin(), kEndings.end(),
                     [&](std::string_view ending) { return name.ends_with(ending); });
}

// Numbers count upwards into the past; dates, which are longer, upwards into the present.
bool is_number(std::string_view suffix) {
  return !suffix.empty() && suffix.size() <= 5 &&
         std::all_of(suffix.begin(), suffix.end(), base::is_digit);
}
bool is_date(std::string_view suffix) {
  return suffix.size() >= 6 && base::is_digit(suffix.front()) && base::is_digit(suffix[3]);
}

void list_directory(const fs::path& directory,
                    const std::string& stem,
                    bool any_name,
                    std::vector<Sibling>& siblings) {
  std::error_code error;
  int names = 0;
  for (fs::directory_iterator entry(directory.empty() ? "." : directory, error), end;
       !error && entry != end && names < kNamesMax; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    const bool rotated = name.size() > stem.size() + 1 && name.starts_with(stem) &&
                         (name[stem.size()] == '.' || name[stem.size()] == '-');
    if ((!rotated && !any_name) || is_compressed(name)) {
      continue;
    }
    ++names;
    struct stat info {};
    if (::lstat(entry->path().c_str(), &info) == 0 && S_ISREG(info.st_mode)) {
      siblings.push_back({entry->path().string(),
                          rotated ? name.substr(stem.size() + 1) : std::string(), info.st_dev,
                          info.st_ino});
    }
  }
}

bool is_file_of(const Sibling& sibling, const Position& position) {
  const base::Descriptor file = base::open_regular(sibling.path);
  struct stat info {};
  return file.valid() && ::fstat(file.get(), &info) == 0 &&
         static_cast<std::uint64_t>(info.st_size) >= position.offset &&
         has_fingerprint(read_head(file.get()).value_or(""), position);
}

}  // namespace

std::optional<std::string> read_head(int descriptor) {
  std::string bytes(kHeadSize, '\0');
  std::size_t have = 0;
  while (have < bytes.size()) {
    const ssize_t got =
        ::pread(descriptor, bytes.data() + have, bytes.size() - have, static_cast<off_t>(have));
    if (got < 0 && errno != EINTR) {
      return std::nullopt;
    }
    if (got == 0) {
      break;
    }
    have += static_cast<std::size_t>(std::max<ssize_t>(got, 0));
  }
  bytes.resize(have);
  return bytes;
}

bool has_fingerprint(std::string_view head, const Position& position) {
  return position.fingerprint_size <= head.size() &&
         (position.fingerprint_size == 0 ||
          base::siphash(kFingerprintKey, head.substr(0, position.fingerprint_size)) ==
              position.fingerprint);
}

void set_fingerprint(std::string_view head, Position& position) {
  position.fingerprint_size = static_cast<std::uint32_t>(head.size());
  position.fingerprint = base::siphash(kFingerprintKey, head);
}

std::vector<Sibling> list_siblings(const std::string& path) {
  std::vector<Sibling> siblings;
  const fs::path link(path);
  list_directory(link.parent_path(), link.filename().string(), false, siblings);
  std::error_code error;
  if (fs::is_symlink(link, error)) {
    const fs::path target = fs::weakly_canonical(link, error);
    if (!error) {
      list_directory(target.parent_path(), target.filename().string(), true, siblings);
    }
  }
  return siblings;
}

std::optional<Sibling> find_rotated(const std::vector<Sibling>& siblings,
                                    const Position& position,
                                    std::uint64_t except_inode) {
  for (const Sibling& sibling : siblings) {
    if (sibling.inode == position.inode && sibling.device == position.device &&
        sibling.inode != except_inode && is_file_of(sibling, position)) {
      return sibling;
    }
  }
  if (position.fingerprint_size == 0) {
    return std::nullopt;
  }
  for (const Sibling& sibling : siblings) {
    if (sibling.inode != except_inode && is_file_of(sibling, position)) {
      return sibling;
    }
  }
  return std::nullopt;
}

std::vector<Sibling> newer_than(const std::vector<Sibling>& siblings, const Sibling& rotated) {
  const bool numbers = is_number(rotated.suffix);
  if (!numbers && !is_date(rotated.suffix)) {
    return {};
  }
  const auto older = [numbers](const Sibling& a, const Sibling& b) {
    return numbers ? base::parse_uint(a.suffix) > base::parse_uint(b.suffix) : a.suffix < b.suffix;
  };
  std::vector<Sibling> newer;
  for (const Sibling& sibling : siblings) {
    const bool same_kind = numbers ? is_number(sibling.suffix) : is_date(sibling.suffix);
    if (same_kind && older(rotated, sibling)) {
      newer.push_back(sibling);
    }
  }
  std::sort(newer.begin(), newer.end(), older);
  return newer;
}

}  // namespace rampart::feed
