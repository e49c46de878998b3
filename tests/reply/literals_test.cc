// What the filter of patterns leaves out, RE2 would not have matched: over the shipped patterns,
// and over random ones with everything that RE2's syntax has.

#include "reply/literals.h"

#include <algorithm>
#include <array>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "rampart/reply/words.h"
#include "support/catch.h"

#include "reply/golden_replies.h"
#include "reply/matcher.h"
#include "reply/prefilter.h"
#include "reply/rules_file.h"

namespace rampart::reply {
namespace {

std::string in_words(const std::vector<Branch>& branches) {
  std::string out;
  for (const Branch& branch : branches) {
    out += out.empty() ? "" : " || ";
    std::string all;
    for (const Factor& factor : branch.factors) {
      all += all.empty() ? "" : " & ";
      std::string any;
      for (const std::string& text : factor) {
        any += (any.empty() ? "" : ",") + text;
      }
      all += any;
    }
    out += (branch.literal ? "=" : "") + all;
  }
  return out;
}

TEST_CASE("what a pattern needs at least", "[reply][unit]") {
  struct Case {
    std::string_view pattern;
    std::string_view needs;
  };
  static const Case kCases[] = {
      {"user unknown", "=user unknown"},
      {"User Unknown", "=user unknown"},
      {"full|quota", "=full || =quota"},
      {"(user|account) .*unknown", "user ,account  & unknown"},
      {"gr[ae]y", "=gray,grey"},
      {"too (many )?mails", "=too mails,too many mails"},
      {"\\bspam\\b", "spam"},
      {"a+bcd", "bcd"},
      {"(abc)*def", "def"},
      {"(abc)+", "abc"},
      {"x{2,3}full", "full"},
      {"x{0,3}full", "full"},
      {"[0-9]+ messages", " message"},
      {"[^a]full", "full"},
      {"(full|.)", ""},
      {".", ""},
      {"(full|ok.*)", "ok,full"},
      {"(?i)full", ""},
      {"(?P<name>full)", ""},
      {"\\pL full", ""},
      {"full\\.", "=full."},
      {"abc|", "=abc || "},
      {"größe", "=größe"},
      {"GRÖSSE", "=grösse"},
      {"не найден", "=не найден"},
      {"(a|b)(c|d)", "=ac,ad,bc,bd"},
      {"[]]full", "=]full"},
      {"[^]]full", "full"},
      {"id [^], ]+ refused", "id  &  refused"},
      {"[\\]|]a|full", "=]a,|a || =full"},
      {"ab{2,x}full", ""},
      {"ab{,2}full", "full"},
      {"user|user unknown", "=user || =user unknown"},
  };
  for (const Case& c : kCases) {
    INFO(c.pattern);
    CHECK(in_words(branches_of(c.pattern)).substr(0, c.needs.size() + 40) == c.needs);
  }
}

TEST_CASE("the prefilter finds the branches whose literals all occur", "[reply][unit]") {
  Prefilter filter;
  const std::vector<std::string_view> patterns{"user.*unknown", "full", "quota|storage .*limit",
                                               "he.*she.*hers", ".",    "unknown user"};
  for (const std::string_view pattern : patterns) {
    for (const Branch& branch : branches_of(pattern)) {
      filter.add(branch);
    }
  }
  filter.build();
  using Numbers = std::vector<std::uint32_t>;
  CHECK(filter.candidates("") == Numbers{5});
  CHECK(filter.candidates("user is unknown") == Numbers{0, 5});
  CHECK(filter.candidates("unknown user") == Numbers{0, 5, 6});  // the order is RE2's to judge
  CHECK(filter.candidates("userunknow") == Numbers{5});
  CHECK(filter.candidates("fullquota") == Numbers{1, 2, 5});
  CHECK(filter.candidates("storage is over its limit") == Numbers{3, 5});
  CHECK(filter.candidates("ushers he") == Numbers{4, 5});
}

TEST_CASE("cases are folded where literals may have them", "[reply][unit]") {
  std::string text = "ÀÉß×Ñ НЕ Ё Ўя 邮 AbC";
  fold_case(text);
  CHECK(text == "àéß×ñ не ё ўя 邮 abc");
  text = "\xE2\x84\xAA\xC5\xBF \xC3\xC5 \xE2\x84";  // kelvin and long s; characters cut short
  fold_case(text);
  CHECK(text == "ks \xC3\xC5 \xE2\x84");
}

std::string utf8(char32_t code) {
  std::string out;
  const auto add = [&out](char32_t byte) {
    out += static_cast<char>(byte);
  };
  if (code < 0x80) {
    add(code);
  } else if (code < 0x800) {
    add(0xC0U | code >> 6U);
    add(0x80U | (code & 0x3FU));
  } else if (code < 0x10000) {
    add(0xE0U | code >> 12U);
    add(0x80U | (code >> 6U & 0x3FU));
    add(0x80U | (code & 0x3FU));
  } else {
    add(0xF0U | code >> 18U);
    add(0x80U | (code >> 12U & 0x3FU));
    add(0x80U | (code >> 6U & 0x3FU));
    add(0x80U | (code & 0x3FU));
  }
  return out;
}

// Over all planes of Unicode that have letters with case: what RE2 takes for a letter of a literal
// must fold to it, or the filter is not sound; nothing else may, or a literal alone is no match.
TEST_CASE("a character folds to a letter exactly where RE2 takes it for it",
          "[reply][exhaustive]") {
  std::vector<std::string> letters;
  std::string any;
  for (char32_t code = 'a'; code <= 0x45F; ++code) {
    std::string letter = utf8(code);
    fold_case(letter);
    const bool literal = branches_of(utf8(code) + "x").front().literal;
    if (literal && letter == utf8(code) && (code <= 'z' || code >= 0x80)) {
      letters.push_back(letter);
      any += letter;
    }
  }
  CHECK(letters.size() == 26 + 34 + 48);  // of ASCII, Latin-1 with its two signs, Cyrillic
  const Pattern one_of("^[" + any + "]$");
  std::size_t others = 0;
  for (char32_t code = 1; code <= 0x1FFFF; ++code) {
    if (code >= 0xD800 && code <= 0xDFFF) {
      continue;
    }
    const std::string text = utf8(code);
    std::string folded = text;
    fold_case(folded);
    const bool is_letter = std::find(letters.begin(), letters.end(), folded) != letters.end();
    if (one_of.is_found_in(text) != is_letter) {
      FAIL("U+" << std::hex << static_cast<std::uint32_t>(code));
    }
    if (is_letter && folded != text) {
      CHECK(Pattern("^" + folded + "$").is_found_in(text));
      ++others;
    }
  }
  CHECK(others > 26 + 30 + 48);
}

// A matcher of these patterns, each a rule of its own, and the patterns as RE2 alone sees them.
class Both {
 public:
  explicit Both(const std::vector<Patterns>& rules) {
    for (const Patterns& patterns : rules) {
      Rule rule;
      rule.match = patterns;
      REQUIRE(matcher_.add(rule, false).empty());
      auto& alone = alone_.emplace_back();
      for (const std::string& pattern : patterns.any) {
        alone.push_back(std::make_unique<Pattern>(*expand_words(pattern)));
      }
    }
    matcher_.build();
  }

  // The number of each rule that matches: the filtered answer with every rule as the first one.
  void compare(const std::string& text) {
    Normalised reply;
    reply.text = text;
    std::uint32_t first = Matcher::kNone;
    for (auto rule = static_cast<std::uint32_t>(alone_.size()); rule-- > 0;) {
      const bool found =
          std::any_of(alone_[rule].begin(), alone_[rule].end(),
                      [&](const auto& pattern) { return pattern->is_found_in(text); });
      first = found ? rule : first;
      matches += found ? 1U : 0U;
      if (matcher_.find(reply, "", rule) != first) {
        CAPTURE(rule, first, text);
        CHECK(matcher_.find(reply, "", rule) == first);
      }
    }
  }

  std::size_t matches = 0;

 private:
  Matcher matcher_;
  std::vector<std::vector<std::unique_ptr<Pattern>>> alone_;
};

TEST_CASE("the filter leaves out nothing that a shipped pattern matches", "[reply][property]") {
  std::vector<Patterns> patterns;
  std::vector<std::string> texts;
  for (const Rule& rule : test::read_rules(RAMPART_SOURCE_DIR "/conf/replies.toml")) {
    if (!rule.match.empty()) {
      patterns.push_back(rule.match);
    }
    for (const Sample& sample : rule.samples) {
      texts.push_back(normalise(sample.reply, sample.stage).text);
    }
  }
  for (const test::GoldenReply& c : test::golden_replies("catalogue")) {
    texts.push_back(normalise(c.reply, c.stage).text);
  }
  for (const test::GoldenReply& c : test::golden_replies("general")) {
    texts.push_back(normalise(c.reply, c.stage).text);
  }
  std::sort(texts.begin(), texts.end());
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
  Both both(patterns);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (i % 3 == 0) {  // a third of them: each asks every rule
      both.compare(texts[i]);
    }
  }
  CHECK(both.matches > texts.size() / 3);
}

// Writes a pattern, and beside it a text that it is likely to match.
class Writer {
  std::mt19937 random_;

  std::size_t below(std::size_t n) { return random_() % n; }
  bool one_in(std::size_t n) { return below(n) == 0; }
  template <class List>
  auto any_of(const List& list) {
    return list[below(list.size())];
  }

 public:
  explicit Writer(std::uint32_t seed) : random_(seed) {}

  struct Written {
    std::string pattern;
    std::string text;
  };

  Written pattern() {
    Written out = alternatives(0);
    if (one_in(20)) {
      out.pattern.insert(0, one_in(2) ? "(?i)" : "(?-i)");
    }
    return out;
  }

  std::string noise() {
    std::string text;
    for (std::size_t n = below(6); n > 0; --n) {
      text += any_of(kCharacters);
    }
    return text;
  }

 private:
  static constexpr std::array<const char*, 30> kCharacters{"a",
                                                           "b",
                                                           "k",
                                                           "s",
                                                           "A",
                                                           "K",
                                                           "S",
                                                           " ",
                                                           "1",
                                                           ".",
                                                           ",",
                                                           "]",
                                                           "-",
                                                           "^",
                                                           "[",
                                                           "{",
                                                           "|",
                                                           "}",
                                                           "\xE2\x84\xAA",
                                                           "\xC5\xBF",
                                                           "\xC3\x9F",
                                                           "\xE1\xBA\x9E",
                                                           "\xC3\xA4",
                                                           "\xC3\x84",
                                                           "\xD0\xB2",
                                                           "\xD0\x92",
                                                           "\xE1\xB2\x80",
                                                           "\xC5\xBC",
                                                           "\xED\x95\x9C",
                                                           "\xE9\x82\xAE"};
  // Classes with a character of each.
  static constexpr std::array<std::array<const char*, 2>, 22> kClasses{
      {{"[]]", "]"},           {"[^]]", "a"},   {"[]a]", "a"},   {"[^], ]", "b"},
       {"[\\]|k]", "|"},       {"[ab]", "a"},   {"[a-c]", "b"},  {"[a-z]", "k"},
       {"[ks-]", "-"},         {"[-k]", "k"},   {"[^a-b]", "k"}, {"[[:alpha:]]", "s"},
       {"[^[:space:]1]", "b"}, {"[\\d]", "1"},  {"[\\w-]", "-"}, {"[\\^\\-\\]]", "^"},
       {"[\xC3\xA4k]", "k"},   {"[[a]", "["},   {"\\d", "1"},    {"\\W", " "},
       {"\\pL", "s"},          {"\\x{6B}", "k"}}};
  static constexpr std::array<const char*, 8> kAnchors{"^",   "$",   "\\b", "\\B",
                                                       "\\A", "\\z", "()",  "(?:)"};

  static std::string escaped(const std::string& character) {
    const bool special =
        std::string_view(".[]{}()*+?^$|\\").find(character) != std::string_view::npos;
    return special ? '\\' + character : character;
  }

  Written alternatives(std::size_t depth) {
    Written out = sequence(depth);
    while (one_in(3)) {
      const Written other = one_in(6) ? Written{} : sequence(depth);
      out.pattern += '|' + other.pattern;
      out.text = one_in(2) ? other.text : out.text;
    }
    return out;
  }

  Written sequence(std::size_t depth) {
    Written out;
    for (std::size_t n = 1 + below(5); n > 0; --n) {
      const Written part = repeated(depth);
      out.pattern += part.pattern;
      out.text += part.text;
    }
    return out;
  }

  Written repeated(std::size_t depth) {
    Written one = single(depth);
    struct Repeat {
      const char* pattern;
      std::size_t least;
    };
    static constexpr std::array<Repeat, 14> kRepeats{{{"*", 0},
                                                      {"+", 1},
                                                      {"?", 0},
                                                      {"*?", 0},
                                                      {"+?", 1},
                                                      {"??", 0},
                                                      {"{2}", 2},
                                                      {"{0}", 0},
                                                      {"{0,2}", 0},
                                                      {"{1,}", 1},
                                                      {"{2,3}", 2},
                                                      {"{2,3}?", 2},
                                                      {"{,2}", 1},
                                                      {"{2,", 1}}};
    if (!one_in(3)) {
      return one;
    }
    const Repeat repeat = any_of(kRepeats);
    Written out{one.pattern + repeat.pattern, {}};
    for (std::size_t n = repeat.least + (one_in(2) ? 1 : 0); n > 0; --n) {
      out.text += one.text;
    }
    return out;
  }

  Written single(std::size_t depth) {
    switch (depth < 3 ? below(10) : 4 + below(6)) {
      case 0:
      case 1: {
        Written inside = alternatives(depth + 1);
        static constexpr std::array<const char*, 6> kGroups{
            "(", "(?:", "(?:", "(?i:", "(?-i:", "(?P<n>"};
        inside.pattern = any_of(kGroups) + inside.pattern + ')';
        return inside;
      }
      case 2: {
        const std::string text = noise();
        return {"\\Q" + text + "\\E", text};
      }
      case 3:
        return {any_of(kAnchors), ""};
      case 4:
      case 5: {
        const auto one = any_of(kClasses);
        return {one[0], one[1]};
      }
      case 6:
        return {".", any_of(kCharacters)};
      default: {
        Written out;
        for (std::size_t n = 1 + below(3); n > 0; --n) {
          out.pattern += escaped(any_of(kCharacters));
          out.text += any_case(out.pattern);
        }
        return out;
      }
    }
  }

  // The last character written, perhaps in another case.
  std::string any_case(const std::string& pattern) {
    for (const char* character : kCharacters) {
      if (pattern.ends_with(character)) {
        const std::string text(character);
        const auto other = [&](const char* a, const char* b) {
          return text == a && one_in(3) ? b : nullptr;
        };
        for (const char* found :
             {other("k", "\xE2\x84\xAA"), other("s", "\xC5\xBF"), other("a", "A"),
              other("\xC3\x9F", "\xE1\xBA\x9E"), other("\xC3\xA4", "\xC3\x84"),
              other("\xD0\xB2", "\xE1\xB2\x80")}) {
          if (found != nullptr) {
            return found;
          }
        }
        return text;
      }
    }
    return "";
  }
};

TEST_CASE("the filter leaves out nothing that a random pattern matches", "[reply][property]") {
  std::size_t matches = 0;
  for (std::uint32_t seed = 1; seed <= 300; ++seed) {
    Writer writer(seed);
    std::vector<Patterns> patterns;
    std::vector<std::string> texts;
    while (patterns.size() < 4) {
      const Writer::Written written = writer.pattern();
      if (!expand_words(written.pattern) || !Pattern(written.pattern).error().empty()) {
        continue;
      }
      patterns.emplace_back(written.pattern);
      texts.push_back(writer.noise() + written.text + writer.noise());
      texts.push_back(written.text);
      texts.push_back(writer.noise());
    }
    INFO("seed " << seed << ": " << patterns[0].any[0] << "  " << patterns[1].any[0] << "  "
                 << patterns[2].any[0] << "  " << patterns[3].any[0]);
    Both both(patterns);
    for (const std::string& text : texts) {
      both.compare(text);
    }
    matches += both.matches;
  }
  CHECK(matches > 2'000);
}

TEST_CASE("a pattern that needs hundreds of texts is filtered by some of them", "[reply][unit]") {
  std::string pattern = "zz";
  std::string text = "zz";
  for (int i = 0; i < 300; ++i) {
    pattern += ".?" + std::to_string(100 + i);
    text += std::to_string(100 + i);
  }
  Both both({Patterns(pattern)});
  both.compare(text);
  both.compare("zz");
  CHECK(both.matches == 1);
}

}  // namespace
}  // namespace rampart::reply
