#include "postfix_tools.h"

#include <cerrno>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>

#include "rampart/base/descriptor.h"
#include "rampart/base/program.h"
#include "rampart/base/text.h"

#include "marks.h"
#include "words.h"

namespace rampart::release {
namespace {

namespace fs = std::filesystem;
using base::Error;

constexpr std::size_t kDepthMax = 3;

// A complete queue file; an incomplete one is still being received.
bool is_complete(mode_t mode) noexcept {
  return (mode & S_IXUSR) != 0;
}

// Tries the file in a directory and in those below it that a hashed queue has, whose names are the
// digits of hexadecimal numbers. Whether the queue is hashed is not asked: it may change.
// @return NotFound if the directory is not there, a closed one if the file is not
base::Result<base::Descriptor> open_below(const std::string& directory,
                                          const std::string& name,
                                          std::size_t depth) {
  const base::Descriptor place(open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!place.valid()) {
    return errno == ENOENT || errno == ENOTDIR
               ? Error{Error::Kind::NotFound, directory + ": no such directory"}
               : base::system_error(directory, errno);
  }
  base::Descriptor fd(
      openat(place.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!fd.valid() && errno != ENOENT && errno != ELOOP) {
    return base::system_error(directory + '/' + name, errno);
  }
  for (const char digit : std::string_view(depth > 0 && !fd.valid() ? "0123456789ABCDEF" : "")) {
    auto below = open_below(directory + '/' + digit, name, depth - 1);
    if (!below && below.error().kind != Error::Kind::NotFound) {
      return below.error();
    }
    if (below && below->valid()) {
      return below;
    }
  }
  return fd;
}

// Adds the queue IDs of a directory and of those below it.
// @param arriving_only  only those of incomplete files
base::Result<> list(const std::string& directory, bool arriving_only, std::set<std::string>& ids) {
  std::error_code error;
  for (fs::recursive_directory_iterator at(directory, error), end; !error && at != end;
       at.increment(error)) {
    if (at.depth() >= static_cast<int>(kDepthMax)) {
      at.disable_recursion_pending();
    }
    std::error_code gone;
    const auto id = mail::parse_queue_id(at->path().filename().string());
    if (!id || !at->is_regular_file(gone)) {
      continue;
    }
    const bool complete =
        (at->status(gone).permissions() & fs::perms::owner_exec) != fs::perms::none;
    if (!arriving_only || (!gone && !complete)) {
      ids.insert(id->text());
    }
  }
  if (error) {
    return Error{Error::Kind::Unavailable, directory + ": " + error.message()};
  }
  return base::Ok{};
}

}  // namespace

std::set<std::string> parse_postsuper(std::string_view postsuper_errors, std::string_view what) {
  std::set<std::string> ids;
  for (std::string_view line : base::split(postsuper_errors, '\n')) {
    line = base::trim(line);
    if (!line.ends_with(what) || !line.substr(0, line.size() - what.size()).ends_with(": ")) {
      continue;
    }
    line.remove_suffix(what.size() + 2);
    const std::size_t blank = line.find_last_of(" \t");
    const auto id =
        mail::parse_queue_id(blank == std::string_view::npos ? line : line.substr(blank + 1));
    if (id) {
      ids.insert(id->text());
    }
  }
  return ids;
}

std::vector<std::string> PostfixTools::command(const std::string& program,
                                               std::vector<std::string> words) const {
  std::vector<std::string> all{program};
  if (!options_.mta_config.empty()) {
    all.insert(all.end(), {"-c", options_.mta_config});
  }
  all.insert(all.end(), words.begin(), words.end());
  return all;
}

base::Result<> PostfixTools::find_queues() const {
  const auto result =
      base::run_program(command(options_.postconf, {"-h", "queue_directory"}), {}, kProgramTime);
  if (!result) {
    return result.error();
  }
  const std::string_view directory = base::trim(base::split(result->output, '\n').front());
  if (result->exit_code != 0 || !directory.starts_with('/')) {
    return failed(options_.postconf, *result);
  }
  queues_ = directory;
  return base::Ok{};
}

// What arrives first: it may get into the hold queue while that is read.
base::Result<std::set<std::string>> PostfixTools::held() const {
  if (const auto found = find_queues(); !found) {
    return found.error();
  }
  std::set<std::string> ids;
  if (const auto arriving = list(queues_ + "/incoming", true, ids); !arriving) {
    return arriving.error();
  }
  if (const auto held = list(queues_ + "/hold", false, ids); !held) {
    return held.error();
  }
  return ids;
}

base::Result<MtaTools::Found> PostfixTools::look(const mail::QueueId& id) const {
  if (const auto found = queues_.empty() ? find_queues() : base::Ok{}; !found) {
    return found.error();
  }
  // Incoming first, as above.
  for (const char* queue : {"incoming", "hold"}) {
    const std::string directory = queues_ + '/' + queue;
    const auto opened = open_below(directory, id.text(), kDepthMax);
    if (!opened) {
      return Error{Error::Kind::Unavailable, opened.error().what};
    }
    const base::Descriptor& fd = *opened;
    if (!fd.valid()) {
      continue;
    }
    struct stat status {};
    if (fstat(fd.get(), &status) != 0) {
      return base::system_error(directory + '/' + id.text(), errno);
    }
    if (!S_ISREG(status.st_mode)) {
      continue;
    }
    if (!is_complete(status.st_mode)) {
      return Found{Found::Place::Arriving, {}};
    }
    if (queue == std::string_view("hold")) {
      const auto result =
          base::run_program(command(options_.postcat, {"-h"}), {}, kProgramTime, fd.get());
      if (!result) {
        return result.error();
      }
      if (result->exit_code != 0) {
        return failed(options_.postcat, *result);
      }
      return Found{Found::Place::Held, find_marks(result->output)};
    }
  }
  return Found{};
}

base::Result<MtaTools::Said> PostfixTools::tell_postsuper(std::vector<std::string> words,
                                                          const Ids& ids,
                                                          std::string_view what) const {
  std::string input;
  for (const mail::QueueId& id : ids) {
    input += id.text() + '\n';
  }
  const auto result =
      base::run_program(command(options_.postsuper, std::move(words)), input, kProgramTime);
  if (!result) {
    return result.error();
  }
  Said said{parse_postsuper(result->errors + '\n' + result->output, what), {}};
  if (result->exit_code != 0) {
    said.complaint = complaint_of(*result);
  }
  return said;
}

base::Result<MtaTools::Said> PostfixTools::release(const Ids& ids) const {
  return tell_postsuper({"-H", "-"}, ids, "released from hold");
}

base::Result<MtaTools::Said> PostfixTools::remove(const Ids& ids) const {
  return tell_postsuper({"-d", "-", "hold"}, ids, "removed");
}

std::set<std::string> PostfixTools::flush(const Ids& ids) const {
  std::set<std::string> failed;
  bool answers = true;  // else it need not be waited for once for each message
  for (const mail::QueueId& id : ids) {
    if (answers) {
      const auto result =
          base::run_program(command(options_.postqueue, {"-i", id.text()}), {}, kProgramTime);
      answers = result.has_value();
      if (answers && result->exit_code == 0) {
        continue;
      }
    }
    failed.insert(id.text());
  }
  return failed;
}

}  // namespace rampart::release
