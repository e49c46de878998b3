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

std::size_t utf8_bytes(unsigned char lead) {
  return lead < 0xC0 ? 1 : (lead < 0xE0 ? 2 : (lead < 0xF0 ? 3 : 4));
}

// Letters whose lower case fold_case knows, and scripts without case.
bool folds(std::string_view character) {
  const auto lead = static_cast<unsigned char>(character.front());
  return lead == 0xC3 || lead == 0xD0 || lead == 0xD1 || (lead >= 0xE3 && lead <= 0xE9);
}

class Parser {
 public:
  explicit Parser(std::string_view pattern) : text_(pattern) {}

  // nullopt: syntax that is not understood here, or not by RE2 either.
  std::optional<Need> parse() {
    Need need = alternatives(0);
    return failed_ || at_ != text_.size() ? std::nullopt : std::optional<Need>(std::move(need));
  }

 private:
  [[nodiscard]] bool more() const { return at_ < text_.size(); }
  [[nodiscard]] bool next_is(char c) const { return more() && text_[at_] == c; }
  [[nodiscard]] bool next_is(std::string_view s) const { return text_.substr(at_).starts_with(s); }

  Need fail() {
    failed_ = true;
    at_ = text_.size();
    return anything();
  }

  Need alternatives(std::size_t depth) {
    std::vector<Need> all;
    all.push_back(sequence(depth));
    while (next_is('|')) {
      ++at_;
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
      } else if (next_is('{') && at_ + 1 < text_.size() && base::is_digit(text_[at_ + 1])) {
        const std::size_t end = text_.find('}', at_);
        if (end == std::string_view::npos) {
          return fail();
        }
        const bool none = text_[at_ + 1] == '0';
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
    const std::size_t bytes = utf8_bytes(static_cast<unsigned char>(text_[at_]));
    const std::string_view character = text_.substr(at_, bytes);
    at_ += character.size();
    if (character.size() > 1 && !folds(character)) {
      return anything();
    }
    std::string folded(character);
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
    if (!next_is(')')) {
      return fail();
    }
    ++at_;
    return inside;
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

  Need character_class() {
    ++at_;
    bool known = !next_is('^');
    Factor characters;
    const std::size_t begin = at_;
    while (more() && (!next_is(']') || at_ == begin)) {
      char c = text_[at_];
      if (c == '\\') {
        ++at_;
        if (!more()) {
          return fail();
        }
        c = text_[at_];
        known = known && !base::is_alnum(c);
      } else if (c == '[' && next_is("[:")) {
        return fail();
      }
      known = known && static_cast<unsigned char>(c) < 0x80;
      const bool range = at_ + 2 < text_.size() && text_[at_ + 1] == '-' && text_[at_ + 2] != ']';
      const char last = range ? text_[at_ + 2] : c;
      if (range && last == '\\') {
        return fail();
      }
      known = known && last >= c && last - c <= static_cast<int>(kClassMax);
      for (int i = c; known && i <= last; ++i) {
        characters.emplace_back(1, base::to_lower(static_cast<char>(i)));
      }
      at_ += range ? 3 : 1;
    }
    if (!more()) {
      return fail();
    }
    ++at_;
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

// Cuts at the "|" outside all groups and classes.
std::vector<std::string_view> split(std::string_view pattern) {
  std::vector<std::string_view> parts;
  std::size_t depth = 0;
  std::size_t begin = 0;
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    const char c = pattern[at];
    if (c == '\\') {
      ++at;
    } else if (c == '[') {
      at += at + 1 < pattern.size() && pattern[at + 1] == '^' ? 2U : 1U;
      for (++at; at < pattern.size() && pattern[at] != ']'; ++at) {
        at += pattern[at] == '\\' ? 1U : 0U;
      }
    } else if (c == '(') {
      ++depth;
    } else if (c == ')') {
      depth -= depth > 0 ? 1 : 0;
    } else if (c == '|' && depth == 0) {
      parts.push_back(pattern.substr(begin, at - begin));
      begin = at + 1;
    }
  }
  parts.push_back(pattern.substr(begin));
  return parts;
}

}  // namespace

std::vector<Branch> branches_of(std::string_view pattern) {
  std::vector<Branch> branches;
  for (const std::string_view part : split(pattern)) {
    Branch branch{std::string(part), {}, false};
    auto need = Parser(part).parse();
    if (!need) {  // the parts may be wrong as well: flags, for one, reach beyond them
      return {Branch{std::string(pattern), {}, false}};
    }
    if (need->exact) {
      const bool complete =
          std::all_of(need->texts.begin(), need->texts.end(), [](const std::string& text) {
            return text.size() >= kFactorBytesMin && text.size() <= 6 * kFactorBytesMax;
          });
      branch.literal = complete && !need->asserts;
      if (branch.literal) {
        simplify(need->texts);
        branch.factors.push_back(std::move(need->texts));
      } else {
        add_factor(branch.factors, std::move(need->texts));
      }
    } else {
      branch.factors = std::move(need->factors);
    }
    branches.push_back(std::move(branch));
  }
  return branches;
}

void fold_case(std::string& text) noexcept {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x80) {
      text[i] = base::to_lower(text[i]);
      continue;
    }
    if (i + 1 == text.size()) {
      return;
    }
    const auto tail = static_cast<unsigned char>(text[i + 1]);
    if (byte == 0xC3 && tail >= 0x80 && tail <= 0x9E && tail != 0x97) {
      text[i + 1] = static_cast<char>(tail + 0x20);
    } else if (byte == 0xD0 && tail >= 0x90 && tail <= 0x9F) {
      text[i + 1] = static_cast<char>(tail + 0x20);
    } else if (byte == 0xD0 && tail >= 0x80 && tail <= 0x8F) {
      text[i] = static_cast<char>(0xD1);
      text[i + 1] = static_cast<char>(tail + 0x10);
    } else if (byte == 0xD0 && tail >= 0xA0 && tail <= 0xAF) {
      text[i] = static_cast<char>(0xD1);
      text[i + 1] = static_cast<char>(tail - 0x20);
    }
    i += utf8_bytes(byte) - 1;
  }
}

}  // namespace rampart::reply
