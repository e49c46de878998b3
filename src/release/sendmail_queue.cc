#include "sendmail_queue.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <system_error>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rampart/base/descriptor.h"
#include "rampart/base/text.h"
#include "rampart/base/time.h"

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

Error unreadable(const std::string& path, const std::string& why) {
  return {Error::Kind::Unavailable, path + ": " + why};
}

base::Result<std::vector<mail::QueueId>> list_files(const std::vector<std::string>& directories,
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
      // Few have the sub-directories.
      if (error && !(part == directory_of(kind) && error == std::errc::no_such_file_or_directory)) {
        return unreadable(directory + part, error.message());
      }
    }
  }
  return ids;
}

// A file that is there, with its state.
struct QueueFile {
  std::string path;
  struct stat status {};
};

// The file of a message: in the directory itself, or in its qf/ or df/.
base::Result<std::optional<QueueFile>> find_file(const std::vector<std::string>& directories,
                                                 const std::string& kind,
                                                 const mail::QueueId& id) {
  for (const std::string& directory : directories) {
    for (const char* part : {"/", directory_of(kind)}) {
      QueueFile file{directory + part + kind + id.text(), {}};
      if (lstat(file.path.c_str(), &file.status) != 0) {
        if (errno != ENOENT) {
          return unreadable(file.path, base::error_text(errno));
        }
      } else if (S_ISREG(file.status.st_mode)) {
        return std::optional(std::move(file));
      }
    }
  }
  return std::optional<QueueFile>{};
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

base::Result<std::vector<std::string>> find_queue_directories(
    const std::vector<std::string>& patterns) {
  std::vector<std::string> directories;
  for (const std::string& pattern : patterns) {
    if (!pattern.ends_with('*')) {
      add(pattern, directories);
      continue;
    }
    const std::size_t slash = pattern.rfind('/');
    const std::string prefix = pattern.substr(slash + 1, pattern.size() - slash - 2);
    const std::string parent = pattern.substr(0, slash + 1);
    std::error_code error;
    for (fs::directory_iterator at(parent, error), end; !error && at != end; at.increment(error)) {
      std::error_code failed;
      if (!at->path().filename().string().starts_with(prefix)) {
        continue;
      }
      if (at->is_directory(failed)) {
        add(at->path().string(), directories);
      } else if (failed && failed != std::errc::no_such_file_or_directory) {
        return unreadable(at->path().string(), failed.message());
      }
    }
    if (error) {
      return unreadable(parent, error.message());
    }
  }
  return directories;
}

base::Result<std::string> find_queue_file(const std::vector<std::string>& directories,
                                          const std::string& kind,
                                          const mail::QueueId& id) {
  const auto file = find_file(directories, kind, id);
  if (!file) {
    return file.error();
  }
  return *file ? (*file)->path : std::string();
}

base::Result<std::vector<mail::QueueId>> list_quarantined(
    const std::vector<std::string>& directories) {
  return list_files(directories, "hf");
}

base::Result<bool> is_arriving(const std::vector<std::string>& directories,
                               const mail::QueueId& id) {
  const auto text = find_file(directories, "df", id);
  if (!text) {
    return text.error();
  }
  if (!*text) {
    return false;
  }
  for (const char* kind : {"qf", "hf"}) {
    const auto file = find_file(directories, kind, id);
    if (!file) {
      return file.error();
    }
    if (*file) {
      return false;
    }
  }
  const base::WallTime written{std::chrono::seconds{(*text)->status.st_mtime}};
  return base::SystemClock().wall_now() - written < kArrivalTime;
}

base::Result<std::vector<mail::QueueId>> list_arriving(
    const std::vector<std::string>& directories) {
  const auto texts = list_files(directories, "df");
  if (!texts) {
    return texts.error();
  }
  std::vector<mail::QueueId> ids;
  for (const mail::QueueId& id : *texts) {
    const auto arriving = is_arriving(directories, id);
    if (!arriving) {
      return arriving.error();
    }
    if (*arriving) {
      ids.push_back(id);
    }
  }
  return ids;
}

base::Result<> delete_quarantined(const std::vector<std::string>& directories,
                                  const mail::QueueId& id) {
  const auto found = find_queue_file(directories, "hf", id);
  if (!found) {
    return found.error();
  }
  const std::string& path = *found;
  if (path.empty()) {
    return Error{Error::Kind::NotFound, "not quarantined"};
  }
  const base::Descriptor fd(open(path.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.valid()) {
    return base::system_error(path, errno);
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
    return base::system_error(path, errno);
  }
  const auto text = find_queue_file(directories, "df", id);
  if (text && !text->empty()) {
    unlink(text->c_str());  // what is left of a message that is no more harms nobody
  }
  return base::Ok{};
}

}  // namespace rampart::release
