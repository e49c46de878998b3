#include "source.h"

#include <algorithm>

#include <fmt/format.h>

#include "rampart/base/text.h"

namespace rampart::tidy {
namespace {

// Where the literal or comment that begins at `at` ends; `at` itself if none begins there.
struct Part {
  std::size_t end = 0;
  bool comment = false;
  std::size_t mark = 0;  ///< length of what opens it
};

Part find_part(std::string_view text, std::size_t at) {
  const auto until = [&](std::string_view what, std::size_t from) {
    const std::size_t end = text.find(what, from);
    return end == std::string_view::npos ? text.size() : end;
  };
  const std::string_view rest = text.substr(at);
  if (rest.starts_with("//")) {
    return {until("\n", at), true, 2};
  }
  if (rest.starts_with("/*")) {
    return {std::min(until("*/", at + 2) + 2, text.size()), true, 2};
  }
  if (rest.starts_with("R\"") && (at == 0 || !is_word(text[at - 1]))) {
    const std::size_t open = until("(", at);
    const std::string close = fmt::format("){}\"", text.substr(at + 2, open - at - 2));
    return {std::min(until(close, open) + close.size(), text.size()), false, open - at};
  }
  const char quote = text[at];
  // 1'000 and u8'x' differ in what precedes; a prefix of a character is not used here.
  if (quote != '"' && (quote != '\'' || (at > 0 && is_word(text[at - 1])))) {
    return {at, false, 0};
  }
  std::size_t end = at + 1;
  while (end < text.size() && text[end] != quote && text[end] != '\n') {
    end += text[end] == '\\' ? std::size_t{2} : std::size_t{1};
  }
  return {std::min(end + 1, text.size()), false, 1};
}

}  // namespace

bool is_word(char c) noexcept {
  return base::is_alnum(c) || c == '_';
}

Source make_source(std::string path, std::string text) {
  Source source{std::move(path), std::move(text), {}, {}};
  source.code = source.text;
  source.comments.assign(source.text.size(), ' ');
  for (std::size_t at = 0; at < source.text.size(); ++at) {
    if (source.text[at] == '\n') {
      source.comments[at] = '\n';
    }
  }
  for (std::size_t at = 0; at < source.text.size();) {
    const Part part = find_part(source.text, at);
    if (part.end == at) {
      ++at;
      continue;
    }
    for (std::size_t i = at; i < part.end; ++i) {
      if (source.text[i] == '\n') {
        continue;
      }
      if (part.comment) {
        source.code[i] = ' ';
        source.comments[i] = source.text[i];
      } else if (i >= at + part.mark && i + 1 < part.end) {
        source.code[i] = kLiteral;
      }
    }
    at = part.end;
  }
  return source;
}

std::string to_string(const Finding& finding) {
  return fmt::format("{}:{}: {}", finding.path, finding.line, finding.what);
}

std::size_t line_of(std::string_view text, std::size_t offset) {
  return 1 + static_cast<std::size_t>(std::count(
                 text.begin(), text.begin() + static_cast<std::ptrdiff_t>(offset), '\n'));
}

std::string_view room_of(std::string_view path) {
  for (const std::string_view top : {"src/", "include/"}) {
    if (path.starts_with(top)) {
      path.remove_prefix(top.size());
      const std::size_t end = path.find('/');
      return end == std::string_view::npos ? std::string_view{} : path.substr(0, end);
    }
  }
  return {};
}

}  // namespace rampart::tidy
