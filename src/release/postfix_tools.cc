#include "postfix_tools.h"

#include <cerrno>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>

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

// Tries the file in a directory and in its hashed sub-directories, whose names are the digits of
// hexadecimal numbers.
Descriptor open_below(const std::string& directory, const std::string& name, std::size_t depth) {
  const std::string path = directory + '/' + name;
  Descriptor fd(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  for (const char digit : std::string_view(depth > 0 && !fd.is_open() ? "0123456789ABCDEF" : "")) {
    fd = open_below(directory + '/' + digit, name, depth - 1);
    if (fd.is_open()) {
      break;
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

base::Result<PostfixTools::Layout> PostfixTools::layout() const {
  if (layout_) {
    return *layout_;
  }
  const auto result = base::run_program(
      command(options_.postconf, {"-h", "queue_directory", "hash_queue_depth", "hash_queue_names"}),
      {}, kProgramTime);
  if (!result) {
    return result.error();
  }
  const auto lines = base::split(result->output, '\n');
  if (result->exit_code != 0 || lines.size() < 3 || !lines[0].starts_with('/')) {
    return failed(options_.postconf, *result);
  }
  const std::uint64_t depth = base::parse_uint(base::trim(lines[1])).value_or(kDepthMax + 1);
  if (depth > kDepthMax) {
    return failed(options_.postconf, *result);
  }
  Layout layout{std::string(base::trim(lines[0])), {}, static_cast<std::size_t>(depth)};
  for (const char* queue : {"hold", "incoming"}) {
    if (lines[2].find(queue) != std::string_view::npos) {
      layout.hashed.insert(queue);
    }
  }
  layout_ = layout;
  return layout;
}

Descriptor PostfixTools::open_in(const Layout& layout,
                                 const std::string& queue,
                                 const mail::QueueId& id) {
  return open_below(layout.directory + '/' + queue, id.text(),
                    layout.hashed.contains(queue) ? layout.depth : 0);
}

// What arrives first: it may get into the hold queue while that is read.
base::Result<std::set<std::string>> PostfixTools::held() const {
  const auto where = layout();
  if (!where) {
    return where.error();
  }
  std::set<std::string> ids;
  if (const auto arriving = list(where->directory + "/incoming", true, ids); !arriving) {
    return arriving.error();
  }
  if (const auto held = list(where->directory + "/hold", false, ids); !held) {
    return held.error();
  }
  return ids;
}

base::Result<MtaTools::Found> PostfixTools::look(const mail::QueueId& id) const {
  const auto where = layout();
  if (!where) {
    return where.error();
  }
  // Incoming first, as above.
  for (const char* queue : {"incoming", "hold"}) {
    const Descriptor fd = open_in(*where, queue, id);
    struct stat status {};
    if (!fd.is_open() || fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
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
