#include "collector.h"

#include <algorithm>
#include <utility>

#include "rampart/base/text.h"

namespace rampart::milter {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

std::string_view without_leading_blanks(std::string_view text) noexcept {
  const auto* const begin = std::find_if_not(text.begin(), text.end(), base::is_blank);
  text.remove_prefix(static_cast<std::size_t>(begin - text.begin()));
  return text;
}

}  // namespace

void Collector::add_header(std::string_view name, std::string_view value) {
  append(name);
  append(": ");
  value = without_leading_blanks(value);
  while (!value.empty() && !is_full()) {
    const std::size_t end = std::min(value.find('\n'), value.size());
    std::string_view line = value.substr(0, end);
    if (line.ends_with('\r')) {
      line.remove_suffix(1);
    }
    append(line);
    value.remove_prefix(std::min(end + 1, value.size()));
    if (!value.empty()) {
      append(kLineEnd);
      // Whatever the value has in it, it stays one field.
      append(base::is_blank(value.front()) ? "" : " ");
    }
  }
  append(kLineEnd);
}

void Collector::add_body(std::string_view chunk) {
  end_header();
  append(chunk);
}

std::string Collector::take() {
  end_header();
  std::string whole = std::move(bytes_);
  clear();
  return whole;
}

void Collector::clear() noexcept {
  bytes_ = {};
  in_body_ = false;
}

void Collector::append(std::string_view bytes) {
  bytes_.append(bytes.substr(0, kMessageBytesMax - std::min(bytes_.size(), kMessageBytesMax)));
}

void Collector::end_header() {
  if (!std::exchange(in_body_, true)) {
    append(kLineEnd);
  }
}

}  // namespace rampart::milter
