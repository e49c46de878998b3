#include "sendmail_tools.h"

#include <cerrno>

#include <fcntl.h>

#include "rampart/base/file.h"
#include "rampart/base/program.h"
#include "rampart/base/text.h"

#include "marks.h"
#include "sendmail_queue.h"
#include "words.h"

namespace rampart::release {
namespace {

using base::Error;

constexpr std::string_view kRemoved = ": Removed quarantine of ";
constexpr const char* kConfiguration = "/etc/mail/sendmail.cf";
constexpr std::size_t kFileBytesMax = std::size_t{16} << 20;

// @return at most kFileBytesMax of it; NotFound if there is no such file
base::Result<std::string> read_file(const std::string& path, int flags = 0) {
  const base::Descriptor fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | flags));
  if (!fd.valid()) {
    return base::system_error(path, errno);
  }
  return base::read_at_most(fd.get(), path, kFileBytesMax);
}

}  // namespace

std::set<std::string> parse_unquarantined(std::string_view sendmail_output) {
  std::set<std::string> released;
  for (const std::string_view line : base::split(sendmail_output, '\n')) {
    // The reason that follows is a milter's: only what stands before it counts.
    const std::size_t end = line.find(':');
    if (end == std::string_view::npos || !line.substr(end).starts_with(kRemoved)) {
      continue;
    }
    if (const auto id = mail::parse_queue_id(line.substr(0, end))) {
      released.insert(id->text());
    }
  }
  return released;
}

std::vector<std::string> SendmailTools::command(std::vector<std::string> words,
                                                const Ids& ids) const {
  std::vector<std::string> all{options_.sendmail};
  if (!options_.sendmail_cf.empty()) {
    all.insert(all.end(), {"-C", options_.sendmail_cf});
  }
  all.insert(all.end(), words.begin(), words.end());
  for (const mail::QueueId& id : ids) {
    all.push_back("-qI" + id.text());
  }
  return all;
}

// Read each time: queue directories may be added.
base::Result<std::vector<std::string>> SendmailTools::directories() const {
  const std::string path = options_.sendmail_cf.empty() ? kConfiguration : options_.sendmail_cf;
  const auto configuration = read_file(path);
  if (!configuration) {
    return Error{Error::Kind::Unavailable, configuration.error().what};
  }
  auto directories = find_queue_directories(parse_queue_directories(*configuration));
  if (!directories) {
    return directories.error();
  }
  if (directories->empty()) {
    return Error{Error::Kind::Unavailable, path + " names no queue directory that there is"};
  }
  return directories;
}

// What arrives first: it may be quarantined while that is read.
base::Result<std::set<std::string>> SendmailTools::held() const {
  const auto where = directories();
  if (!where) {
    return where.error();
  }
  std::set<std::string> ids;
  for (const auto& list : {list_arriving, list_quarantined}) {
    const auto listed = list(*where);
    if (!listed) {
      return listed.error();
    }
    for (const mail::QueueId& id : *listed) {
      ids.insert(id.text());
    }
  }
  return ids;
}

base::Result<MtaTools::Found> SendmailTools::look(const mail::QueueId& id) const {
  const auto where = directories();
  if (!where) {
    return where.error();
  }
  const auto arriving = is_arriving(*where, id);
  if (!arriving) {
    return arriving.error();
  }
  if (*arriving) {
    return Found{Found::Place::Arriving, {}};
  }
  const auto path = find_queue_file(*where, "hf", id);
  if (!path) {
    return path.error();
  }
  if (path->empty()) {
    return Found{};
  }
  const auto file = read_file(*path, O_NOFOLLOW);
  if (!file) {
    return file.error().kind == Error::Kind::NotFound ? base::Result<Found>(Found{}) : file.error();
  }
  return Found{Found::Place::Held, find_marks_in_queue_file(*file)};
}

base::Result<MtaTools::Said> SendmailTools::release(const Ids& ids) const {
  const auto result = base::run_program(command({"-v", "-Q", "-qQ"}, ids), {}, kProgramTime);
  if (!result) {
    return result.error();
  }
  Said said{parse_unquarantined(result->output), {}};
  if (result->exit_code != 0 || said.done.size() < ids.size()) {
    said.complaint = complaint_of(*result);
  }
  return said;
}

std::set<std::string> SendmailTools::flush(const Ids& ids) const {
  std::set<std::string> failed;
  const auto result =
      options_.may_deliver
          ? base::run_program(command({}, ids), {}, kProgramTime)
          : base::Result<base::ProgramResult>(Error{Error::Kind::Unsupported, "not wanted"});
  if (!result || result->exit_code != 0) {
    for (const mail::QueueId& id : ids) {
      failed.insert(id.text());
    }
  }
  return failed;
}

base::Result<MtaTools::Said> SendmailTools::remove(const Ids& ids) const {
  const auto where = directories();
  if (!where) {
    return where.error();
  }
  Said said;
  for (const mail::QueueId& id : ids) {
    if (const auto deleted = delete_quarantined(*where, id)) {
      said.done.insert(id.text());
    } else if (deleted.error().kind != Error::Kind::NotFound) {
      said.complaint = deleted.error().what;
    }
  }
  return said;
}

}  // namespace rampart::release
