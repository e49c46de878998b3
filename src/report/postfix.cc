#include "rampart/report/postfix.h"

#include <algorithm>
#include <utility>

#include "rampart/base/text.h"

#include "fields.h"
#include "shapes.h"

namespace rampart::report {
namespace {

constexpr std::size_t kLineBytesMax = 65536;
constexpr std::size_t kNameBytesMax = 255;

// "postfix/submission/smtpd"
struct Program {
  std::string_view instance;
  std::string_view service;
};

Program split_program(std::string_view name) noexcept {
  const std::size_t first = name.find('/');
  if (first == std::string_view::npos) {
    return {name, {}};
  }
  return {name.substr(0, first), name.substr(name.rfind('/') + 1)};
}

// "postfix" and names derived from it, as all instances have by default. An operator may choose any
// other name; so "cyrus/lmtp" may be Postfix or not, and is taken for it where it talks like it.
bool has_usual_name(const Program& program) noexcept {
  return program.instance.starts_with("postfix") &&
         (!program.service.empty() || program.instance == "postfix");
}

void read_entry(LogLine& line, std::string_view name, std::string_view message) {
  const Program program = split_program(name.substr(0, kNameBytesMax));
  const Family family = program.service.empty() ? Family::Quiet : find_family(program.service);
  const bool usual = has_usual_name(program);
  if (!usual && (program.service.empty() || program.instance.empty() || family == Family::Unknown ||
                 family == Family::Quiet)) {
    return;
  }
  mail::QueueId queue_id;
  if (auto id = consume_queue_id(message)) {
    queue_id = std::move(*id);
  }
  Event event = read_message(family, {program.service, &queue_id, message});
  if (!usual && std::holds_alternative<NotUnderstood>(event)) {
    return;
  }
  line.instance = program.instance;
  line.service = program.service;
  line.queue_id = std::move(queue_id);
  line.event = std::move(event);
}

// Takes "postfix/smtp[983]: " off the front.
struct Tag {
  std::string_view program;
  std::uint32_t pid = 0;
};

std::optional<Tag> consume_tag(std::string_view& line) noexcept {
  Tag tag;
  const std::size_t end = line.find_first_of("[: ");
  if (end == std::string_view::npos || end == 0 || line[end] == ' ') {
    return std::nullopt;
  }
  tag.program = line.substr(0, end);
  std::string_view rest = line.substr(end);
  if (consume(rest, "[")) {
    std::size_t length = 0;
    while (length < rest.size() && base::is_digit(rest[length])) {
      ++length;
    }
    const auto pid = base::parse_uint(rest.substr(0, length));
    if (!pid || *pid > UINT32_MAX) {
      return std::nullopt;
    }
    tag.pid = static_cast<std::uint32_t>(*pid);
    rest.remove_prefix(length);
    if (!consume(rest, "]")) {
      return std::nullopt;
    }
  }
  if (!consume(rest, ":")) {
    return std::nullopt;
  }
  consume(rest, " ");
  line = rest;
  return tag;
}

}  // namespace

LogLine parse_line(std::string_view line, StampReader& stamps) {
  LogLine result;
  line = line.substr(0, kLineBytesMax);
  while (line.ends_with('\n') || line.ends_with('\r')) {
    line.remove_suffix(1);
  }
  const auto time = stamps.consume(line);
  if (!time) {
    return result;
  }
  result.time = *time;
  const auto host = consume_until(line, " ");
  if (!host || host->empty()) {
    return result;
  }
  const auto tag = consume_tag(line);
  if (!tag) {
    return result;
  }
  read_entry(result, tag->program, line);
  if (!std::holds_alternative<Foreign>(result.event)) {
    result.host = host->substr(0, kNameBytesMax);
    result.pid = tag->pid;
  }
  return result;
}

LogLine parse_entry(std::string_view program, std::string_view message) {
  LogLine result;
  message = message.substr(0, kLineBytesMax);
  while (message.ends_with('\n') || message.ends_with('\r')) {
    message.remove_suffix(1);
  }
  read_entry(result, program, message);
  return result;
}

}  // namespace rampart::report
