#include "rampart/report/line_reader.h"

#include <algorithm>

#include "rampart/report/postfix.h"
#include "rampart/report/sendmail.h"

#include "frame.h"

namespace rampart::report {
namespace {

constexpr std::size_t kTagsMax = 16;

}  // namespace

std::string_view to_string(Format format) noexcept {
  switch (format) {
    case Format::Auto:
      return "auto";
    case Format::Postfix:
      return "postfix";
    case Format::Sendmail:
      return "sendmail";
  }
  return "";
}

std::optional<Format> parse_format(std::string_view text) noexcept {
  for (const Format format : {Format::Auto, Format::Postfix, Format::Sendmail}) {
    if (text == to_string(format)) {
      return format;
    }
  }
  return std::nullopt;
}

// Postfix's names have a slash, but for "postfix" itself; Sendmail's never do.
bool LineReader::is_for_postfix(std::string_view program) const noexcept {
  if (format_ != Format::Auto) {
    return format_ == Format::Postfix;
  }
  return program.find('/') != std::string_view::npos || program.starts_with("postfix");
}

void LineReader::read_line(std::string_view line, StampReader& stamps, std::vector<LogLine>& out) {
  LogLine foreign;
  const auto frame = parse_frame(line, stamps, foreign.time);
  if (!frame) {
    out.push_back(std::move(foreign));
    return;
  }
  const std::size_t first = out.size();
  read_entry(frame->program, frame->message, out);
  for (std::size_t i = first; i < out.size(); ++i) {
    out[i].time = foreign.time;
    if (!std::holds_alternative<Foreign>(out[i].event)) {
      out[i].host = frame->host;
      out[i].pid = frame->pid;
    }
  }
}

void LineReader::read_entry(std::string_view program,
                            std::string_view message,
                            std::vector<LogLine>& out) {
  if (is_for_postfix(program)) {
    out.push_back(parse_entry(program, message));
    return;
  }
  const std::size_t first = out.size();
  read_sendmail_entry(trim_line(message), is_sendmail(program), out);
  if (!std::holds_alternative<Foreign>(out[first].event)) {
    remember(program);
  }
}

bool LineReader::is_sendmail(std::string_view program) const noexcept {
  return is_sendmail_program(program) ||
         std::find(tags_.begin(), tags_.end(), program) != tags_.end();
}

void LineReader::remember(std::string_view program) {
  if (!is_sendmail(program) && tags_.size() < kTagsMax) {
    tags_.emplace_back(trim_name(program));
  }
}

}  // namespace rampart::report
