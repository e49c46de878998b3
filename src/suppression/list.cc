#include "rampart/suppression/list.h"

#include <functional>
#include <unordered_set>
#include <utility>

#include "rampart/base/text.h"

#include "key.h"

namespace rampart::suppression {
namespace {

constexpr std::size_t kLineBytesMax = 4096;
constexpr std::string_view kListMark = "\xEF\xBB\xBF";

// The bytes of one well-formed UTF-8 character at the start of `text`; 0 if it is not one
// (RFC 3629 section 4).
std::size_t utf8_size(std::string_view text) noexcept {
  const auto byte = [text](std::size_t i) {
    return static_cast<unsigned char>(text[i]);
  };
  const unsigned char first = byte(0);
  if (first < 0x80) {
    return 1;
  }
  const std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < size) {
    return 0;
  }
  const unsigned char low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  const unsigned char high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  if (byte(1) < low || byte(1) > high) {
    return 0;
  }
  for (std::size_t i = 2; i < size; ++i) {
    if (byte(i) < 0x80 || byte(i) > 0xbf) {
      return 0;
    }
  }
  return size;
}

std::size_t find_non_utf8(std::string_view text) noexcept {
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t size = utf8_size(text.substr(i));
    if (size == 0) {
      return i;
    }
    i += size;
  }
  return std::string_view::npos;
}

// '#' starts a comment at the start of a line or after a blank; "a#b@example.org" is an address,
// and so is one that has a blank and '#' between quotes.
std::string_view without_comment(std::string_view line) noexcept {
  bool is_quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\\' && is_quoted) {
      ++i;
    } else if (line[i] == '"') {
      is_quoted = !is_quoted;
    } else if (line[i] == '#' && !is_quoted && (i == 0 || base::is_blank(line[i - 1]))) {
      return line.substr(0, i);
    }
  }
  return line;
}

class Reader {
 public:
  explicit Reader(const Options& options) : options_(options) {}

  void read_line(std::string_view line) {
    ++list_.lines;
    if (line.ends_with('\r')) {
      line.remove_suffix(1);
    }
    if (line.size() > kLineBytesMax) {
      complain(kLineBytesMax, "line longer than 4096 bytes");
      return;
    }
    const std::string_view entry = base::trim(without_comment(line));
    if (entry.empty()) {
      return;
    }
    const auto start = static_cast<std::size_t>(entry.data() - line.data());
    if (const std::size_t bad = find_non_utf8(entry); bad != std::string_view::npos) {
      complain(start + bad, "not UTF-8");
      return;
    }
    KeyProblem problem;
    if (auto key = read_key(entry, options_, problem)) {
      add(std::move(*key));
    } else {
      complain(start + problem.at, std::move(problem.text));
    }
  }

  List take() { return std::move(list_); }

 private:
  // Places in list_.keys, compared by what is there: each key is kept once.
  struct HashAt {
    const std::vector<std::string>* keys;
    std::size_t operator()(std::size_t at) const noexcept {
      return std::hash<std::string>{}((*keys)[at]);
    }
  };
  struct EqualAt {
    const std::vector<std::string>* keys;
    bool operator()(std::size_t a, std::size_t b) const noexcept {
      return (*keys)[a] == (*keys)[b];
    }
  };

  void add(std::string key) {
    list_.keys.push_back(std::move(key));
    if (!seen_.insert(list_.keys.size() - 1).second) {
      list_.keys.pop_back();
      ++list_.repeats;
    }
  }

  void complain(std::size_t at, std::string text) {
    ++list_.bad_lines;
    if (list_.errors.size() < kListErrorsMax) {
      list_.errors.push_back({list_.lines, at + 1, std::move(text)});
    }
  }

  const Options& options_;
  List list_;
  std::unordered_set<std::size_t, HashAt, EqualAt> seen_{16, {&list_.keys}, {&list_.keys}};
};

}  // namespace

List parse_list(std::string_view bytes, const Options& options) {
  if (bytes.starts_with(kListMark)) {
    bytes.remove_prefix(kListMark.size());
  }
  Reader reader(options);
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    reader.read_line(bytes.substr(0, end));
    bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
  }
  return reader.take();
}

}  // namespace rampart::suppression
