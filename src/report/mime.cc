#include "mime.h"

#include <array>
#include <chrono>
#include <cstdint>

#include "rampart/base/text.h"
#include "rampart/report/message.h"

#include "fields.h"
#include "mime_decode.h"

namespace rampart::report {
namespace {

constexpr std::size_t kFieldsMax = 1000;

bool is_name_byte(char c) noexcept {
  return base::is_alnum(c) || c == '-' || c == '_';
}

// Adds a folded line to a value, with one blank between.
void append_folded(std::string& value, std::string_view line) {
  line = base::trim(line);
  if (value.size() + line.size() + 1 > kFieldBytesMax) {
    const std::size_t room = value.size() < kFieldBytesMax ? kFieldBytesMax - value.size() : 0;
    line = line.substr(0, room > 0 ? room - 1 : 0);
  }
  if (line.empty()) {
    return;
  }
  if (!value.empty()) {
    value += ' ';
  }
  value += line;
}

struct Splitter {
  Parts parts;

  void add(const Header& header, std::string_view body, std::size_t depth) {
    const std::string_view content_type = field(header, "Content-Type");
    std::string type = media_type(content_type);
    if (type.starts_with("multipart/") && depth < kMessageDepthMax) {
      const std::string boundary = parameter(content_type, "boundary");
      if (!boundary.empty() && add_children(boundary, body, depth + 1)) {
        return;
      }
    }
    if (parts.leaves.size() >= kMessagePartsMax) {
      parts.truncated = true;
      return;
    }
    if (type.starts_with("multipart/")) {
      parts.truncated = parts.truncated || depth >= kMessageDepthMax;
      type = "text/plain";
    }
    Part part;
    part.type = type.empty() ? "text/plain" : std::move(type);
    part.name = bounded(field(header, "Content-Description"));
    part.body = decode_transfer(field(header, "Content-Transfer-Encoding"), body);
    if (part.type.starts_with("text/")) {
      part.body = without_jis(part.body);
    }
    parts.leaves.push_back(std::move(part));
  }

  // False if the boundary does not occur.
  bool add_children(const std::string& boundary, std::string_view body, std::size_t depth) {
    const std::string mark = "--" + boundary;
    std::string_view rest = body;
    std::string_view inside;  // from the last boundary on
    bool open = false;
    bool found = false;
    while (!rest.empty()) {
      const std::string_view line_start = rest;
      const std::string_view line = take_line(rest);
      if (!line.starts_with(mark)) {
        continue;
      }
      const std::string_view behind = base::trim(line.substr(mark.size()));
      if (!behind.empty() && behind != "--") {
        continue;  // a longer boundary of another level
      }
      if (open) {
        add_child(inside.substr(0, inside.size() - line_start.size()), depth);
      }
      found = true;
      open = behind.empty();
      inside = rest;
    }
    if (open) {  // never closed
      add_child(inside, depth);
    }
    return found;
  }

  void add_child(std::string_view text, std::size_t depth) {
    const Header header = take_header(text);
    add(header, text, depth);
  }
};

}  // namespace

std::string with_line_feeds(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (bytes[i] != '\r') {
      text += bytes[i];
      continue;
    }
    std::size_t end = i;
    while (end + 1 < bytes.size() && bytes[end + 1] == '\r') {
      ++end;
    }
    if (end + 1 < bytes.size() && bytes[end + 1] == '\n') {
      i = end;  // the LF follows: "\r\r\n" is one line end too
    } else {
      text += '\n';
    }
  }
  return text;
}

std::string_view take_line(std::string_view& text) noexcept {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

bool is_field_line(std::string_view line) noexcept {
  std::size_t i = 0;
  while (i < line.size() && is_name_byte(line[i])) {
    ++i;
  }
  if (i == 0 || !base::is_alpha(line[0])) {
    return false;
  }
  while (i < line.size() && base::is_blank(line[i])) {
    ++i;
  }
  return i < line.size() && line[i] == ':';
}

Header take_header(std::string_view& text) {
  Header header;
  std::string_view rest = text;
  if (rest.starts_with("From ") || rest.starts_with(">From ")) {  // mbox
    take_line(rest);
  }
  text = rest;
  while (!rest.empty()) {
    const std::string_view line = take_line(rest);
    if (base::trim(line).empty()) {
      text = rest;
      return header;
    }
    if (base::is_blank(line[0])) {
      if (header.empty()) {
        return header;
      }
      append_folded(header.back().value, line);
    } else if (is_field_line(line)) {
      if (header.size() < kFieldsMax) {
        const std::size_t colon = line.find(':');
        HeaderField next;
        next.name = base::trim(line.substr(0, colon));
        append_folded(next.value, line.substr(colon + 1));
        header.push_back(std::move(next));
      }
    } else if (!line.starts_with(">From ")) {
      return header;
    }
    text = rest;
  }
  return header;
}

std::string_view field(const Header& header, std::string_view name) noexcept {
  for (const HeaderField& candidate : header) {
    if (base::equal_ignoring_case(candidate.name, name)) {
      return candidate.value;
    }
  }
  return {};
}

std::string media_type(std::string_view value) {
  const std::size_t end = value.find_first_of("; \t(");
  return base::to_lower(value.substr(0, end));
}

std::string parameter(std::string_view value, std::string_view name) {
  std::size_t at = value.find(';');
  while (at != std::string_view::npos) {
    value.remove_prefix(at + 1);
    std::string_view rest = base::trim(value);
    const std::size_t equals = rest.find('=');
    if (equals != std::string_view::npos &&
        base::equal_ignoring_case(base::trim(rest.substr(0, equals)), name)) {
      rest = base::trim(rest.substr(equals + 1));
      if (rest.starts_with('"')) {
        rest.remove_prefix(1);
        return std::string(rest.substr(0, rest.find('"')));
      }
      return std::string(rest.substr(0, rest.find_first_of("; \t(")));
    }
    at = value.find(';');
  }
  return {};
}

Parts split_parts(const Header& header, std::string_view body) {
  Splitter splitter;
  splitter.add(header, body, 0);
  return std::move(splitter.parts);
}

}  // namespace rampart::report
