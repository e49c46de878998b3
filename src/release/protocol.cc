#include "rampart/release/protocol.h"

#include <algorithm>
#include <array>
#include <utility>

#include "rampart/base/text.h"

namespace rampart::release {
namespace {

using base::Error;

constexpr std::size_t kTextBytesMax = 300;
constexpr std::size_t kHeadBytesMax = 64;
constexpr std::array<std::string_view, 3> kCommands{"list", "release", "delete"};
constexpr std::array<std::string_view, 6> kOutcomes{"released", "deleted",  "still_held",
                                                    "gone",     "not_ours", "unknown"};

template <class Enum, std::size_t N>
std::optional<Enum> find_name(const std::array<std::string_view, N>& names, std::string_view name) {
  const auto found = std::find(names.begin(), names.end(), name);
  return found == names.end() ? std::nullopt
                              : std::optional(static_cast<Enum>(found - names.begin()));
}

Error bad_request(std::string text) {
  return {Error::Kind::InvalidInput, std::move(text)};
}

Error bad_answer() {
  return {Error::Kind::Corrupt, "the releaser gave an answer that cannot be understood"};
}

// What is allowed on a line.
std::string safe(std::string_view text) {
  return base::printable(text, kTextBytesMax);
}

// The command and how many IDs follow.
base::Result<std::pair<Command, std::size_t>> parse_head(std::string_view head) {
  const auto words = base::split(head, ' ');
  if (words.size() != 4 || words[0] != "rampart") {
    return bad_request("this is no request");
  }
  if (words[1] != "1") {
    return bad_request("version " + base::printable(words[1], 16) + " is not known, but version 1");
  }
  const auto command = find_name<Command>(kCommands, words[2]);
  const auto count = base::parse_uint(words[3]);
  if (!command) {
    return bad_request("unknown command " + base::printable(words[2], 32));
  }
  if (!count || *count > kIdsMax) {
    return bad_request("at most " + std::to_string(kIdsMax) + " queue IDs at once");
  }
  if ((*command == Command::List) != (*count == 0)) {
    return bad_request("list takes no queue IDs, any other command at least one");
  }
  return std::pair(*command, static_cast<std::size_t>(*count));
}

// Lines behind "ok N", which are N.
base::Result<std::vector<std::string_view>> parse_lines(std::string_view bytes) {
  constexpr std::string_view kOk = "ok ";
  constexpr std::string_view kError = "error ";
  if (!bytes.ends_with('\n')) {
    return Error{Error::Kind::Unavailable, "the releaser closed the connection"};
  }
  bytes.remove_suffix(1);
  auto lines = base::split(bytes, '\n');
  if (lines[0].starts_with(kError) && lines.size() == 1) {
    return Error{Error::Kind::Unavailable, safe(lines[0].substr(kError.size()))};
  }
  const auto count = lines[0].starts_with(kOk) ? base::parse_uint(lines[0].substr(kOk.size()))
                                               : std::optional<std::uint64_t>{};
  lines.erase(lines.begin());
  if (!count || *count != lines.size()) {
    return bad_answer();
  }
  return lines;
}

}  // namespace

std::string_view to_string(Command command) noexcept {
  return kCommands[static_cast<std::size_t>(command)];
}

std::string_view to_string(Outcome outcome) noexcept {
  return kOutcomes[static_cast<std::size_t>(outcome)];
}

std::string encode(const Request& request) {
  std::string text = "rampart 1 " + std::string(to_string(request.command)) + ' ' +
                     std::to_string(request.ids.size()) + '\n';
  for (const mail::QueueId& id : request.ids) {
    text += id.text() + '\n';
  }
  return text;
}

base::Result<std::optional<Request>> parse_request(std::string_view bytes) {
  const std::size_t end = bytes.find('\n');
  if (end == std::string_view::npos) {
    return bytes.size() < kHeadBytesMax
               ? base::Result<std::optional<Request>>(std::optional<Request>())
               : bad_request("this is no request");
  }
  const auto head = parse_head(bytes.substr(0, end));
  if (!head) {
    return head.error();
  }
  bytes.remove_prefix(end + 1);
  // Looked at when it is all there: a request that comes in small pieces costs no more.
  constexpr std::size_t kLineBytesMax = 21;
  const auto lines = static_cast<std::size_t>(std::count(bytes.begin(), bytes.end(), '\n'));
  if (lines < head->second && bytes.size() <= head->second * kLineBytesMax) {
    return std::optional<Request>();
  }
  Request request{head->first, {}};
  while (request.ids.size() < head->second) {
    const std::size_t size = bytes.find('\n');
    const std::string_view line = bytes.substr(0, size);
    const auto id = mail::parse_queue_id(line);
    if (!id || size == std::string_view::npos) {
      return bad_request('"' + base::printable(line, 64) + "\" is no queue ID");
    }
    if (std::find(request.ids.begin(), request.ids.end(), *id) != request.ids.end()) {
      return bad_request(id->text() + " is there twice");
    }
    request.ids.push_back(*id);
    bytes.remove_prefix(size + 1);
  }
  if (!bytes.empty()) {
    return bad_request("more queue IDs than announced");
  }
  return std::optional<Request>(std::move(request));
}

std::string encode_answers(const std::vector<Answer>& answers) {
  std::string text = "ok " + std::to_string(answers.size()) + '\n';
  for (const Answer& answer : answers) {
    text += answer.id.text() + ' ' + std::string(to_string(answer.outcome)) +
            (answer.text.empty() ? "" : ' ' + safe(answer.text)) + '\n';
  }
  return text;
}

std::string encode_list(const std::set<std::string>& ids) {
  std::string text = "ok " + std::to_string(ids.size()) + '\n';
  for (const std::string& id : ids) {
    text += id + '\n';
  }
  return text;
}

std::string encode_error(std::string_view text) {
  return "error " + safe(text) + '\n';
}

base::Result<std::vector<Answer>> parse_answers(std::string_view bytes,
                                                const std::vector<mail::QueueId>& asked) {
  const auto lines = parse_lines(bytes);
  if (!lines) {
    return lines.error();
  }
  if (lines->size() != asked.size()) {
    return bad_answer();
  }
  std::vector<Answer> answers;
  for (std::size_t i = 0; i < asked.size(); ++i) {
    const std::string_view line = (*lines)[i];
    const std::size_t first = line.find(' ');
    const std::size_t second = first == std::string_view::npos ? first : line.find(' ', first + 1);
    if (first == std::string_view::npos || line.substr(0, first) != asked[i].text()) {
      return bad_answer();
    }
    const auto outcome = find_name<Outcome>(
        kOutcomes,
        line.substr(first + 1, second == std::string_view::npos ? second : second - first - 1));
    if (!outcome) {
      return bad_answer();
    }
    answers.push_back({asked[i], *outcome,
                       second == std::string_view::npos ? "" : safe(line.substr(second + 1))});
  }
  return answers;
}

base::Result<std::set<std::string>> parse_list(std::string_view bytes) {
  const auto lines = parse_lines(bytes);
  if (!lines) {
    return lines.error();
  }
  std::set<std::string> ids;
  for (const std::string_view line : *lines) {
    if (!mail::parse_queue_id(line)) {
      return bad_answer();
    }
    ids.emplace(line);
  }
  return ids;
}

}  // namespace rampart::release
