#include "rampart/report/postfix.h"

#include <utility>

#include "fields.h"
#include "frame.h"
#include "shapes.h"

namespace rampart::report {
namespace {

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
  const Program program = split_program(trim_name(name));
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

}  // namespace

LogLine parse_line(std::string_view line, StampReader& stamps) {
  LogLine result;
  const auto frame = parse_frame(line, stamps, result.time);
  if (!frame) {
    return result;
  }
  read_entry(result, frame->program, frame->message);
  if (!std::holds_alternative<Foreign>(result.event)) {
    result.host = frame->host;
    result.pid = frame->pid;
  }
  return result;
}

LogLine parse_entry(std::string_view program, std::string_view message) {
  LogLine result;
  read_entry(result, program, trim_line(message));
  return result;
}

}  // namespace rampart::report
