#include "sendmail_tools.h"

#include <optional>

#include "rampart/base/program.h"
#include "rampart/base/text.h"

namespace rampart::cli {
namespace {

using base::Error;

constexpr std::string_view kRemoved = ": Removed quarantine of ";

// In mailq a queue ID stands at the start of a line, followed by a mark ("*": being worked on, "X":
// the load is too high) or none: "6AL66EgP000025*       6 Sat Nov 21 06:06 <news@a.example>". It
// ends in a process ID, which no heading does.
std::optional<mail::QueueId> queue_id_at_start(std::string_view line) {
  std::string_view word = line.substr(0, line.find_first_of(" \t\r"));
  while (!word.empty() && !base::is_digit(word.back())) {
    word.remove_suffix(1);
  }
  return mail::parse_queue_id(word);
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

std::set<std::string> parse_mailq(std::string_view sendmail_output) {
  std::set<std::string> ids;
  for (const std::string_view line : base::split(sendmail_output, '\n')) {
    if (const auto id = queue_id_at_start(line)) {
      ids.insert(id->text());
    }
  }
  return ids;
}

std::vector<std::string> SendmailTools::command(std::vector<std::string> words,
                                                const Ids& ids) const {
  std::vector<std::string> all{arguments_.sendmail};
  if (!arguments_.sendmail_cf.empty()) {
    all.insert(all.end(), {"-C", arguments_.sendmail_cf});
  }
  all.insert(all.end(), words.begin(), words.end());
  for (const mail::QueueId& id : ids) {
    all.push_back("-qI" + id.text());
  }
  return all;
}

base::Result<MtaTools::Release> SendmailTools::release(const Ids& ids) const {
  const auto result = base::run_program(command({"-v", "-Q", "-qQ"}, ids), {});
  if (!result) {
    return result.error();
  }
  Release release{parse_unquarantined(result->output), {}};
  if (result->exit_code != 0 || release.released.size() < ids.size()) {
    release.complaint = std::string(base::trim(result->errors));
  }
  return release;
}

std::set<std::string> SendmailTools::flush(const Ids& ids) const {
  const auto result = base::run_program(command({}, ids), {});
  std::set<std::string> failed;
  if (!result || result->exit_code != 0) {
    for (const mail::QueueId& id : ids) {
      failed.insert(id.text());
    }
  }
  return failed;
}

base::Result<std::map<std::string, std::string>> SendmailTools::queue(const Ids& ids) const {
  struct Part {
    const char* name;
    std::vector<std::string> words;
  };
  std::map<std::string, std::string> queues;
  for (const Part& part : {Part{"hold", {"-bp", "-qQ"}}, Part{"deferred", {"-bp"}}}) {
    const auto result = base::run_program(command(part.words, ids), {});
    if (!result) {
      return result.error();
    }
    if (result->exit_code != 0) {
      return Error{Error::Kind::Unavailable,
                   "sendmail -bp: " + base::printable(base::trim(result->errors), 512)};
    }
    for (const std::string& id : parse_mailq(result->output)) {
      queues.emplace(id, part.name);
    }
  }
  return queues;
}

}  // namespace rampart::cli
