#include "literals.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <utility>

#include "rampart/base/text.h"

namespace rampart::reply {
namespace {

constexpr std::size_t kCrossMax = 64;       // texts that a sequence may stand for
constexpr std::size_t kUnionMax = 400;      // texts of one factor
constexpr std::size_t kClassMax = 10;       // characters of a class that are spelled out
constexpr std::size_t kSimplifyMax = 40;    // the effort is quadratic
constexpr std::size_t kDepthMax = 40;       // nested groups
constexpr std::size_t kFactorBytesMin = 2;  // shorter texts are everywhere
constexpr std::size_t kFactorBytesMax = 8;
constexpr std::size_t kFactorsMax = 16;  // of one branch; the rest would filter little

// What a part of a pattern needs.
struct Need {
  bool exact = true;               // it matches `texts` and nothing else, apart from assertions
  bool asserts = false;            // \b, ^ and the like
  std::vector<std::string> texts;  // if exact
  std::vector<Factor> factors;     // if not
};

Need exactly(std::string text) {
  Need need;
  need.texts.push_back(std::move(text));
  return need;
}

Need anything() {
  Need need;
  need.exact = false;
  return need;
}

std::size_t shortest(const Factor& factor) {
  std::size_t bytes = factor.empty() ? 0 : factor.front().size();
  for (const std::string& text : factor) {
    bytes = std::min(bytes, text.size());
  }
  return bytes;
}

// Sorted, without texts that contain another of them.
void simplify(Factor& factor) {
  std::sort(factor.begin(), factor.end(), [](const std::string& a, const std::string& b) {
    return a.size() != b.size() ? a.size() < b.size() : a < b;
  });
  factor.erase(std::unique(factor.begin(), factor.end()), factor.end());
  if (factor.size() > kSimplifyMax) {
    return;
  }
  Factor kept;
  for (std::string& text : factor) {
    const bool covered = std::any_of(kept.begin(), kept.end(), [&text](const std::string& shorter) {
      return text.find(shorter) != std::string::npos;
    });
    if (!covered) {
      kept.push_back(std::move(text));
    }
  }
  factor = std::move(kept);
}

void add_factor(std::vector<Factor>& factors, Factor texts) {
  if (texts.empty() || texts.size() > kUnionMax || shortest(texts) < kFactorBytesMin) {
    return;
  }
  for (std::string& text : texts) {
    text.resize(std::min(text.size(), kFactorBytesMax));  // the front is needed as well
  }
  simplify(texts);
  factors.push_back(std::move(texts));
}

// The factor that filters best, or none.
Factor best_of(const Need& need) {
  if (need.exact) {
    return need.texts;
  }
  const auto better = [](const Factor& a, const Factor& b) {
    return shortest(a) != shortest(b) ? shortest(a) < shortest(b) : a.size() > b.size();
  };
  const auto at = std::max_element(need.factors.begin(), need.factors.end(), better);
  return at == need.factors.end() ? Factor{} : *at;
}

struct Character {
  char32_t code = 0;
  std::size_t bytes = 1;
};

// Bytes that are no UTF-8 stand for themselves.
Character character_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) {
    return static_cast<unsigned char>(text[at + i]);
  };
  const unsigned lead = byte(0);
  const std::size_t bytes = lead < 0xC0 ? 1 : (lead < 0xE0 ? 2 : (lead < 0xF0 ? 3 : 4));
  if (bytes == 1 || text.size() - at < bytes) {
    return {lead, 1};
  }
  char32_t code = lead & (0x7FU >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xC0U) != 0x80) {
      return {lead, 1};
    }
    code = code << 6U | (byte(i) & 0x3FU);
  }
  return {code, bytes};
}

// What RE2 takes for the same letter as one that literals may contain, however far away Unicode
// keeps it: the signs for kelvin and angstrom, the long s, the capitals of sharp s and y with
// diaeresis, and the Cyrillic letters of old books.
constexpr std::pair<char32_t, char32_t> kFarCases[] = {
    {0x017F, U's'},    {0x212A, U'k'},    {0x212B, 0x00E5U}, {0x1E9E, 0x00DFU},
    {0x0178, 0x00FFU}, {0x1C80, 0x0432U}, {0x1C81, 0x0434U}, {0x1C82, 0x043EU},
    {0x1C83, 0x0441U}, {0x1C84, 0x0442U}, {0x1C85, 0x0442U}, {0x1C86, 0x044AU}};

char32_t fold(char32_t code) {
  if (code >= 0xC0 && code <= 0xDE && code != 0xD7) {
    return code + 0x20;
  }
  if (code >= 0x400 && code <= 0x42F) {
    return code + (code < 0x410 ? 0x50 : 0x20);
  }
  for (const auto& [far, near] : kFarCases) {
    if (code == far) {
      return near;
    }
  }
  return code;
}

// Letters whose lower case fold() knows, and scripts without case.
bool folds(char32_t code) {
  return code < 0x80 || (code >= 0xC0 && code <= 0xFF) || (code >= 0x400 && code <= 0x45F) ||
         (code >= 0x3000 && code <= 0x9FFF);
}

class Parser {
 public:
  explicit Parser(std::string_view pattern) : text_(pattern) {}

  // One of the alternatives outside of all groups.
  struct Part {
    std::string_view pattern;
    Need need;
  };

  // nullopt: syntax that is not understood here, or not by RE2 either.
  std::optional<std::vector<Part>> parse() {
    std::vector<Part> parts;
    std::size_t begin = 0;
    do {
      Need need = sequence(0);
      parts.push_back({text_.substr(begin, at_ - begin), std::move(need)});
      begin = at_ + 1;
    } while (consume('|'));
    return failed_ || more() ? std::nullopt : std::optional(std::move(parts));
  }

 private:
  [[nodiscard]] bool more() const { return at_ < text_.size(); }
  [[nodiscard]] bool next_is(char c) const { return more() && text_[at_] == c; }
  [[nodiscard]] bool next_is(std::string_view s) const { return text_.substr(at_).starts_with(s); }

  bool consume(char c) {
    const bool is_next = next_is(c);
    at_ += is_next ? 1 : 0;
    return is_next;
  }

  Need fail() {
    failed_ = true;
    at_ = text_.size();
    return anything();
  }

  Need alternatives(std::size_t depth) {
    std::vector<Need> all;
    all.push_back(sequence(depth));
    while (consume('|')) {
      all.push_back(sequence(depth));
    }
    if (all.size() == 1) {
      return std::move(all.front());
    }
    Need result;
    Factor texts;
    bool useful = true;
    for (const Need& need : all) {
      result.exact = result.exact && need.exact;
      result.asserts = result.asserts || need.asserts;
      const Factor best = best_of(need);
      useful = useful && !best.empty();
      texts.insert(texts.end(), best.begin(), best.end());
    }
    result.exact = result.exact && texts.size() <= kUnionMax;
    if (result.exact) {
      result.texts = std::move(texts);
    } else if (useful) {
      add_factor(result.factors, std::move(texts));
    }
    return result;
  }

  Need sequence(std::size_t depth) {
    Need result = exactly("");
    Factor run{""};
    while (more() && !next_is('|') && !next_is(')')) {
      Need part = repeated(depth);
      result.asserts = result.asserts || part.asserts;
      if (!part.exact) {
        result.exact = false;
        add_factor(result.factors, std::exchange(run, {""}));
        std::move(part.factors.begin(), part.factors.end(), std::back_inserter(result.factors));
      } else if (run.size() * part.texts.size() > kCrossMax) {
        result.exact = false;
        add_factor(result.factors, std::exchange(run, std::move(part.texts)));
      } else {
        Factor longer;
        for (const std::string& front : run) {
          for (const std::string& back : part.texts) {
            longer.push_back(front + back);
          }
        }
        run = std::move(longer);
      }
    }
    if (result.exact) {
      result.texts = std::move(run);
    } else {
      result.texts.clear();
      add_factor(result.factors, std::move(run));
    }
    return result;
  }

  // One part with its * + ? or {m,n}.
  Need repeated(std::size_t depth) {
    Need part = single(depth);
    while (more() && !failed_) {
      if (next_is('*')) {
        part = optional(std::move(part), false);
      } else if (next_is('?')) {
        part = optional(std::move(part), true);
      } else if (next_is('+')) {
        part = at_least_once(std::move(part));
      } else if (next_is('{')) {
        const std::size_t end = text_.find('}', at_);
        if (end == std::string_view::npos ||
            text_.substr(at_ + 1, end - at_ - 1).find_first_not_of("0123456789,") !=
                std::string_view::npos) {
          return fail();  // RE2 takes it for the characters themselves
        }
        const bool none = !base::is_digit(text_[at_ + 1]) || text_[at_ + 1] == '0';
        part = none ? optional(std::move(part), false) : at_least_once(std::move(part));
        at_ = end;
      } else {
        break;
      }
      ++at_;
    }
    return part;
  }

  static Need optional(Need part, bool once) {
    if (once && part.exact && part.texts.size() < kCrossMax) {
      part.texts.insert(part.texts.begin(), "");
      return part;
    }
    return anything();
  }

  static Need at_least_once(Need part) {
    if (part.exact) {
      part.exact = false;
      add_factor(part.factors, std::move(part.texts));
    }
    return part;
  }

  Need single(std::size_t depth) {
    const char c = text_[at_];
    switch (c) {
      case '(':
        return group(depth);
      case '[':
        return character_class();
      case '\\':
        return escape();
      case '^':
      case '$': {
        ++at_;
        Need need = exactly("");
        need.asserts = true;
        return need;
      }
      case '.':
        ++at_;
        return anything();
      case '*':
      case '+':
      case '?':
        return fail();
      default:
        return literal();
    }
  }

  Need literal() {
    const Character character = character_at(text_, at_);
    std::string folded(text_.substr(at_, character.bytes));
    at_ += character.bytes;
    if (!folds(character.code)) {
      return anything();
    }
    fold_case(folded);
    return exactly(std::move(folded));
  }

  Need group(std::size_t depth) {
    if (depth > kDepthMax) {
      return fail();
    }
    if (next_is("(?:")) {
      at_ += 3;
    } else if (next_is("(?")) {
      return fail();  // names and flags
    } else {
      ++at_;
    }
    Need inside = alternatives(depth + 1);
    return consume(')') ? std::move(inside) : fail();
  }

  Need escape() {
    if (at_ + 1 >= text_.size()) {
      return fail();
    }
    const char c = text_[at_ + 1];
    at_ += 2;
    if (!base::is_alnum(c)) {
      return static_cast<unsigned char>(c) < 0x80 ? exactly(std::string(1, c)) : fail();
    }
    if (std::string_view("bBAz").find(c) != std::string_view::npos) {
      Need need = exactly("");
      need.asserts = true;
      return need;
    }
    return std::string_view("dDsSwW").find(c) != std::string_view::npos ? anything() : fail();
  }

  // A "]" that comes first is one of the characters, also after "^".
  Need character_class() {
    ++at_;
    bool known = !consume('^');
    Factor characters;
    for (const std::size_t begin = at_; more() && (at_ == begin || !next_is(']'));) {
      if (next_is("[:")) {
        return fail();
      }
      if (consume('\\')) {
        if (!more()) {
          return fail();
        }
        known = known && !base::is_alnum(text_[at_]);
      }
      const char first = text_[at_];
      const bool range = at_ + 2 < text_.size() && text_[at_ + 1] == '-' && text_[at_ + 2] != ']';
      const char last = range ? text_[at_ + 2] : first;
      if (range && last == '\\') {
        return fail();
      }
      known = known && static_cast<unsigned char>(first) < 0x80 && last >= first &&
              last - first <= static_cast<int>(kClassMax);
      for (int i = first; known && i <= last; ++i) {
        characters.emplace_back(1, base::to_lower(static_cast<char>(i)));
      }
      at_ += range ? 3 : 1;
    }
    if (!consume(']')) {
      return fail();
    }
    if (!known || characters.size() > kClassMax) {
      return anything();
    }
    Need need;
    need.texts = std::move(characters);
    return need;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool failed_ = false;
};

Branch branch_of(std::string_view pattern, Need need) {
  Branch branch{std::string(pattern), {}, false};
  if (!need.exact) {
    branch.factors = std::move(need.factors);
    branch.factors.resize(std::min(branch.factors.size(), kFactorsMax));
    return branch;
  }
  branch.literal = !need.asserts &&
                   std::all_of(need.texts.begin(), need.texts.end(), [](const std::string& text) {
                     return text.size() >= kFactorBytesMin && text.size() <= 6 * kFactorBytesMax;
                   });
  if (branch.literal) {
    simplify(need.texts);
    branch.factors.push_back(std::move(need.texts));
  } else {
    add_factor(branch.factors, std::move(need.texts));
  }
  return branch;
}

}  // namespace

std::vector<Branch> branches_of(std::string_view pattern) {
  auto parts = Parser(pattern).parse();
  if (!parts) {
    return {Branch{std::string(pattern), {}, false}};
  }
  std::vector<Branch> branches;
  for (Parser::Part& part : *parts) {
    branches.push_back(branch_of(part.pattern, std::move(part.need)));
  }
  return branches;
}

void fold_case(std::string& text) noexcept {
  std::size_t end = 0;
  for (std::size_t at = 0; at < text.size();) {
    if (static_cast<unsigned char>(text[at]) < 0x80) {
      text[end++] = base::to_lower(text[at++]);
      continue;
    }
    const Character character = character_at(text, at);
    const char32_t folded = character.bytes == 1 ? character.code : fold(character.code);
    if (folded == character.code) {
      std::copy_n(text.begin() + static_cast<std::ptrdiff_t>(at), character.bytes,
                  text.begin() + static_cast<std::ptrdiff_t>(end));
      end += character.bytes;
    } else if (folded < 0x80) {
      text[end++] = static_cast<char>(folded);
    } else {  // two bytes, of which no character that is folded has fewer
      text[end++] = static_cast<char>(0xC0U | folded >> 6U);
      text[end++] = static_cast<char>(0x80U | (folded & 0x3FU));
    }
    at += character.bytes;
  }
  text.resize(end);
}

}  // namespace rampart::reply
