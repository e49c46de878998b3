#include "sendmail_queue.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "rampart/base/text.h"
#include "rampart/base/time.h"

#include "descriptor.h"

namespace rampart::release {
namespace {

namespace fs = std::filesystem;
using base::Error;

constexpr base::Micros kArrivalTime = std::chrono::hours{1};
constexpr std::string_view kQueueDirectory = "QueueDirectory=";

void add(std::string_view path, std::vector<std::string>& paths) {
  path = base::trim(path);
  while (path.size() > 1 && path.ends_with('/')) {
    path.remove_suffix(1);
  }
  if (path.starts_with('/') && std::find(paths.begin(), paths.end(), path) == paths.end()) {
    paths.emplace_back(path);
  }
}

// The sub-directory in which files of a kind are, if there are such.
const char* directory_of(const std::string& kind) noexcept {
  return kind == "df" ? "/df/" : "/qf/";
}

std::vector<mail::QueueId> list_files(const std::vector<std::string>& directories,
                                      const std::string& kind) {
  std::vector<mail::QueueId> ids;
  for (const std::string& directory : directories) {
    for (const char* part : {"/", directory_of(kind)}) {
      std::error_code error;
      for (fs::directory_iterator at(directory + part, error), end; !error && at != end;
           at.increment(error)) {
        const std::string name = at->path().filename().string();
        const auto id =
            name.starts_with(kind) ? mail::parse_queue_id(name.substr(kind.size())) : std::nullopt;
        if (id) {
          ids.push_back(*id);
        }
      }
    }
  }
  return ids;
}

bool is_file(const std::string& path) {
  struct stat status {};
  return lstat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

}  // namespace

std::vector<std::string> parse_queue_directories(std::string_view configuration) {
  std::vector<std::string> paths;
  for (const std::string_view line : base::split(configuration, '\n')) {
    if (line.starts_with("O ") &&
        base::equal_ignoring_case(base::trim(line.substr(2)).substr(0, kQueueDirectory.size()),
                                  kQueueDirectory)) {
      add(base::trim(line.substr(2)).substr(kQueueDirectory.size()), paths);
    } else if (line.starts_with('Q')) {  // Qgroup, P=/path, R=...
      for (const std::string_view field : base::split(line, ',')) {
        const std::string_view word = base::trim(field);
        const std::size_t equal = word.find('=');
        if (equal != std::string_view::npos && word.starts_with('P')) {
          add(word.substr(equal + 1), paths);
        }
      }
    }
  }
  return paths;
}

std::vector<std::string> find_queue_directories(const std::vector<std::string>& patterns) {
  std::vector<std::string> directories;
  for (const std::string& pattern : patterns) {
    if (!pattern.ends_with('*')) {
      add(pattern, directories);
      continue;
    }
    const std::size_t slash = pattern.rfind('/');
    const std::string prefix = pattern.substr(slash + 1, pattern.size() - slash - 2);
    std::error_code error;
    for (fs::directory_iterator at(pattern.substr(0, slash + 1), error), end; !error && at != end;
         at.increment(error)) {
      std::error_code gone;
      if (at->path().filename().string().starts_with(prefix) && at->is_directory(gone)) {
        add(at->path().string(), directories);
      }
    }
  }
  return directories;
}

std::string find_queue_file(const std::vector<std::string>& directories,
                            const std::string& kind,
                            const mail::QueueId& id) {
  for (const std::string& directory : directories) {
    for (const char* part : {"/", directory_of(kind)}) {
      std::string path = directory + part + kind + id.text();
      if (is_file(path)) {
        return path;
      }
    }
  }
  return {};
}

std::vector<mail::QueueId> list_quarantined(const std::vector<std::string>& directories) {
  return list_files(directories, "hf");
}

bool is_arriving(const std::vector<std::string>& directories, const mail::QueueId& id) {
  const std::string text = find_queue_file(directories, "df", id);
  struct stat status {};
  if (text.empty() || lstat(text.c_str(), &status) != 0 ||
      !find_queue_file(directories, "qf", id).empty() ||
      !find_queue_file(directories, "hf", id).empty()) {
    return false;
  }
  const base::WallTime written{std::chrono::seconds{status.st_mtime}};
  return base::SystemClock().wall_now() - written < kArrivalTime;
}

std::vector<mail::QueueId> list_arriving(const std::vector<std::string>& directories) {
  std::vector<mail::QueueId> ids = list_files(directories, "df");
  ids.erase(std::remove_if(ids.begin(), ids.end(),
                           [&](const mail::QueueId& id) { return !is_arriving(directories, id); }),
            ids.end());
  return ids;
}

base::Result<> delete_quarantined(const std::vector<std::string>& directories,
                                  const mail::QueueId& id) {
  const std::string path = find_queue_file(directories, "hf", id);
  const Descriptor fd(path.empty() ? -1 : open(path.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.is_open()) {
    return Error{path.empty() || errno == ENOENT ? Error::Kind::NotFound : Error::Kind::Unavailable,
                 path + ": " + error_text(errno)};
  }
  if (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    return Error{Error::Kind::Unavailable, "Sendmail is working on it"};
  }
  struct stat opened {};
  struct stat named {};
  if (fstat(fd.get(), &opened) != 0 || lstat(path.c_str(), &named) != 0 ||
      opened.st_ino != named.st_ino || opened.st_dev != named.st_dev) {
    return Error{Error::Kind::NotFound, "released just now"};
  }
  if (unlink(path.c_str()) != 0) {
    return Error{Error::Kind::Unavailable, path + ": " + error_text(errno)};
  }
  const std::string text = find_queue_file(directories, "df", id);
  if (!text.empty()) {
    unlink(text.c_str());  // what is left of a message that is no more harms nobody
  }
  return base::Ok{};
}

}  // namespace rampart::release
