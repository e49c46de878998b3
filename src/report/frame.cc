#include "frame.h"

#include "rampart/base/text.h"

#include "fields.h"

namespace rampart::report {
namespace {

constexpr std::size_t kLineBytesMax = 65536;
constexpr std::size_t kNameBytesMax = 255;

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

std::string_view trim_line(std::string_view line) noexcept {
  line = line.substr(0, kLineBytesMax);
  while (line.ends_with('\n') || line.ends_with('\r')) {
    line.remove_suffix(1);
  }
  return line;
}

std::string_view trim_name(std::string_view name) noexcept {
  return name.substr(0, kNameBytesMax);
}

std::optional<Frame> parse_frame(std::string_view line, StampReader& stamps, base::WallTime& time) {
  line = trim_line(line);
  const auto stamp = stamps.consume(line);
  if (!stamp) {
    return std::nullopt;
  }
  time = *stamp;
  Frame frame;
  const auto host = consume_until(line, " ");
  if (!host || host->empty()) {
    return std::nullopt;
  }
  const auto tag = consume_tag(line);
  if (!tag) {
    return std::nullopt;
  }
  frame.host = trim_name(*host);
  frame.program = tag->program;
  frame.pid = tag->pid;
  frame.message = line;
  return frame;
}

}  // namespace rampart::report
