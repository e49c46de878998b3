#include "findings.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "rampart/base/text.h"

namespace rampart::config {
namespace {

constexpr std::size_t kSourceLineBytesMax = 400;
constexpr std::string_view kErrorMark = ": error: ";

// The number after the last colon, which is cut off together with it.
std::size_t consume_last_number(std::string_view& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return 0;
  }
  const auto number = base::parse_uint(text.substr(colon + 1));
  if (!number) {
    return 0;
  }
  text = text.substr(0, colon);
  return static_cast<std::size_t>(*number);
}

}  // namespace

std::string to_string(const Problem& problem) {
  const std::string_view severity = problem.is_error ? "error" : "warning";
  const std::string file = base::printable(problem.file);
  if (problem.line == 0) {
    return file.empty() ? fmt::format("{}: {}", severity, problem.text)
                        : fmt::format("{}: {}: {}", file, severity, problem.text);
  }
  return fmt::format("{}:{}:{}: {}: {}", file, problem.line, problem.column, severity,
                     problem.text);
}

std::size_t Findings::add_file(std::string name, std::string text) {
  File file{std::move(name), std::move(text), {0}};
  for (std::size_t at = 0; (at = file.text.find('\n', at)) != std::string::npos;) {
    file.line_starts.push_back(++at);
  }
  files_.push_back(std::move(file));
  return files_.size() - 1;
}

void Findings::error(const Place& place, std::string_view key, std::string text) {
  add(place, true, key, std::move(text));
}

void Findings::warning(const Place& place, std::string_view key, std::string text) {
  add(place, false, key, std::move(text));
}

void Findings::add_lines(std::string_view lines, const Place& fallback) {
  for (const std::string_view line : base::split(lines, '\n')) {
    if (line.empty()) {
      continue;
    }
    const std::size_t mark = line.find(kErrorMark);
    if (mark == std::string_view::npos) {
      constexpr std::string_view kBare = "error: ";
      add(fallback, true, "",
          std::string(line.starts_with(kBare) ? line.substr(kBare.size()) : line));
      continue;
    }
    Place place = fallback;
    std::string_view where = line.substr(0, mark);
    place.column = consume_last_number(where);
    place.line = consume_last_number(where);
    const auto file = std::find_if(files_.begin(), files_.end(),
                                   [where](const File& known) { return known.name == where; });
    if (file == files_.end()) {
      add(fallback, true, "", std::string(line));
      continue;
    }
    place.file = static_cast<std::size_t>(file - files_.begin());
    add(place, true, "", std::string(line.substr(mark + kErrorMark.size())));
  }
}

std::vector<Problem> Findings::take() {
  const auto order = [](const Found& found) {
    return std::tuple(found.place.file, found.place.line, found.place.column);
  };
  std::stable_sort(found_.begin(), found_.end(),
                   [&](const Found& a, const Found& b) { return order(a) < order(b); });
  std::vector<Problem> problems;
  problems.reserve(found_.size());
  for (Found& found : found_) {
    problems.push_back(std::move(found.problem));
  }
  found_.clear();
  return problems;
}

void Findings::add(const Place& place, bool is_error, std::string_view key, std::string text) {
  has_error_ = has_error_ || is_error;
  Problem problem;
  problem.file = files_[place.file].name;
  problem.line = place.line;
  problem.column = place.column;
  problem.is_error = is_error;
  problem.key = base::printable(key);
  problem.text = base::printable(text);  // quoted names must not forge a line
  problem.source_line = source_line(place);
  found_.push_back({place, std::move(problem)});
}

std::string Findings::source_line(const Place& place) const {
  const File& file = files_[place.file];
  if (place.line == 0 || place.line > file.line_starts.size()) {
    return "";
  }
  const std::size_t start = file.line_starts[place.line - 1];
  std::string_view line = std::string_view(file.text).substr(start);
  line = line.substr(0, line.find('\n'));
  if (line.ends_with('\r')) {
    line.remove_suffix(1);
  }
  std::string shown(line.substr(0, kSourceLineBytesMax));
  for (char& c : shown) {  // byte for byte, so that columns stay what they are
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') {
      c = ' ';
    }
  }
  return shown;
}

}  // namespace rampart::config
