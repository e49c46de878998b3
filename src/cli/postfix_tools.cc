#include "postfix_tools.h"

#include "rampart/base/program.h"
#include "rampart/base/text.h"

#include "json.h"

namespace rampart::cli {
namespace {

using base::Error;

constexpr std::string_view kReleased = ": released from hold";

}  // namespace

std::set<std::string> parse_released(std::string_view postsuper_errors) {
  std::set<std::string> released;
  for (std::string_view line : base::split(postsuper_errors, '\n')) {
    line = base::trim(line);
    if (!line.ends_with(kReleased)) {
      continue;
    }
    line.remove_suffix(kReleased.size());
    const std::size_t blank = line.find_last_of(" \t");
    const auto id =
        mail::parse_queue_id(blank == std::string_view::npos ? line : line.substr(blank + 1));
    if (id) {
      released.insert(id->text());
    }
  }
  return released;
}

std::map<std::string, std::string> parse_queue(std::string_view postqueue_json) {
  std::map<std::string, std::string> queues;
  for (const std::string_view line : base::split(postqueue_json, '\n')) {
    const Json json = Json::parse(line, nullptr, false);
    if (json.is_object()) {
      queues[text_of(json, "queue_id")] = text_of(json, "queue_name");
    }
  }
  return queues;
}

std::vector<std::string> PostfixTools::command(const std::string& program,
                                               std::vector<std::string> words) const {
  std::vector<std::string> all{program};
  if (!arguments_.mta_config.empty()) {
    all.insert(all.end(), {"-c", arguments_.mta_config});
  }
  all.insert(all.end(), words.begin(), words.end());
  return all;
}

base::Result<MtaTools::Release> PostfixTools::release(const Ids& ids) const {
  std::string input;
  for (const mail::QueueId& id : ids) {
    input += id.text() + '\n';
  }
  const auto result = base::run_program(command(arguments_.postsuper, {"-H", "-"}), input);
  if (!result) {
    return result.error();
  }
  Release release{parse_released(result->errors + '\n' + result->output), {}};
  if (result->exit_code != 0) {
    release.complaint = std::string(base::trim(result->errors));
  }
  return release;
}

std::set<std::string> PostfixTools::flush(const Ids& ids) const {
  std::set<std::string> failed;
  for (const mail::QueueId& id : ids) {
    const auto result = base::run_program(command(arguments_.postqueue, {"-i", id.text()}), {});
    if (!result || result->exit_code != 0) {
      failed.insert(id.text());
    }
  }
  return failed;
}

base::Result<std::map<std::string, std::string>> PostfixTools::queue(const Ids& /*ids*/) const {
  const auto result = base::run_program(command(arguments_.postqueue, {"-j"}), {});
  if (!result) {
    return result.error();
  }
  if (result->exit_code != 0) {
    return Error{Error::Kind::Unavailable,
                 "postqueue -j: " + base::printable(base::trim(result->errors), 512)};
  }
  return parse_queue(result->output);
}

}  // namespace rampart::cli
