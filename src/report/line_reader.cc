#include "rampart/report/line_reader.h"

#include "rampart/report/postfix.h"

namespace rampart::report {

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

void LineReader::read_line(std::string_view line, StampReader& stamps, std::vector<LogLine>& out) {
  LogLine read = parse_line(line, stamps);
  if (format_ == Format::Sendmail) {
    LogLine foreign;
    foreign.time = read.time;
    read = foreign;
  }
  out.push_back(std::move(read));
}

void LineReader::read_entry(std::string_view program,
                            std::string_view message,
                            std::vector<LogLine>& out) {
  out.push_back(format_ == Format::Sendmail ? LogLine{} : parse_entry(program, message));
}

}  // namespace rampart::report
