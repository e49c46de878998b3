#include "marks.h"

#include "rampart/base/text.h"
#include "rampart/mail/hold_mark.h"

namespace rampart::release {
namespace {

void take_mark(std::string_view line, std::vector<std::string>& marks) {
  const std::string_view name = line.substr(0, line.find(':'));
  if (name.size() < line.size() && base::equal_ignoring_case(name, mail::kHoldMarkHeader)) {
    marks.emplace_back(base::trim(line.substr(name.size() + 1)));
  }
}

}  // namespace

std::vector<std::string> find_marks(std::string_view header) {
  std::vector<std::string> marks;
  for (const std::string_view line : base::split(header, '\n')) {
    take_mark(line, marks);
  }
  return marks;
}

std::vector<std::string> find_marks_in_queue_file(std::string_view file) {
  std::vector<std::string> marks;
  for (std::string_view line : base::split(file, '\n')) {
    if (line == ".") {
      break;
    }
    if (!line.starts_with("H?")) {
      continue;
    }
    const std::size_t end = line.find('?', 2);
    if (end != std::string_view::npos) {
      take_mark(line.substr(end + 1), marks);
    }
  }
  return marks;
}

}  // namespace rampart::release
